/**
 * BatchCheck: is every batch of a file whole? It follows the records of one file and tells of each unit that does not
 * count: a record that cannot be read, or a batch that lacks something.
 *
 * Invariant: one piece of damage is told once, at the first byte of the unit it has hit, as recovery would name it.
 */

import type { DataFile } from '../disk/data-file.ts';
import type { RecordReader } from '../disk/record-reader.ts';
import { readBatchEnd } from '../format/batch-end.ts';
import { crcStart, KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import { PROBLEMS } from '../recovery/log-end.ts';
import type { Problem, Witness } from './check-file.ts';

/** The members of a batch whose end has not been read yet. */
interface OpenBatch {
  readonly start: number;
  count: number;
  crc: number;
  /** Its first members may be among bytes that could not be read. */
  readonly followsGap: boolean;
  /** It has been told that something is wrong with it. */
  isTold: boolean;
}

/** Follows the records of one file. */
export class BatchCheck {
  readonly #file: DataFile;
  readonly #witness: Pick<Witness, 'problem'>;
  #open: OpenBatch | undefined;
  /** Bytes that could not be read stand right before. */
  #followsGap = false;

  constructor(file: DataFile, witness: Pick<Witness, 'problem'>) {
    this.#file = file;
    this.#witness = witness;
  }

  /** `reader` has just read this record. */
  record(record: LogRecord, offset: number, reader: RecordReader): void {
    if (record.batch) {
      this.#open ??= this.#begin(offset);
      this.#open.count++;
      this.#open.crc = reader.crcOfLast(record, this.#open.crc);
      return;
    }
    if (record.kind === KIND_BATCH_END) this.#checkEnd(record, offset);
    else this.#tellOpen('its end is missing');
    this.#open = undefined;
    this.#followsGap = false;
  }

  #begin(start: number): OpenBatch {
    return { start, count: 0, crc: crcStart(this.#file.salt, start), followsGap: this.#followsGap, isTold: false };
  }

  #checkEnd(record: LogRecord, offset: number): void {
    const open = this.#open;
    const end = readBatchEnd(record);
    if (open === undefined) {
      if (!this.#followsGap) this.#tell(offset, 'BATCH', 'a batch ends here, and none of its records is there');
      return;
    }
    const size = offset - open.start;
    if (end?.count === open.count && end.size === size && end.crc === open.crc) return;
    const explained = open.followsGap && end !== undefined && end.size > size; // It begins among the unreadable bytes.
    if (!explained) this.#tellOpen('its records are not those that its end counts');
  }

  /** At `offset` begin bytes that are no record. */
  gap(offset: number, why: keyof typeof PROBLEMS): void {
    if (this.#open === undefined) this.#tell(offset, 'RECORD', PROBLEMS[why]);
    else this.#tellOpen(`${PROBLEMS[why]} at offset ${offset}`);
    this.#followsGap = true;
  }

  /** The last record ends at `offset`, where the file should have bytes up to `expected`. */
  end(offset: number, expected: number): void {
    if (this.#open !== undefined) this.#tellOpen('its end is missing');
    else if (offset < expected) this.#tell(offset, 'RECORDS_MISSING', `the file should have ${expected} bytes`);
  }

  /** Something is wrong with the batch that is open, if one is. */
  #tellOpen(message: string): void {
    const open = this.#open;
    if (open === undefined || open.isTold) return;
    open.isTold = true;
    this.#tell(open.start, 'BATCH', `the batch is not whole: ${message}`);
  }

  #tell(offset: number, code: Problem['code'], message: string): void {
    this.#witness.problem({ file: this.#file.name, offset, code, message });
  }
}
