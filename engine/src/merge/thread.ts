/** The thread: does one job, tells how far it is, and ends. It shares no memory with the program. */

import { parentPort, workerData } from 'node:worker_threads';
import { nodeFileSystem } from '../disk/file-system.ts';
import { CorruptionError } from '../errors.ts';
import { doJob } from './do-job.ts';
import type { MergeOutcome } from './merge-job.ts';
import { SpeedLimit } from './speed-limit.ts';
import type { Failure, ThreadData, ThreadMessage } from './thread-message.ts';

const { job, bytesPerSecond } = workerData as ThreadData;
const limit = new SpeedLimit(bytesPerSecond);

doJob(nodeFileSystem, job, async bytesRead => {
  say({ bytesRead });
  await limit.keep(bytesRead);
}).then(
  outcome => say({ outcome }, memoryOf(outcome)),
  (error: unknown) => say({ failure: toFailure(error) }),
);

function say(message: ThreadMessage, memory: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, memory);
}

/** Handed over, so that nothing has to be copied. */
function memoryOf(outcome: MergeOutcome | undefined): ArrayBuffer[] {
  return (outcome?.moved ?? []).flatMap(({ fileIds, offsets, sizes }) =>
    [fileIds, offsets, sizes].map(({ buffer }) => buffer as ArrayBuffer),
  );
}

/** An error loses its class on the way to another thread. */
function toFailure(error: unknown): Failure {
  const { message, code } = error as NodeJS.ErrnoException;
  const isDamage = error instanceof CorruptionError;
  return { message, code, ...(isDamage && { damage: { file: error.file, offset: error.offset } }) };
}
