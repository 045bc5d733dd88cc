/**
 * What a run of checkpoints showed, as plain data: tests with their failures, and what could not be loaded. Vitest's own
 * objects end here.
 */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { TestCase, TestModule } from 'vitest/node';
import { posix } from './places.ts';
import type { CodeLanguage } from './state.ts';

/** Marks an error thrown by a stand-in; the rest of the message is `path#name`. */
export const NOT_WRITTEN = 'zerocask: not written yet: ';

export interface ChapterToCheck {
  readonly number: number;
  readonly checkpoint: string;
}

export interface CheckRequest {
  readonly folder: string;
  readonly code: CodeLanguage;
  readonly chapters: readonly ChapterToCheck[];
  /** Only the tests of this `describe`. */
  readonly section?: string;
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly expected?: string;
  readonly actual?: string;
  readonly diff?: string;
  /** The first frames inside the learner's folder, as `path:line`. */
  readonly frames: readonly string[];
  /** The line of the checkpoint at which it failed. */
  readonly line?: number;
  readonly code?: string;
  readonly file?: string;
  readonly offset?: number;
}

export interface TestOutcome {
  readonly chapter: number;
  readonly section: string;
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly failures: readonly Failure[];
  readonly bytes?: { readonly expected: string; readonly yours: string };
  readonly history?: readonly string[];
}

export interface CheckOutcome {
  readonly tests: readonly TestOutcome[];
  /** Checkpoints that could not be loaded at all: a syntax error, an import that leads nowhere. */
  readonly broken: ReadonlyArray<{ readonly chapter: number; readonly failures: readonly Failure[] }>;
}

/** Marks a test that was given up. */
export const ENDLESS = 'zerocask: endless';

/** The outcome of a run; `seen` are the tests of a run that was given up, whose modules never ended. */
export function outcomeOf(
  request: CheckRequest,
  modules: readonly TestModule[],
  seen: readonly TestCase[] | undefined,
  unhandled: readonly unknown[],
): CheckOutcome {
  const chapterOf = (module: TestModule): number =>
    request.chapters.find(each => resolve(each.checkpoint) === resolve(module.moduleId))?.number ?? -1;
  const tests: TestOutcome[] = (seen ?? []).map(test => testOutcome(request, chapterOf(test.module), test));
  const broken: Array<{ chapter: number; failures: Failure[] }> = [];
  for (const module of modules) {
    const chapter = chapterOf(module);
    const errors = [...module.errors(), ...[...module.children.allSuites()].flatMap(suite => suite.errors())];
    if (errors.length > 0) broken.push({ chapter, failures: errors.map(error => failureOf(request, error)) });
    if (seen !== undefined) continue;
    for (const test of module.children.allTests()) tests.push(testOutcome(request, chapter, test));
  }
  if (unhandled.length > 0) {
    broken.push({ chapter: -1, failures: unhandled.map(error => failureOf(request, error as RawError)) });
  }
  const inOrder = <T extends { chapter: number }>(all: T[]): T[] => all.sort((a, b) => a.chapter - b.chapter);
  return { tests: inOrder(tests), broken: inOrder(broken) };
}

interface Meta {
  bytes?: { expected: string; yours: string };
  history?: unknown[];
  file?: string;
  offset?: number;
}

function testOutcome(request: CheckRequest, chapter: number, test: TestCase): TestOutcome {
  const { state, errors = [] } = test.result();
  const meta = test.meta() as Meta;
  const [section = ''] = test.fullName.split(' > ');
  return {
    chapter,
    section: section === test.name ? '' : section,
    name: test.name,
    state: state === 'pending' ? 'skipped' : state,
    failures: errors.map(error => ({ ...failureOf(request, error as RawError), ...placeIn(meta) })),
    ...(meta.bytes === undefined ? {} : { bytes: meta.bytes }),
    ...historyOf(meta, test),
  };
}

/** `task.meta.history`, or notes of the type `history` given with `context.annotate`. */
function historyOf(meta: Meta, test: TestCase): { history?: string[] } {
  if (Array.isArray(meta.history)) return { history: meta.history.map(String) };
  const notes = test.annotations().filter(note => note.type === 'history');
  return notes.length === 0 ? {} : { history: notes.flatMap(note => note.message.split('\n')) };
}

const placeIn = ({ file, offset }: Meta): Pick<Failure, 'file' | 'offset'> => ({
  ...(typeof file === 'string' ? { file } : {}),
  ...(typeof offset === 'number' ? { offset } : {}),
});

/** An error as vitest hands it over: its own fields have become plain text and numbers. */
interface RawError {
  name?: string;
  message?: string;
  expected?: unknown;
  actual?: unknown;
  diff?: string;
  stacks?: ReadonlyArray<{ file: string; line: number }>;
  code?: unknown;
  file?: unknown;
  offset?: unknown;
}

function failureOf({ folder, chapters }: CheckRequest, error: RawError): Failure {
  const stacks = error.stacks ?? [];
  const inside = stacks
    .filter(({ file }) => isInside(folder, file))
    .map(({ file, line }) => `${posix(relative(folder, file))}:${line}`);
  const line = stacks.find(({ file }) => chapters.some(chapter => resolve(chapter.checkpoint) === resolve(file)))?.line;
  return {
    name: error.name ?? 'Error',
    message: plain(error.message ?? ''),
    ...(typeof error.expected === 'string' ? { expected: error.expected } : {}),
    ...(typeof error.actual === 'string' ? { actual: error.actual } : {}),
    ...(typeof error.diff === 'string' ? { diff: plain(error.diff) } : {}),
    frames: inside.slice(0, 3),
    ...(line === undefined ? {} : { line }),
    ...(typeof error.code === 'string' ? { code: error.code } : {}),
    ...(typeof error.file === 'string' ? { file: error.file } : {}),
    ...(typeof error.offset === 'number' ? { offset: error.offset } : {}),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return (
    path !== '' &&
    !path.startsWith(`..${sep}`) &&
    path !== '..' &&
    !isAbsolute(path) &&
    !path.startsWith('node_modules')
  );
}
