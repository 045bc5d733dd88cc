/** What the program and its thread say to each other. */

import { CorruptionError } from '../errors.ts';
import type { Job, MergeOutcome } from './merge-job.ts';

/** What the thread is started with. */
export interface ThreadData {
  readonly job: Job;
  readonly bytesPerSecond: number;
}

/** What the thread says: how far it is, and at last what came of it. */
export type ThreadMessage =
  | { readonly bytesRead: number }
  | { readonly outcome: MergeOutcome | undefined }
  | { readonly failure: Failure };

/** Why the thread could not go on. */
export interface Failure {
  readonly message: string;
  readonly code: string | undefined;
  readonly damage?: { readonly file: string; readonly offset: number };
}

/** The error that a failure stands for. */
export function toError({ message, code, damage }: Failure): Error {
  if (damage === undefined) return Object.assign(new Error(message), { code });
  return new CorruptionError(damage.file, damage.offset, 'a merge could not read the record');
}
