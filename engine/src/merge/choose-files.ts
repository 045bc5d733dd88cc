/** Choose files: which sealed files are worth a merge. Pure: from sizes to a list. */

import type { FileId } from '../disk/file-names.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import type { KeyIndex } from '../keydir/key-index.ts';

/** A sealed file, and how much of it a merge would win back. */
export interface Candidate {
  readonly live: LiveFile;
  readonly deadBytes: number;
}

/** When a merge is worth its work. */
export interface MergeThreshold {
  /** The share of a file's records, in bytes, that must be dead. */
  readonly deadShare: number;
  /** How many bytes must be won back by one merge. */
  readonly minDeadBytes: number;
}

/** A merge copies no more live bytes than this at once, so that it ends in good time and needs little room. */
const MAX_LIVE_BYTES = 1024 * 1024 * 1024;

/** Live bytes of each data file, all spaces together. */
export function liveBytesByFile(indexes: Iterable<KeyIndex>): Map<FileId, number> {
  const total = new Map<FileId, number>();
  for (const { usage } of indexes) {
    for (const [id, bytes] of usage.entries()) total.set(id, (total.get(id) ?? 0) + bytes);
  }
  return total;
}

/** The files worth a merge, those with the largest dead share first; none when they are too few. */
export function chooseFiles(candidates: readonly Candidate[], threshold: MergeThreshold): LiveFile[] {
  const worth = candidates
    .filter(({ live, deadBytes }) => isMostlyDead(deadBytes, live.sealedSize!, threshold))
    .sort((a, b) => shareOf(b) - shareOf(a));
  const chosen: LiveFile[] = [];
  let liveBytes = 0;
  let wonBytes = 0;
  for (const { live, deadBytes } of worth) {
    if (chosen.length > 0 && liveBytes >= MAX_LIVE_BYTES) break;
    chosen.push(live);
    liveBytes += live.sealedSize! - deadBytes;
    wonBytes += deadBytes;
  }
  return wonBytes >= threshold.minDeadBytes ? chosen : [];
}

/** Whether so many dead bytes in a file of this size are more than the threshold allows. */
export function isMostlyDead(deadBytes: number, fileSize: number, { deadShare }: MergeThreshold): boolean {
  return deadBytes > 0 && deadBytes >= deadShare * (fileSize - FILE_HEADER_SIZE);
}

const shareOf = ({ live, deadBytes }: Candidate): number => deadBytes / live.sealedSize!;
