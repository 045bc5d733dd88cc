/**
 * Log end: where the log ends, and whether it may end there.
 *
 * A file that was still growing ends where its last whole record ends, and the log with it: what follows is the torn tail
 * of a write that never ended. Unless something says that more had been synced: then what follows was on the disk once, and
 * is damage.
 */

import { dataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { LiveFile, Manifest } from '../disk/manifest.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { saysLaterSync } from './later-sync.ts';

/** Where a file ends for us, and why. */
export interface FileEnd {
  readonly offset: number;
  readonly problem: keyof typeof PROBLEMS | undefined;
}

/** The end of a file whose first record should follow one that is not there: the file before has lost its tail. */
export const LOG_ENDED_BEFORE: FileEnd = { offset: 0, problem: 'torn' };

/** What can be wrong where a file ends for us, in words. */
export const PROBLEMS = {
  torn: 'the record is cut short',
  corrupt: 'the record does not match its checksum',
  absent: 'the file is missing, or its header is not the right one',
} as const;

/** What opening throws: with the way on. */
export function damage(live: LiveFile, offset: number, problem: string): CorruptionError {
  return new CorruptionError(dataFileName(live.id), offset, `${problem}; Database.repair keeps all that can be read`);
}

/**
 * The seq of the last change before those of the growing files. Its record may be gone: merge drops a tombstone that
 * nothing needs any more.
 */
export function lastSealedSeq(manifest: Manifest, growing: readonly LiveFile[]): number {
  const [first] = growing;
  return first === undefined || first.minSeq === 0 ? manifest.syncedTo : first.minSeq - 1;
}

/** The log ends in the first of these files, after seq `lastSeq`. @throws {CorruptionError} when more had been synced. */
export function assertNothingLost(
  fs: FileSystem,
  directory: string,
  files: readonly LiveFile[],
  end: FileEnd,
  manifest: Manifest,
  lastSeq: number,
): void {
  const names = fs.list(directory);
  const vouches = (live: LiveFile, i: number): boolean =>
    names.includes(dataFileName(live.id)) &&
    saysLaterSync(fs, directory, live, i === 0 ? end.offset : FILE_HEADER_SIZE, lastSeq);
  if (manifest.syncedTo <= lastSeq && !files.some(vouches)) return;
  const problem = end.problem === undefined ? 'the file ends' : PROBLEMS[end.problem];
  throw damage(files[0]!, end.offset, `${problem}, and what came after had been synced`);
}
