/**
 * RecordReader: the records of a data file one after the other, from the first to the first that cannot be read; and, for
 * those who ask, those behind it.
 *
 * It looks at the file through a window of memory that moves along, so a file of any size takes a megabyte.
 * Left out: what a record that cannot be read means: a torn tail or damage (recovery.ts decides).
 */

import { crc32 } from '../format/crc32.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { decodeRecord, FLAG_COMPRESSED, FLAGS_OFFSET, KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import type { DataFile } from './data-file.ts';

const WINDOW_SIZE = 1024 * 1024;

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

  /** Where the next record begins in the file. */
  get offset(): number {
    return this.#offset;
  }

  /** The next record, valid until the next call; or why there is none. The reader stays where it is then. */
  next(): LogRecord | 'end' | 'torn' | 'corrupt' {
    if (this.#offset >= this.#end) return 'end';
    for (;;) {
      const at = this.#offset - this.#windowStart;
      const record = decodeRecord(this.#window, at, this.#file.salt, this.#offset);
      if (typeof record === 'object') {
        this.#offset += record.size;
        return record;
      }
      const windowEnd = this.#windowStart + this.#window.length;
      if (record === 'corrupt' || windowEnd >= this.#end) return record;
      this.#moveWindow(this.#window.length - at);
    }
  }

  /** The CRC-32 of all bytes of the record that `next` has just returned, begun with `initial`. */
  crcOfLast(record: LogRecord, initial: number): number {
    const end = this.#offset - this.#windowStart;
    return crc32(this.#window, end - record.size, end, initial);
  }

  /**
   * Step over bytes that are no record: to the next offset below `limit` where a readable record begins, or to `limit`.
   * A checksum that fits no other place tells: bytes that only look like a record, as those of a value may, are not taken
   * for one. Records of kinds and flags that are not known yet are not looked for.
   */
  skip(limit: number): void {
    const end = Math.min(limit, this.#end);
    for (this.#offset++; this.#offset < end; this.#offset++) {
      if (!this.#looksLikeRecord()) continue;
      const start = this.#offset;
      if (typeof this.next() === 'string') continue;
      this.#offset = start;
      return;
    }
  }

  /** Whether the two bytes that say kind and flags could be those of a record at the reader's offset. */
  #looksLikeRecord(): boolean {
    if (this.#offset + FLAGS_OFFSET >= this.#windowStart + this.#window.length) this.#moveWindow(0);
    const flagsAt = this.#offset - this.#windowStart + FLAGS_OFFSET;
    const kind = this.#window[flagsAt - 1]!;
    return kind >= 1 && kind <= KIND_BATCH_END && this.#window[flagsAt]! < FLAG_COMPRESSED;
  }

  /** Have the window begin at the next record, and hold more of it than the `known` bytes there are of it now. */
  #moveWindow(known: number): void {
    const size = Math.min(Math.max(WINDOW_SIZE, 2 * known), this.#end - this.#offset);
    this.#window = this.#file.read(this.#offset, size);
    this.#windowStart = this.#offset;
  }
}
