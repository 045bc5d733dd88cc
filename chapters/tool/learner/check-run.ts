/**
 * Runs checkpoints on the learner's folder with vitest, in this process, and returns plain outcomes.
 *
 * What a checkpoint imports and the learner has not written yet is stood in for: the stand-in exports the wanted names,
 * and each of them throws "not written yet" when it is used. So one missing file turns its own section red and not the
 * whole chapter. Everything the learner has written is loaded from the folder as it is.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import type { TestCase, TestModule, Vitest } from 'vitest/node';
import { courseImports, missingNames } from './exports.ts';
import { posix, programRoot } from './places.ts';
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

/** No test of the course takes a second; after this long without news a test is caught in an endless loop. */
const SILENCE_MS = 12_000;

/**
 * Runs the checkpoints. What the learner's code prints goes to stderr as it comes. A test that never ends can't be
 * stopped from inside its thread: after a while of silence the run is given up, and that test counts as failed.
 */
export async function runCheckpoints(asked: CheckRequest): Promise<CheckOutcome> {
  // Relative imports lead to real paths; were the folder named through a link, a file would be loaded twice.
  const request: CheckRequest = { ...asked, folder: realpathSync.native(asked.folder) };
  const { startVitest } = await import('vitest/node');
  const notes = mkdtempSync(join(tmpdir(), 'zerocask-check-'));
  const seen: TestCase[] = [];
  const modules = new Set<TestModule>();
  const unhandled: unknown[] = [];
  let vitest: Vitest | undefined;
  const silence = new Silence(Number(process.env['ZEROCASK_SILENCE_MS'] ?? SILENCE_MS));
  const run = startVitest(
    'test',
    [],
    {
      root: programRoot,
      config: false,
      watch: false,
      include: request.chapters.map(chapter => posix(relative(programRoot, chapter.checkpoint))),
      setupFiles: [fileURLToPath(new URL('./check-setup.ts', import.meta.url))],
      pool: 'threads',
      isolate: false,
      maxWorkers: Math.min(2, request.chapters.length),
      testTimeout: 15_000,
      passWithNoTests: true,
      teardownTimeout: 1000,
      env: { ZEROCASK_TARGET: request.folder, ZEROCASK_NOTES: notes },
      reporters: [
        {
          onInit: started => {
            vitest = started;
          },
          onUserConsoleLog: log => void process.stderr.write(log.content),
          onTestModuleCollected: () => silence.broken(),
          onTestCaseResult: test => {
            silence.broken();
            seen.push(test);
          },
          onTestModuleEnd: module => void modules.add(module),
          onTestRunEnd: (ended, errors) => {
            for (const module of ended) modules.add(module);
            unhandled.push(...errors);
          },
        },
      ],
    },
    { plugins: [learnerFolder(request)], logLevel: 'silent', server: { watch: null, fs: { strict: false } } },
  );
  const hung = (await Promise.race([run, silence.long])) === HUNG;
  const stuck = hung ? stuckTests(request, notes) : [];
  silence.end();
  // A thread in an endless loop is left behind; it goes when this process goes.
  if (hung) void vitest?.close();
  else await (vitest as Vitest | undefined)?.close();
  rmSync(notes, { recursive: true, force: true });
  process.exitCode = 0; // vitest sets it on failures; the command decides
  const outcome = outcomeOf(request, [...modules], hung ? seen : undefined, unhandled);
  const broken = hung && stuck.length === 0 ? [...outcome.broken, stuckLoading(request, modules)] : outcome.broken;
  return { tests: [...outcome.tests, ...stuck], broken };
}

const HUNG = Symbol('hung');

/** Resolves `long` when nothing was heard for a while. */
class Silence {
  readonly long: Promise<typeof HUNG>;
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #give: (value: typeof HUNG) => void = () => {};

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.long = new Promise(give => {
      this.#give = give;
    });
    this.broken();
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#give(HUNG), this.#limitMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The tests that had begun and not ended, from the notes that check-setup.ts leaves. */
function stuckTests({ chapters }: CheckRequest, notes: string): TestOutcome[] {
  return readdirSync(notes).map(name => {
    const { file, section, test } = JSON.parse(readFileSync(join(notes, name), 'utf8')) as Record<string, string>;
    const chapter = chapters.find(each => resolve(each.checkpoint) === resolve(file ?? ''))?.number ?? -1;
    const failures = [{ name: 'Error', message: ENDLESS, frames: [] }];
    return { chapter, section: section ?? '', name: test ?? '', state: 'failed', failures };
  });
}

/** No test was running: a file of the first chapter that has not ended does not come to an end while it is loaded. */
function stuckLoading({ chapters }: CheckRequest, ended: ReadonlySet<TestModule>): CheckOutcome['broken'][number] {
  const done = new Set([...ended].map(module => resolve(module.moduleId)));
  const chapter = chapters.find(each => !done.has(resolve(each.checkpoint)))?.number ?? -1;
  return { chapter, failures: [{ name: 'Error', message: ENDLESS, frames: [] }] };
}

/** Marks a test that was given up. */
export const ENDLESS = 'zerocask: endless';

/** Resolves `#engine/...`, `#redis-compat/...`, `#sketch/...` to the learner's folder. */
function learnerFolder({ folder, code }: CheckRequest): Plugin {
  const standIns = new Map<string, { path: string; file: string | undefined; names: string[] }>();
  return {
    name: 'learner-folder',
    enforce: 'pre',
    resolveId(source, importer) {
      const path = folderPath(source);
      if (path !== undefined && importer !== undefined) return toId(path, importer);
      return source.startsWith(STAND_IN) ? source : null;
    },
    load(id) {
      const found = standIns.get(id);
      return found === undefined ? null : standInSource(found);
    },
  };

  function toId(path: string, importer: string): string {
    const file = join(folder, code === 'js' ? path.replace(/\.ts$/, '.js') : path);
    const wanted = namesImportedFrom(path, importer);
    const exists = existsSync(file);
    const names = exists ? missingNames(readFileSync(file, 'utf8'), wanted) : wanted;
    if (exists && names.length === 0) return posix(file);
    const id = `${STAND_IN}${path}?${names.join(',')}`;
    standIns.set(id, { path, file: exists ? posix(file) : undefined, names: [...names] });
    return id;
  }
}

const STAND_IN = '\0zerocask-stand-in:';
const ALIAS = /^#(engine|redis-compat|sketch)\/(.+)$/;

function folderPath(source: string): string | undefined {
  const [, room, path] = ALIAS.exec(source) ?? [];
  if (room === undefined) return undefined;
  return room === 'sketch' ? `sketch/${path}` : `${room}/src/${path}`;
}

function namesImportedFrom(path: string, importer: string): readonly string[] {
  const file = importer.split('?')[0]!;
  const imports = existsSync(file) ? courseImports(readFileSync(file, 'utf8')) : [];
  return [...new Set(imports.filter(each => each.path === path).flatMap(each => each.names))];
}

function standInSource({ path, file, names }: { path: string; file: string | undefined; names: string[] }): string {
  const lines = names.map(
    name =>
      `export const ${name} = new Proxy(function () {}, refuse(${JSON.stringify(`${NOT_WRITTEN}${path}#${name}`)}));`,
  );
  return [
    file === undefined ? '' : `export * from ${JSON.stringify(file)};`,
    'const refuse = message => { const stop = () => { throw new Error(message); }; return { apply: stop, construct: stop,',
    "  get: (it, key) => (key === 'prototype' ? it.prototype : typeof key === 'symbol' || key === 'then' ? undefined : stop()) }; };",
    ...lines,
  ].join('\n');
}

function outcomeOf(
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
