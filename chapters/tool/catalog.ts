/**
 * The catalog: every chapter's chapter.json, read once and checked, with the paths of the things that belong to it.
 *
 * Invariants: (1) a loaded course has chapters in order, each with a number of its own; (2) a mistake in a JSON file is reported with the
 * file and the place in it, all mistakes at once. A folder without chapter.json is not a chapter yet and is left alone.
 * Left out: what the code of a chapter is; see compose.ts.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hint, mutant, prediction, Reader, readJson, stringList } from './catalog-reader.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Both<T> = Readonly<Record<Language, T>>;

/** What a chapter writes in a file: the file itself, or these symbols of it. */
export type Write = 'new' | readonly string[];

export interface Hint {
  /** The name of the `describe` section of the checkpoint. */
  readonly section: string;
  /** A nudge, the idea, the shape of the code. */
  readonly levels: Both<readonly string[]>;
}

export interface Prediction {
  readonly id: string;
  readonly question: Both<string>;
  readonly answer: Both<string>;
}

/** A bug: `replace` stands once in `file` of the chapter's snapshot; with `with` in its place the test `caughtBy` fails. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly replace: string;
  readonly with: string;
  readonly caughtBy: string;
}

export interface Chapter {
  readonly number: number;
  /** The folder's name, `03-bytes-the-log-record`. */
  readonly id: string;
  readonly dir: string;
  readonly track: 'A' | 'B';
  readonly hours: number;
  readonly title: Both<string>;
  readonly writes: ReadonlyMap<string, Write>;
  /** Paths (whole files) and `path#symbol`s that the learner is given. */
  readonly given: readonly string[];
  /** Paths and `path#symbol`s that go in this chapter. */
  readonly removes: readonly string[];
  readonly contract: ReadonlyMap<string, readonly string[]>;
  readonly greenAtStart: readonly string[];
  readonly sections: Both<readonly string[]>;
  readonly hints: readonly Hint[];
  readonly predictions: readonly Prediction[];
  readonly mutants: readonly Mutant[];
  readonly lesson: Both<string>;
  readonly checkpoint: string;
}

/** What `course sync` wrote down: see carry.ts. Keys are chapter numbers of two digits, or `pending`. */
export interface Carried {
  /** The symbols of each file that a chapter begins, in file order: a symbol that joins the package later is no part of them. */
  readonly holds: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** For each stored symbol the hash of the text that follows it. */
  readonly successors: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Course {
  readonly root: string;
  readonly chapters: readonly Chapter[];
  /** Package symbols that no chapter teaches yet: it counts as a chapter after the last one. */
  readonly pending: ReadonlyMap<string, Write>;
  readonly carried: Carried;
}

/** The repository that this program belongs to. */
export const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The folders whose files the course ends with. */
export const PACKAGES = ['engine/src', 'redis-compat/src'] as const;

/** Mistakes of the course's authors, one per line, each beginning with its place. */
export class CourseError extends Error {
  override readonly name: string = 'CourseError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export const twoDigits = (chapter: number): string => String(chapter).padStart(2, '0');
export const pendingFile = (root: string): string => join(root, 'chapters', 'pending.json');
export const carriedFile = (root: string): string => join(root, 'chapters', 'carried.json');

/**
 * Read the whole course under `root`.
 * @throws {CourseError} with every mistake found in chapter.json, pending.json and carried.json.
 */
export function loadCourse(root: string = REPOSITORY): Course {
  const problems: string[] = [];
  const chapters: Chapter[] = [];
  const folder = join(root, 'chapters');
  for (const id of existsSync(folder) ? readdirSync(folder).sort() : []) {
    if (!/^\d\d-/.test(id) || !existsSync(join(folder, id, 'chapter.json'))) continue;
    const chapter = readChapter(folder, id, problems);
    const twin = chapters.find(other => other.number === chapter?.number);
    if (twin !== undefined) problems.push(`chapters/${id}: the number is taken by chapters/${twin.id}`);
    else if (chapter !== undefined) chapters.push(chapter);
  }
  const pending = new Reader(
    readJson(pendingFile(root), 'chapters/pending.json', problems),
    'chapters/pending.json',
    problems,
  );
  const carried = new Reader(
    readJson(carriedFile(root), 'chapters/carried.json', problems),
    'chapters/carried.json',
    problems,
  );
  const course: Course = { root, chapters, pending: pending.writesAtTop(), carried: carried.carried() };
  if (problems.length > 0) throw new CourseError(problems);
  return course;
}

/**
 * Chapter `number` of the course.
 * @throws {CourseError} when there is none.
 */
export function chapterAt(course: Course, number: number): Chapter {
  const chapter = course.chapters.find(c => c.number === number);
  if (chapter !== undefined) return chapter;
  const known = course.chapters.map(c => twoDigits(c.number)).join(' ');
  throw new CourseError([`there is no chapter ${number}; the course has ${known === '' ? 'no chapters' : known}`]);
}

/** The number of the newest chapter, -1 in a course without chapters. */
export const lastChapter = (course: Course): number => course.chapters.at(-1)?.number ?? -1;

/** All files below `dir`, as sorted paths with forward slashes; nothing when it does not exist. */
export function listFiles(dir: string, below = ''): string[] {
  if (!existsSync(dir)) return [];
  const out: string[] = [];
  for (const name of readdirSync(dir).sort()) {
    if (name === 'node_modules' || name === '.DS_Store') continue;
    const path = below === '' ? name : `${below}/${name}`;
    if (statSync(join(dir, name)).isDirectory()) out.push(...listFiles(join(dir, name), path));
    else out.push(path);
  }
  return out;
}

function readChapter(folder: string, id: string, problems: string[]): Chapter | undefined {
  const place = `chapters/${id}/chapter.json`;
  const json = readJson(join(folder, id, 'chapter.json'), place, problems);
  if (json === undefined) return undefined;
  const read = new Reader(json, place, problems);
  read.onlyKeys(KEYS);
  const dir = join(folder, id);
  return {
    number: Number(id.slice(0, 2)),
    id,
    dir,
    track: read.track(),
    hours: read.number('hours'),
    title: read.both('title', value => (typeof value === 'string' ? value : undefined), ''),
    writes: read.writes('writes'),
    given: read.strings('given'),
    removes: read.strings('removes'),
    contract: read.contract(),
    greenAtStart: read.strings('greenAtStart'),
    sections: 'sections' in read.json ? read.both('sections', stringList, []) : { en: [], zh: [] },
    hints: read.list('hints', (value, at) => hint(value, at, problems)),
    predictions: read.list('predictions', (value, at) => prediction(value, at, problems)),
    mutants: read.list('mutants', (value, at) => mutant(value, at, problems)),
    lesson: { en: join(dir, 'README.md'), zh: join(dir, 'README.zh.md') },
    checkpoint: join(dir, 'checkpoint.test.ts'),
  };
}

const KEYS = [
  'track',
  'hours',
  'title',
  'writes',
  'given',
  'removes',
  'contract',
  'greenAtStart',
  'sections',
  'hints',
  'predictions',
  'mutants',
];
