/**
 * Run checkpoints: vitest in a child process, over one or many targets, with the results as data.
 *
 * A job is a target and the chapters whose checkpoints it has to pass; all jobs share one start of vitest. A test that never ends (an
 * endless loop in a learner's code, in a mutant) can't be stopped from inside: the child is killed when one has been running for
 * `silenceMs`, the test counts as failed, and the jobs that were not done run again without that job.
 * Invariant: a file that can't be loaded is an error of its chapter, never a chapter without tests.
 */
import type { Course } from './catalog.ts';
import { failure, type Hung, runChild } from './checkpoint-child.ts';

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
