// superseded later: imports, VerifyReport, verifyDirectory
/**
 * Verify: is all that should be in a database there, and readable? Nothing is changed, and what is wrong is an answer, not
 * an error.
 *
 * Left out: a database that is open, and whether the values mean anything.
 */

import { type CheckedDirectory, checkDirectory } from './check-directory.ts';
import type { Problem } from './check-file.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { CheckOptions } from '../options.ts';
import { TimeSlices } from './time-slices.ts';

/** What {@link verifyDirectory} has found. */
export interface VerifyReport {
  /** Data files, and records that could be read in them. */
  readonly files: number;
  readonly records: number;
  /** What is wrong; empty when nothing is. */
  readonly problems: readonly Problem[];
  /** Writes that never ended: the next opening cuts them, and keeps them in lost/. */
  readonly tails: readonly Problem[];
}

/** Verify a directory that nobody has open. No file is opened for writing. */
export async function verifyDirectory(fs: FileSystem, directory: string, options: CheckOptions): Promise<VerifyReport> {
  const { files, problems, tails } = await checkDirectory(fs, directory, new TimeSlices(options));
  return { files: files.length, records: countRecords(files), problems, tails };
}
