/**
 * The robot learner: it reads the lessons from the first on and types what they say into an empty folder, and nothing else.
 *
 * It knows the lessons' text, the files that chapters give, and how a block is applied; it knows no pieces and no snapshots. So when its
 * folder is snapshot k, byte for byte, the lessons are complete and in order.
 * Invariant: every mistake is reported with the lesson's line; after one the robot goes on with the snapshot's own file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { applyBlock, type Block } from './blocks.ts';
import type { Chapter, Course, Language } from './catalog.ts';
import type { Snapshot } from './compose.ts';
import { jsPath } from './javascript.ts';
import { parseLesson } from './lesson.ts';
import type { JsStep } from './lesson-javascript.ts';
import { givenPaths } from './steps.ts';
import { lessonPlace } from './weave.ts';

/** The robot's folder. */
export class Robot {
  readonly files = new Map<string, string>();
  readonly problems: string[] = [];

  /** Lay out what a chapter gives. */
  give(chapter: Chapter, snapshot: Snapshot, name: (path: string) => string = path => path): void {
    for (const path of givenPaths(chapter.given)) {
      const text = snapshot.get(name(path));
      if (text !== undefined) this.files.set(name(path), text);
    }
  }

  /** Type one lesson. */
  readLesson(course: Course, chapter: Chapter, language: Language, snapshot: Snapshot): void {
    const place = lessonPlace(course, chapter, language);
    if (!existsSync(chapter.lesson[language])) {
      this.problems.push(`${place}: the lesson is missing`);
      for (const [path, text] of snapshot) this.files.set(path, text);
      return;
    }
    const lesson = parseLesson(readFileSync(chapter.lesson[language], 'utf8'), place, this.problems);
    for (const item of lesson.items) {
      if (item.kind === 'remove') this.files.delete(item.path);
      if (item.kind !== 'code') continue;
      const shown = item.fence.language;
      const block: Block = { language: shown === 'diff' ? 'diff' : 'ts', lines: item.fence.body };
      this.type(`${place}:${item.fence.open + 1}`, item.path, block, snapshot);
    }
    this.compare(place, snapshot);
  }

  /** Type the JavaScript blocks of one lesson. */
  readJavaScript(place: string, steps: readonly JsStep[], snapshot: Snapshot): void {
    for (const { step, path, block, removed } of steps) {
      if (removed) this.files.delete(path);
      else if (block !== undefined) this.type(`${place}:${step.marker.line} (JavaScript)`, path, block, snapshot);
    }
    this.compare(`${place} (JavaScript)`, snapshot);
  }

  type(place: string, path: string, block: Block, snapshot: Snapshot): void {
    try {
      this.files.set(path, applyBlock(this.files.get(path), block));
    } catch (error) {
      this.problems.push(`${place}: the block can't be applied to ${path}: ${(error as Error).message}`);
      const text = snapshot.get(path);
      if (text !== undefined) this.files.set(path, text);
    }
  }

  /** Does the folder hold the snapshot? Where not, it is mended, so that one mistake is one message. */
  compare(place: string, snapshot: Snapshot): void {
    for (const path of new Set([...snapshot.keys(), ...this.files.keys()])) {
      const [typed, wanted] = [this.files.get(path), snapshot.get(path)];
      if (typed === wanted) continue;
      this.problems.push(`${place}: after this lesson ${describe(path, typed, wanted)}`);
      if (wanted === undefined) this.files.delete(path);
      else this.files.set(path, wanted);
    }
  }
}

/** The name of a file in an edition. */
export const editionPath = (js: boolean) => (js ? jsPath : (path: string): string => path);

function describe(path: string, typed: string | undefined, wanted: string | undefined): string {
  if (typed === undefined) return `${path} is missing: no block types it and it is not given`;
  if (wanted === undefined) return `${path} is left over`;
  const [left, right] = [typed.split('\n'), wanted.split('\n')];
  const at = right.findIndex((line, index) => line !== left[index]);
  const line = at < 0 ? right.length : at;
  return `${path}:${line + 1} differs: typed "${left[line] ?? ''}", the code has "${right[line] ?? ''}"`;
}
