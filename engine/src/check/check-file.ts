/**
 * Check of one data file: every record of it is read, also those behind damage, and whoever listens is told what is there.
 *
 * Invariant: a record that is told of has a checksum that fits its bytes, its file and its place.
 * Left out: what the damage means: a torn tail, or the loss of something that counted (check-directory.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { RecordReader } from '../disk/record-reader.ts';
import type { LogRecord } from '../format/record.ts';
import { assertKnown } from '../recovery/replay.ts';
import { BatchCheck } from './check-batch.ts';
import type { TimeSlices } from './time-slices.ts';

/**
 * What is wrong: with the manifest; with a data file that is missing, or whose header is not the right one; with bytes that
 * are no record; with a file that is shorter than it was; with a batch that is not whole; with a space that nothing has
 * made; with an entry of the index, which does not fit its record; with a count, which does not fit what was counted.
 */
export type ProblemCode =
  | 'MANIFEST'
  | 'FILE_MISSING'
  | 'FILE_HEADER'
  | 'RECORD'
  | 'RECORDS_MISSING'
  | 'BATCH'
  | 'SPACE'
  | 'ENTRY'
  | 'COUNT';

/** One thing that is wrong, and where. */
export interface Problem {
  /** The file's name inside the database directory. */
  readonly file: string;
  /** Where it begins, in bytes from the start of the file. A batch that is not whole is named by its first byte. */
  readonly offset: number;
  readonly code: ProblemCode;
  readonly message: string;
}

/** Hears of all that is found in a file, in the order of the file. */
export interface Witness {
  /** The record is valid during the call only. */
  record(record: LogRecord, offset: number): void;
  /** Bytes that are no record. A long stretch comes in several pieces. */
  gap(offset: number, size: number): unknown;
  problem(problem: Problem): unknown;
}

/** Bytes that are searched for a record in one go. */
const SEARCH_SIZE = 256 * 1024;

/** Tell `witness` what `file` holds behind its header, which is not looked at, and before `end`. */
export async function checkFile(file: DataFile, end: number, witness: Witness, slices: TimeSlices): Promise<void> {
  const last = Math.min(end, file.size);
  const reader = new RecordReader(file, undefined, last);
  const batches = new BatchCheck(file, witness);
  const bytesBefore = slices.bytesRead;
  let isInGap = false;
  for (;;) {
    const offset = reader.offset;
    const record = isInGap && offset < last ? 'corrupt' : reader.next();
    if (record === 'end') break;
    if (typeof record === 'object') {
      assertKnown(record, file, offset);
      batches.record(record, offset, reader);
      witness.record(record, offset);
      slices.recordsRead++;
    } else {
      if (!isInGap) batches.gap(offset, record);
      isInGap = !reader.skip(offset + SEARCH_SIZE);
      witness.gap(offset, reader.offset - offset);
    }
    slices.bytesRead = bytesBefore + reader.offset;
    if (slices.step(reader.offset - offset)) await slices.rest();
  }
  if (!isInGap) batches.end(reader.offset, end);
}
