/** Do a job: on this thread, whichever it is. */

import type { FileSystem } from '../disk/file-system.ts';
import { copyLiveRecords } from './copy-live-records.ts';
import type { Job, MergeOutcome } from './merge-job.ts';
import type { Pace } from './pace.ts';
import { writeHint } from './write-hint.ts';

/** Do it; resolves to what came of it, if that is a merge. */
export async function doJob(fs: FileSystem, job: Job, pace: Pace): Promise<MergeOutcome | undefined> {
  if (job.kind === 'merge') return copyLiveRecords(fs, job, pace);
  await writeHint(fs, job, pace);
  return undefined;
}
