// superseded later: imports, RecordReader, RecordReader.skip
/**
 * RecordReader: the records of a data file one after the other, from the first to the first that cannot be read; and, for
 * those who ask, those behind it.
 *
 * It looks at the file through a window of memory that moves along, so a file of any size takes a megabyte.
 * Left out: what a record that cannot be read means: a torn tail or damage (recovery.ts decides).
 */

import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { decodeRecord, FLAG_COMPRESSED, FLAGS_OFFSET, KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import type { DataFile } from './data-file.ts';

/** Reads the records of one data file in order. */
export class RecordReader {
  readonly #file: DataFile;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  /** Where the window begins in the file. */
  #windowStart: number;
  #offset: number;

  /** Reads `file` from `offset` up to `end`, which is the file's size unless the file counts only up to there. */
  constructor(file: DataFile, offset: number = FILE_HEADER_SIZE, end: number = file.size) {
    this.#file = file;
    this.#end = end;
    this.#offset = offset;
    this.#windowStart = offset;
  }

  /**
   * Step over bytes that are no record: to the next offset below `limit` where a readable record begins, or else to `limit`.
   * Returns whether there is one. A checksum that fits no other place tells: bytes that only look like a record, as those of a value may, are not taken
   * for one. Records of kinds and flags that are not known yet are not looked for.
   */
  skip(limit: number): boolean {
    const end = Math.min(limit, this.#end);
    for (; this.#offset < end; this.#offset++) {
      if (!this.#looksLikeRecord()) continue;
      const start = this.#offset;
      if (typeof this.next() === 'string') continue;
      this.#offset = start;
      return true;
    }
    return false;
  }
}
