/**
 * Later sync: was a record that cannot be read on the disk once? Then it is damage; else it is the tail of a write that
 * never ended.
 *
 * The records behind it may know: the first record of each append says up to which seq everything had been synced when
 * it was written. So we look for any readable record, at any byte, that says so of a seq we have not seen.
 */

import { join } from 'node:path';
import { readFully } from '../disk/data-file.ts';
import { dataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { FLAG_COMPRESSED, FLAG_SYNCED_TO, isSealed, KIND_BATCH_END, parseRecord } from '../format/record.ts';

/** Random bytes can look like a record of any size. Those above this one are checked until the budget is used up. */
const SMALL_RECORD = 64 * 1024;
const LARGE_BUDGET = 8 * 1024 * 1024 * 1024;
/** How much of a file is searched at most: what a Buffer can well hold. Files are an eighth of that unless somebody asks. */
const MAX_SEARCH = 2 ** 31;

/** Whether a readable record of this file, at or after offset `from`, says that a seq above `lastSeq` was synced. */
export function saysLaterSync(
  fs: FileSystem,
  directory: string,
  live: LiveFile,
  from: number,
  lastSeq: number,
): boolean {
  const bytes = readRest(fs, join(directory, dataFileName(live.id)), from);
  let budget = LARGE_BUDGET;
  for (let at = 0; at < bytes.length; at++) {
    if (!looksLikeFirstRecord(bytes, at)) continue;
    const record = parseRecord(bytes, at, bytes.length);
    if (typeof record === 'string' || record.syncedTo <= lastSeq) continue;
    if (record.size > SMALL_RECORD) budget -= record.size;
    if (record.size > SMALL_RECORD && budget < 0) continue;
    if (isSealed(bytes, at, at + record.size, live.salt, from + at)) return true;
  }
  return false;
}

function looksLikeFirstRecord(bytes: Buffer, at: number): boolean {
  const kind = bytes[at + 4]!;
  const flags = bytes[at + 5]!;
  return kind >= 1 && kind <= KIND_BATCH_END && (flags & FLAG_SYNCED_TO) !== 0 && flags < FLAG_COMPRESSED;
}

function readRest(fs: FileSystem, path: string, from: number): Buffer {
  const file = fs.open(path, 'read');
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.min(Math.max(0, file.size() - from), MAX_SEARCH));
    return bytes.subarray(0, readFully(file, bytes, 0, bytes.length, from));
  } finally {
    file.close();
  }
}
