/**
 * The child process in which checkpoints run: started, listened to, and stopped when a test does not come to an end.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Course, chapterAt } from './catalog.ts';
import type { ChapterResult, Job, RunOptions, TestFailure, TestResult } from './run-checkpoints.ts';

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

/** Do two paths name one file (or does the first lie below the second), whatever their slashes? */
export function samePath(a: string, b: string, below = false): boolean {
  const [x, y] = [a.replaceAll('\\', '/'), b.replaceAll('\\', '/')];
  return x === y || (below && x.startsWith(`${y}/`));
}

/** A test that did not come to an end. */
export interface Hung {
  job: string;
  chapter: number;
  /** Sections and name of the test, joined by ` > `; empty when the loop is outside of tests. */
  test: string;
  passed: TestResult[];
}

/** How a run ended. */
export interface ChildEnd {
  hung: Hung[];
  errors: readonly TestFailure[];
}

/** Run these jobs in one child process; results go to `done` as they come. */
export async function runChild(
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
/** A failure that no test has thrown. */
export const failure = (message: string): TestFailure => ({ message, name: 'Error', frames: [] });
