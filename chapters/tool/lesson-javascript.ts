/**
 * A lesson in JavaScript: the same prose and markers, with blocks that lead from one JavaScript state to the next.
 *
 * The states are those of the TypeScript lesson, each in its JavaScript edition. A block that adds types only has nothing to type and
 * says so; paths of the learner's files and the commands that run them follow. Left out: other code in the prose and in sketches.
 */
import { type Block, blockOf } from './blocks.ts';
import type { Chapter, Course, Language } from './catalog.ts';
import { Composer } from './compose.ts';
import { javascriptOfAll, jsPath } from './javascript.ts';
import { type Fence, fenced, parseLesson, replaceFences } from './lesson.ts';
import { cut, join } from './pieces.ts';
import { givenPaths, type Step, stepsOf } from './steps.ts';

/** A step in JavaScript; the block is undefined when there is nothing to type. */
export interface JsStep {
  readonly step: Step;
  readonly path: string;
  readonly block: Block | undefined;
  /** The file is not there any more after the step. */
  readonly removed: boolean;
}

/** The steps of many lessons in JavaScript, with one start of the formatter. */
export function javascriptSteps(lessons: readonly (readonly Step[])[]): JsStep[][] {
  const states = lessons.flatMap(steps => steps.flatMap(step => [stateOf(step, 'before'), stateOf(step, 'after')]));
  const js = javascriptOfAll(states);
  let at = 0;
  return lessons.map(steps =>
    steps.map(step => {
      const [before, after] = [js[at++], js[at++]];
      return jsStep(step, before?.get(jsPath(step.path)), after?.get(jsPath(step.path)));
    }),
  );
}

/** A lesson's text, read from its file, with JavaScript in its fences. */
export function lessonInJavaScript(course: Course, chapter: Chapter, text: string, language: Language): string {
  const composer = new Composer(course);
  const previous = course.chapters.filter(other => other.number < chapter.number).at(-1);
  const before = previous === undefined ? new Map<string, string>() : composer.snapshot(previous.number);
  const lesson = parseLesson(text, chapter.id, []);
  const steps = stepsOf(lesson, before, composer.snapshot(chapter.number), { given: givenPaths(chapter.given) }, []);
  const bodies = new Map<Fence, readonly string[]>();
  for (const { step, block } of javascriptSteps([steps])[0] ?? []) {
    if (step.marker.kind !== 'code') continue;
    const lines = block === undefined ? fenced('text', [NOTHING[language]]) : fenced(block.language, block.lines);
    bodies.set(step.marker.fence, lines);
  }
  return replaceFences(lesson, bodies)
    .replace(/\b((?:sketch|engine\/src|redis-compat\/src)\/[\w./-]+?)\.ts\b/g, '$1.js')
    .replace(/`([\w-]+)\.ts`/g, '`$1.js`')
    .replace(/`(#(?:sketch|engine|redis-compat)\/[\w./-]+?)\.ts`/g, '`$1.js`')
    .replace(/\bnode((?: --[\w-]+)*?) --import tsx /g, 'node$1 ');
}

const NOTHING = {
  en: '(types only: nothing to type in JavaScript)',
  zh: '（这里只有类型：JavaScript 版不用写）',
};

function stateOf(step: Step, which: 'before' | 'after'): Map<string, string> {
  const pieces = step[which];
  return new Map(pieces === undefined || pieces.length === 0 ? [] : [[step.path, join(pieces)]]);
}

function jsStep(step: Step, before: string | undefined, after: string | undefined): JsStep {
  const path = jsPath(step.path);
  if (after === undefined) return { step, path, block: undefined, removed: before !== undefined };
  if (before === after) return { step, path, block: undefined, removed: false };
  const pieces = (text: string | undefined) => (text === undefined ? undefined : cut(text, { path }));
  const block = blockOf(pieces(before), cut(after, { path }), step.fresh || before === undefined, true);
  return { step, path, block, removed: false };
}
