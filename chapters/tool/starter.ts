/**
 * The starter of a chapter, for those who build by themselves: the contract's signatures and docs, with bodies that throw.
 *
 * A file that begins in this chapter is laid out as its contract: types and simple constants as they are, functions and methods with
 * `throw new Error('chapter 07: Database.recover')`. What the learner has is never touched: what the contract asks of an existing file is
 * in contract.ts. How the inside is built is the learner's.
 * Invariants: (1) every starter file can be imported; (2) it imports only files that exist in the folder or are starters themselves.
 */
import { type Chapter, type Course, chapterAt } from './catalog.ts';
import { Composer, type Snapshot } from './compose.ts';
import { filterIndex, isIndex } from './index-file.ts';
import { StarterFile } from './starter-file.ts';
import { givenPaths } from './steps.ts';

/** The files to lay out at the start of chapter k in build mode: path -> text. Files of earlier chapters are not among them. */
export function starterFiles(
  course: Course,
  k: number,
  composer: Composer = new Composer(course),
): Map<string, string> {
  const chapter = chapterAt(course, k);
  const before = snapshotBefore(course, composer, k);
  const after = composer.snapshot(k);
  const out = givenFiles(chapter, after);
  const builder = new Builder(chapter, before, after, out);
  for (const [path, names] of chapter.contract) {
    if (after.has(path) && !before.has(path) && !out.has(path) && !isIndex(path)) builder.want(path, names);
  }
  builder.run();
  const all = new Map([...before, ...out]);
  for (const [path, text] of composer.packages) {
    if (!isIndex(path) || before.has(path) || !composer.indexExists(path, k)) continue;
    const index = filterIndex(path, text, all);
    if (index !== undefined) out.set(path, index);
  }
  return out;
}

/** What chapter k gives whole. */
export function givenFiles(chapter: Chapter, snapshot: Snapshot): Map<string, string> {
  const out = new Map<string, string>();
  for (const path of givenPaths(chapter.given)) {
    const text = snapshot.get(path);
    if (text !== undefined) out.set(path, text);
  }
  return out;
}

/** Snapshot k-1, empty before the first chapter. */
export function snapshotBefore(course: Course, composer: Composer, k: number): Snapshot {
  const previous = course.chapters.filter(chapter => chapter.number < k).at(-1);
  return previous === undefined ? new Map() : composer.snapshot(previous.number);
}

class Builder {
  readonly chapter: Chapter;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly out: Map<string, string>;
  readonly wanted = new Map<string, Set<string>>();

  constructor(chapter: Chapter, before: Snapshot, after: Snapshot, out: Map<string, string>) {
    this.chapter = chapter;
    this.before = before;
    this.after = after;
    this.out = out;
  }

  want(path: string, names: Iterable<string>): boolean {
    const set = this.wanted.get(path) ?? new Set<string>();
    const size = set.size;
    for (const name of names) set.add(name);
    this.wanted.set(path, set);
    return set.size > size;
  }

  /** Files that the contract's files import from this chapter become starters too, until nothing is added. */
  run(): void {
    for (let more = true; more; ) {
      more = false;
      for (const [path, names] of [...this.wanted]) {
        const file = new StarterFile(path, this.after.get(path) ?? '', this.chapter);
        const { text, imports } = file.print(names, target => this.before.has(target) || this.after.has(target));
        this.out.set(path, text);
        for (const [target, wanted] of imports) {
          const fresh =
            !this.before.has(target) && this.after.has(target) && !givenPaths(this.chapter.given).has(target);
          if (fresh && !isIndex(target)) more = this.want(target, wanted) || more;
        }
      }
    }
  }
}
