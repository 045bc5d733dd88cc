/**
 * Run a job in a thread of its own, so that reads and writes go on at full speed. It runs here, in slices, when it is small,
 * when only this thread has the file system, and where no thread can be started: the thread's program is a file of its own,
 * which a bundler may have left behind.
 */

import { Worker } from 'node:worker_threads';
import { type FileSystem, nodeFileSystem } from '../disk/file-system.ts';
import { EngineError } from '../errors.ts';
import { doJob } from './do-job.ts';
import type { Job, MergeJob, MergeOutcome } from './merge-job.ts';
import { Slices } from './slices.ts';
import { SpeedLimit } from './speed-limit.ts';
import { type ThreadData, type ThreadMessage, toError } from './thread-message.ts';

/** Starting a thread takes some 30 milliseconds: in that time this many bytes are copied here. */
const SMALL_JOB = 4 * 1024 * 1024;

/** What Node says when it cannot load the program of a thread. */
const NOT_LOADED: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'ERR_UNKNOWN_FILE_EXTENSION'];

/** How a job is run. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Told how many bytes of the inputs have been read. */
  readonly onProgress: (bytesRead: number) => void;
  /** The most bytes to read in a second. */
  readonly bytesPerSecond: number;
  /** Whether the program may end before the job does. */
  readonly isBackground: boolean;
}

/** Copy what is live. Rejects with the signal's reason when that says: give up. */
export async function runMerge(fs: FileSystem, job: MergeJob, options: RunOptions): Promise<MergeOutcome> {
  const outcome = await runJob(fs, job, options);
  return outcome!;
}

/** Do it. Rejects with the signal's reason when that says: give up. */
export async function runJob(fs: FileSystem, job: Job, options: RunOptions): Promise<MergeOutcome | undefined> {
  if (fs !== nodeFileSystem || sizeOf(job) < SMALL_JOB) return runHere(fs, job, options);
  try {
    return await runInThread(job, options);
  } catch (error) {
    if (NOT_LOADED.includes((error as NodeJS.ErrnoException).code)) return runHere(fs, job, options);
    throw error;
  }
}

function sizeOf(job: Job): number {
  const files = job.kind === 'merge' ? job.inputs.map(({ live }) => live) : [job.live];
  return files.reduce((sum, { sealedSize }) => sum + sealedSize!, 0);
}

function runHere(fs: FileSystem, job: Job, options: RunOptions): Promise<MergeOutcome | undefined> {
  const slices = new Slices(options.signal);
  const limit = new SpeedLimit(options.bytesPerSecond);
  return doJob(fs, job, async bytesRead => {
    options.onProgress(bytesRead);
    await limit.keep(bytesRead, options.signal);
    await slices.rest();
  });
}

function runInThread(job: Job, options: RunOptions): Promise<MergeOutcome | undefined> {
  const { signal, onProgress, bytesPerSecond, isBackground } = options;
  return new Promise((resolve, reject) => {
    const workerData: ThreadData = { job, bytesPerSecond };
    const thread = new Worker(threadFile(), { workerData });
    if (isBackground) thread.unref();
    const giveUp = (): void => {
      void thread.terminate().then(() => reject(signal.reason as Error)); // Then it writes nothing any more.
    };
    signal.addEventListener('abort', giveUp);
    thread.on('message', (message: ThreadMessage) => {
      if ('bytesRead' in message) onProgress(message.bytesRead);
      else if ('outcome' in message) resolve(message.outcome);
      else reject(toError(message.failure));
    });
    thread.on('error', reject);
    thread.on('exit', () => {
      signal.removeEventListener('abort', giveUp);
      if (!signal.aborted) reject(new EngineError('IO', 'a thread has ended before its work was done'));
    });
  });
}

/** The program of the thread; where this file is TypeScript, so is that one. */
function threadFile(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./thread${extension}`, import.meta.url);
}
