/**
 * Run checkpoints: vitest in a child process, over one or many targets, with the results as data.
 *
 * A job is a target and the chapters whose checkpoints it has to pass; all jobs share one start of vitest. A test that never ends (an
 * endless loop in a learner's code, in a mutant) can't be stopped from inside: the child is killed when one has been running for
 * `silenceMs`, the test counts as failed, and the jobs that were not done run again without that job.
 * Invariant: a file that can't be loaded is an error of its chapter, never a chapter without tests.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Course, chapterAt } from './catalog.ts';

/** What one run of vitest is asked to do. */
export interface Job {
  readonly name: string;
  /** The folder that the tests are run against. */
  readonly target: string;
  readonly chapters: readonly number[];
  /** A test file to run instead of the checkpoints, such as a challenge's; the job then has one chapter. */
  readonly test?: string;
}

export type TestState = 'passed' | 'failed' | 'skipped';

export interface TestFailure {
  readonly message: string;
  /** The name of the error class. */
  readonly name: string;
  readonly expected?: string;
  readonly actual?: string;
  readonly diff?: string;
  /** Innermost first; files of the target or of the chapter. */
  readonly frames: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly method: string;
  }[];
}

export interface TestResult {
  /** The names of the `describe`s around the test, joined by ` > `; the outermost is the checkpoint's section. */
  readonly section: string;
  readonly name: string;
  readonly state: TestState;
  readonly durationMs: number;
  readonly failures: readonly TestFailure[];
  /** What the test gave to `context.annotate(message, type)`, for labs and for failures that speak the domain. */
  readonly notes: readonly { readonly message: string; readonly type: string }[];
}

export interface ChapterResult {
  readonly chapter: number;
  /** True when every test passed and nothing went wrong around them. */
  readonly green: boolean;
  readonly tests: readonly TestResult[];
  /** What kept tests from being collected or went wrong outside of them: a missing file, a syntax error. */
  readonly errors: readonly TestFailure[];
}

export interface JobResult {
  readonly name: string;
  readonly green: boolean;
  readonly chapters: readonly ChapterResult[];
}

export interface RunOptions {
  readonly workers?: number;
  /** A test that runs longer than this is taken for an endless loop. */
  readonly silenceMs?: number;
  /** Only tests whose full name matches. */
  readonly testNamePattern?: string;
  readonly onTest?: (job: string, chapter: number, test: TestResult) => void;
  readonly signal?: AbortSignal;
}

/** What the parent sends. */
export interface ChildRequest {
  readonly root: string;
  readonly jobs: readonly {
    readonly name: string;
    readonly target: string;
    readonly files: readonly { readonly chapter: number; readonly file: string }[];
  }[];
  readonly workers: number;
  readonly testNamePattern: string | undefined;
  /** The folder in which workers note what they are about to run. */
  readonly progress: string;
}

/** What the child sends back, in order. */
export type ChildMessage =
  | { readonly kind: 'test'; readonly job: string; readonly chapter: number; readonly result: TestResult }
  | { readonly kind: 'chapter'; readonly job: string; readonly result: ChapterResult }
  | { readonly kind: 'done'; readonly errors: readonly (TestFailure & { readonly file: string })[] };

const SILENCE_MS = 30_000;
const LONGEST_SILENCE_MS = 120_000;

/** Run the checkpoints of chapters `from..to` against one folder. */
export async function runCheckpoints(
  course: Course,
  target: string,
  from: number,
  to: number,
  options: RunOptions = {},
): Promise<JobResult> {
  const chapters = course.chapters.map(c => c.number).filter(n => n >= from && n <= to);
  const [result] = await runJobs(course, [{ name: 'target', target, chapters }], options);
  if (result === undefined) throw new Error('vitest gave no result');
  return result;
}

/** Run several jobs in one vitest; the results come in the order of the jobs. */
export async function runJobs(course: Course, jobs: readonly Job[], options: RunOptions = {}): Promise<JobResult[]> {
  const done = new Map<string, Map<number, ChapterResult>>(jobs.map(job => [job.name, new Map()]));
  let open = jobs.filter(job => job.chapters.length > 0);
  while (open.length > 0) {
    const { hung, errors } = await runChild(course, open, done, options);
    for (const job of open) {
      const results = done.get(job.name);
      if (results === undefined) continue;
      const stuck = hung.find(h => h.job === job.name);
      if (stuck !== undefined) addHung(results, job, stuck);
      else if (hung.length === 0) addMissing(results, job, errors);
    }
    const before = open.length;
    open = open.filter(job => job.chapters.some(n => !done.get(job.name)?.has(n)));
    if (hung.length === 0 || open.length === before) break;
  }
  return jobs.map(job => {
    const chapters = [...(done.get(job.name)?.values() ?? [])].sort((a, b) => a.chapter - b.chapter);
    return { name: job.name, green: chapters.every(chapter => chapter.green), chapters };
  });
}

interface Hung {
  job: string;
  chapter: number;
  /** Sections and name of the test, joined by ` > `; empty when the loop is outside of tests. */
  test: string;
  passed: TestResult[];
}

interface ChildEnd {
  hung: Hung[];
  errors: readonly TestFailure[];
}

async function runChild(
  course: Course,
  jobs: readonly Job[],
  done: Map<string, Map<number, ChapterResult>>,
  options: RunOptions,
): Promise<ChildEnd> {
  const progress = mkdtempSync(join(tmpdir(), 'zerocask-check-'));
  try {
    return await superviseChild(course, jobs, done, options, progress);
  } finally {
    rmSync(progress, { recursive: true, force: true });
  }
}

function superviseChild(
  course: Course,
  jobs: readonly Job[],
  done: Map<string, Map<number, ChapterResult>>,
  options: RunOptions,
  progress: string,
): Promise<ChildEnd> {
  const child = startChild(course.root);
  const finished = new Map<string, TestResult[]>();
  let errors: readonly TestFailure[] = [];
  let output = '';
  child.stdout?.on('data', data => (output += String(data)));
  child.stderr?.on('data', data => (output += String(data)));
  return new Promise((resolve, reject) => {
    const silenceMs = options.silenceMs ?? SILENCE_MS;
    let killed = false;
    let heardAt = Date.now();
    const watch = setInterval(() => {
      // A worker in a loop is found by its note; anything else that stands still by a long silence.
      if (oldestNote(progress) <= Date.now() - silenceMs || heardAt <= Date.now() - LONGEST_SILENCE_MS - silenceMs) {
        killed = true;
        child.kill('SIGKILL');
      }
    }, 250);
    const abort = (): void => void child.kill('SIGKILL');
    options.signal?.addEventListener('abort', abort, { once: true });
    child.on('message', (message: ChildMessage) => {
      heardAt = Date.now();
      if (message.kind === 'test') {
        const place = `${message.job} ${message.chapter}`;
        finished.set(place, [...(finished.get(place) ?? []), message.result]);
        options.onTest?.(message.job, message.chapter, message.result);
      } else if (message.kind === 'chapter') {
        done.get(message.job)?.set(message.result.chapter, message.result);
      } else if (message.kind === 'done') {
        for (const error of message.errors) addUnhandled(course, jobs, done, error);
        errors = message.errors;
        child.send('exit');
      }
    });
    child.on('error', reject);
    child.on('exit', () => {
      clearInterval(watch);
      options.signal?.removeEventListener('abort', abort);
      const hung = killed ? readProgress(course, jobs, progress, Date.now() - silenceMs) : [];
      if (killed) for (const stray of readStray(progress)) addUnhandled(course, jobs, done, stray);
      for (const one of hung) one.passed.push(...(finished.get(`${one.job} ${one.chapter}`) ?? []));
      if (killed && hung.length === 0) errors = [failure(`vitest was silent and was stopped\n${output.slice(-2000)}`)];
      else if (!killed && errors.length === 0 && output !== '') errors = [failure(output.slice(-4000))];
      resolve({ hung, errors });
    });
    child.send(request(course, jobs, options, progress));
  });
}

/** When the test began that has been running for longest; the future when none runs. */
function oldestNote(folder: string): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('stray-')) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat !== undefined) oldest = Math.min(oldest, stat.mtimeMs);
  }
  return oldest;
}

/** The tests that had begun before `before` and were still running when the workers were stopped. */
function readProgress(course: Course, jobs: readonly Job[], folder: string, before: number): Hung[] {
  const notes = readdirSync(folder).filter(name => !name.startsWith('stray-'));
  // What began later was fine until the child was stopped; it runs again.
  const names = notes.filter(name => statSync(join(folder, name)).mtimeMs <= before);
  return names.map(name => {
    const note = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { job: string; file: string; test: string };
    const job = jobs.find(each => each.name === note.job);
    const chapter = job?.chapters.find(number => samePath(testFile(course, job, number), note.file)) ?? -1;
    return { job: note.job, chapter, test: note.test, passed: [] };
  });
}

/** Errors outside of tests that workers noted before they were stopped. */
function readStray(folder: string): StrayError[] {
  const names = readdirSync(folder).filter(name => name.startsWith('stray-'));
  return names.map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as StrayError);
}

type StrayError = TestFailure & { readonly file: string; readonly job?: string };

/** An error outside of every test, such as a promise that nobody awaited, turns its checkpoint red. */
function addUnhandled(
  course: Course,
  jobs: readonly Job[],
  done: Map<string, Map<number, ChapterResult>>,
  error: StrayError,
): void {
  const inTarget = (job: Job): boolean => error.frames.some(frame => samePath(frame.file, job.target, true));
  const guilty = jobs.filter(job => (error.job === undefined ? inTarget(job) : job.name === error.job));
  for (const job of guilty.length > 0 ? guilty : jobs) {
    const chapter = job.chapters.find(number => samePath(testFile(course, job, number), error.file));
    const results = done.get(job.name);
    for (const [number, result] of results ?? []) {
      if (error.file !== '' && number !== chapter) continue;
      results?.set(number, { ...result, green: false, errors: [...result.errors, error] });
    }
  }
}

/** Do two paths name one file (or does the first lie below the second), whatever their slashes? */
export function samePath(a: string, b: string, below = false): boolean {
  const [x, y] = [a.replaceAll('\\', '/'), b.replaceAll('\\', '/')];
  return x === y || (below && x.startsWith(`${y}/`));
}

function startChild(root: string): ChildProcess {
  const child = fileURLToPath(new URL('./checkpoint-runner.ts', import.meta.url));
  return fork(child, [], {
    cwd: root,
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, FORCE_COLOR: '0', NODE_OPTIONS: '' },
  });
}

function request(course: Course, jobs: readonly Job[], options: RunOptions, progress: string): ChildRequest {
  return {
    root: course.root,
    jobs: jobs.map(job => ({
      name: job.name,
      target: job.target,
      files: job.chapters.map(chapter => ({ chapter, file: testFile(course, job, chapter) })),
    })),
    workers: options.workers ?? 2,
    testNamePattern: options.testNamePattern,
    progress,
  };
}

const testFile = (course: Course, job: Job, chapter: number): string =>
  job.test ?? chapterAt(course, chapter).checkpoint;
const failure = (message: string): TestFailure => ({ message, name: 'Error', frames: [] });

function addHung(results: Map<number, ChapterResult>, job: Job, hung: Hung): void {
  const names = hung.test.split(' > ');
  const endless = failure('this did not come to an end: it looks like an endless loop');
  for (const chapter of job.chapters) {
    if (results.has(chapter)) continue;
    const failed: TestResult = {
      section: names.slice(0, -1).join(' > '),
      name: names.at(-1) ?? '',
      state: 'failed',
      durationMs: 0,
      failures: [endless],
      notes: [],
    };
    const elsewhere = [failure(`not run: chapter ${hung.chapter} did not come to an end`)];
    const errors = chapter !== hung.chapter ? elsewhere : hung.test === '' ? [endless] : [];
    const tests = chapter === hung.chapter ? [...hung.passed, ...(hung.test === '' ? [] : [failed])] : [];
    results.set(chapter, { chapter, green: false, tests, errors });
  }
}

function addMissing(results: Map<number, ChapterResult>, job: Job, errors: readonly TestFailure[]): void {
  for (const chapter of job.chapters) {
    if (results.has(chapter)) continue;
    const why = errors.length > 0 ? errors : [failure('vitest gave no result for this checkpoint')];
    results.set(chapter, { chapter, green: false, tests: [], errors: why });
  }
}
