/**
 * What the program remembers about a learner: one JSON file in the learner's folder.
 * Invariants: (1) it is written whole, through a rename, so a crash leaves the old or the new one;
 *             (2) a file that cannot be read is reported and never replaced in silence.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from './language.ts';

export const STATE_FILE = '.course.json';

export type Mode = 'follow' | 'build';
export type CodeLanguage = 'ts' | 'js';

export interface LearnerState {
  version: 1;
  /** The clone that holds the lessons, relative to this folder, with forward slashes. */
  course: string;
  lang: Language;
  mode: Mode;
  code: CodeLanguage;
  /** The chapter in hand. */
  chapter: number;
  /** When a chapter's checkpoint was first green on the learner's own code. */
  passed: Record<string, string>;
  /** Chapters whose reference was laid out by `goto` or `solve`. */
  given: Record<string, 'goto' | 'solve'>;
  /** Hint levels already shown, by chapter, then by section. */
  hints: Record<string, Record<string, number>>;
  /** By chapter, the sections that were red at its last check, the first of them first. */
  red: Record<string, string[]>;
  /** When that was; absent before the first check. */
  checkedAt?: string;
  /** SHA-256 of each file as the program last wrote it: such a file may be replaced, the learner's own may not. */
  laid: Record<string, string>;
  /** Best figures per benchmark, for the ledger that `bench` draws. */
  bench: Record<string, Array<{ at: string; value: number; unit: string }>>;
}

export const newState = (about: Pick<LearnerState, 'course' | 'lang' | 'mode' | 'code' | 'chapter'>): LearnerState => ({
  version: 1,
  ...about,
  passed: {},
  given: {},
  hints: {},
  red: {},
  laid: {},
  bench: {},
});

/** The state file exists but is no state file. */
export class StateError extends Error {
  override readonly name: string = 'StateError';
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`${file} cannot be read as the course's state`, options);
    this.file = file;
  }
}

/** The learner's state, or undefined when the folder has none. */
export function readState(folder: string): LearnerState | undefined {
  const file = join(folder, STATE_FILE);
  if (!existsSync(file)) return undefined;
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<LearnerState>;
    if (found.version !== 1 || typeof found.chapter !== 'number') throw new Error('unknown version');
    const blank = newState({ course: '..', lang: 'en', mode: 'follow', code: 'ts', chapter: 0 });
    // Older folders hold a list of the chapter in hand here.
    return { ...blank, ...found, red: Array.isArray(found.red) ? {} : (found.red ?? {}) };
  } catch (cause) {
    throw new StateError(file, { cause });
  }
}

export function writeState(folder: string, state: LearnerState): void {
  const file = join(folder, STATE_FILE);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}
