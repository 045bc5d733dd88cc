// superseded later: imports, ProblemCode, Problem, checkFile
/**
 * Check of one data file: every record of it is read, also those behind damage, and whoever listens is told what is there.
 *
 * Invariant: a record that is told of has a checksum that fits its bytes, its file and its place.
 * Left out: what the damage means: a torn tail, or the loss of something that counted (check-directory.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { RecordReader } from '../disk/record-reader.ts';
import type { LogRecord } from '../format/record.ts';
import { PROBLEMS } from '../recovery/log-end.ts';
import { assertKnown } from '../recovery/replay.ts';
import type { TimeSlices } from './time-slices.ts';

/**
 * What is wrong: with the manifest; with a data file that is missing, or whose header is not the right one; with bytes that
 * are no record; with a file that is shorter than it was.
 */
export type ProblemCode = 'MANIFEST' | 'FILE_MISSING' | 'FILE_HEADER' | 'RECORD' | 'RECORDS_MISSING';

/** One thing that is wrong, and where. */
export interface Problem {
  /** The file's name inside the database directory. */
  readonly file: string;
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  readonly code: ProblemCode;
  readonly message: string;
}

/** Tell `witness` what `file` holds behind its header, which is not looked at, and before `end`. */
export async function checkFile(file: DataFile, end: number, witness: Witness, slices: TimeSlices): Promise<void> {
  const last = Math.min(end, file.size);
  const reader = new RecordReader(file, undefined, last);
  const tell = (offset: number, code: ProblemCode, message: string): unknown =>
    witness.problem({ file: file.name, offset, code, message });
  const bytesBefore = slices.bytesRead;
  let isInGap = false;
  for (;;) {
    const offset = reader.offset;
    const record = isInGap && offset < last ? 'corrupt' : reader.next();
    if (record === 'end') break;
    if (typeof record === 'object') {
      assertKnown(record, file, offset);
      witness.record(record, offset);
      slices.recordsRead++;
    } else {
      if (!isInGap) tell(offset, 'RECORD', PROBLEMS[record]);
      isInGap = !reader.skip(offset + SEARCH_SIZE);
      witness.gap(offset, reader.offset - offset);
    }
    slices.bytesRead = bytesBefore + reader.offset;
    if (slices.step(reader.offset - offset)) await slices.rest();
  }
  if (!isInGap && reader.offset < end) {
    tell(reader.offset, 'RECORDS_MISSING', `the file should have ${end} bytes`);
  }
}
