/**
 * Run checkpoints: vitest in a child process, over one or many targets, with the results as data.
 *
 * A job is a target and the chapters whose checkpoints it has to pass; all jobs share one start of vitest. A test that never ends (an
 * endless loop in a learner's code, in a mutant) can't be stopped from inside: the child is killed when nothing was heard for
 * `silenceMs`, the test counts as failed, and the jobs that were not done run again without that job.
 * Invariant: a file that can't be loaded is an error of its chapter, never a chapter without tests.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Chapter, type Course, chapterAt } from './catalog.ts';

/** What one run of vitest is asked to do. */
export interface Job {
  readonly name: string;
  /** The folder that the tests are run against. */
  readonly target: string;
  readonly chapters: readonly number[];
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
  /** Silence after which the child is killed. */
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
}

/** What the child sends back, in order. */
export type ChildMessage =
  | { readonly kind: 'alive' }
  | {
      readonly kind: 'start';
      readonly job: string;
      readonly chapter: number;
      readonly section: string;
      readonly test: string;
    }
  | { readonly kind: 'test'; readonly job: string; readonly chapter: number; readonly result: TestResult }
  | { readonly kind: 'chapter'; readonly job: string; readonly result: ChapterResult }
  | { readonly kind: 'done'; readonly errors: readonly TestFailure[] };

const SILENCE_MS = 30_000;

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
  section: string;
  test: string;
  passed: TestResult[];
}

function runChild(
  course: Course,
  jobs: readonly Job[],
  done: Map<string, Map<number, ChapterResult>>,
  options: RunOptions,
): Promise<{ hung: Hung[]; errors: readonly TestFailure[] }> {
  const child = startChild(course.root);
  const running = new Map<string, Hung>();
  const finished = new Map<string, TestResult[]>();
  let errors: readonly TestFailure[] = [];
  let output = '';
  child.stdout?.on('data', data => (output += String(data)));
  child.stderr?.on('data', data => (output += String(data)));
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    let killed = false;
    const listen = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        killed = true;
        child.kill('SIGKILL');
      }, options.silenceMs ?? SILENCE_MS);
    };
    const abort = (): void => void child.kill('SIGKILL');
    options.signal?.addEventListener('abort', abort, { once: true });
    child.on('message', (message: ChildMessage) => {
      listen();
      if (message.kind === 'start') running.set(key(message), { ...message, passed: [] });
      if (message.kind === 'test') {
        running.delete(key(message));
        const place = `${message.job} ${message.chapter}`;
        finished.set(place, [...(finished.get(place) ?? []), message.result]);
        options.onTest?.(message.job, message.chapter, message.result);
      }
      if (message.kind === 'chapter') done.get(message.job)?.set(message.result.chapter, message.result);
      if (message.kind === 'done') {
        errors = message.errors;
        child.send('exit');
      }
    });
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      const hung = killed ? [...running.values()] : [];
      for (const one of hung) one.passed.push(...(finished.get(`${one.job} ${one.chapter}`) ?? []));
      if (killed && hung.length === 0) errors = [failure(`vitest was silent and was stopped\n${output.slice(-2000)}`)];
      else if (!killed && errors.length === 0 && output !== '') errors = [failure(output.slice(-4000))];
      resolve({ hung, errors });
    });
    listen();
    child.send(request(course, jobs, options));
  });
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

function request(course: Course, jobs: readonly Job[], options: RunOptions): ChildRequest {
  const file = (chapter: Chapter): { chapter: number; file: string } => ({
    chapter: chapter.number,
    file: chapter.checkpoint,
  });
  return {
    root: course.root,
    jobs: jobs.map(job => ({ ...job, files: job.chapters.map(number => file(chapterAt(course, number))) })),
    workers: options.workers ?? 2,
    testNamePattern: options.testNamePattern,
  };
}

const key = (message: { job: string; chapter: number }): string => `${message.job} ${message.chapter}`;
const failure = (message: string): TestFailure => ({ message, name: 'Error', frames: [] });

function addHung(results: Map<number, ChapterResult>, job: Job, hung: Hung): void {
  const test: TestResult = {
    section: hung.section,
    name: hung.test,
    state: 'failed',
    durationMs: 0,
    failures: [failure('the test did not come to an end: it looks like an endless loop')],
    notes: [],
  };
  for (const chapter of job.chapters) {
    if (results.has(chapter)) continue;
    const errors = chapter === hung.chapter ? [] : [failure(`not run: a test of chapter ${hung.chapter} did not end`)];
    const tests = chapter === hung.chapter ? [...hung.passed, test] : [];
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
