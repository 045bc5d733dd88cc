/**
 * RecordReader: the records of a data file one after the other, from the first to the first that cannot be read; and, for
 * those who ask, those behind it.
 *
 * It looks at the file through a window of memory that moves along, so a file of any size takes a megabyte.
 * Left out: what a record that cannot be read means: a torn tail or damage (recovery.ts decides).
 */

import { crc32 } from '../format/crc32.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import {
  crcStart,
  decodeRecord,
  FLAG_COMPRESSED,
  FLAGS_OFFSET,
  isSealed,
  KIND_BATCH_END,
  type LogRecord,
  MAX_HEADER_SIZE,
  parseRecord,
} from '../format/record.ts';
import type { DataFile } from './data-file.ts';
import { RangeCrc } from './range-crc.ts';

const WINDOW_SIZE = 1024 * 1024;

/** Bytes that may be a record up to this size are brought into the window; of longer ones only the checksum is asked for. */
const LONG_RECORD = 64 * 1024;

/** Reads the records of one data file in order. */
export class RecordReader {
  readonly #file: DataFile;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  /** Where the window begins in the file. */
  #windowStart: number;
  #offset: number;
  /** Made when the first long record is searched for. */
  #rangeCrc: RangeCrc | undefined;

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
   * Step over bytes that are no record: to the next offset below `limit` where a readable record begins, or else to `limit`.
   * Returns whether there is one. A checksum that fits no other place tells: bytes that only look like a record, as those of a value may, are not taken
   * for one. Records of kinds and flags that are not known yet are not looked for.
   */
  skip(limit: number): boolean {
    const end = Math.min(limit, this.#end);
    for (; this.#offset < end; this.#offset++) {
      if (this.#looksLikeRecord() && this.#isRecord()) return true;
    }
    return false;
  }

  /** Whether the two bytes that say kind and flags could be those of a record at the reader's offset. */
  #looksLikeRecord(): boolean {
    if (this.#offset + FLAGS_OFFSET >= this.#windowStart + this.#window.length) this.#moveWindow(0);
    const flagsAt = this.#offset - this.#windowStart + FLAGS_OFFSET;
    const kind = this.#window[flagsAt - 1]!;
    return kind >= 1 && kind <= KIND_BATCH_END && this.#window[flagsAt]! < FLAG_COMPRESSED;
  }

  /** Whether a record begins at the reader's offset. */
  #isRecord(): boolean {
    const { salt } = this.#file;
    this.#show(MAX_HEADER_SIZE);
    const at = this.#offset - this.#windowStart;
    const record = parseRecord(this.#window, at, this.#end - this.#windowStart); // Its end may lie behind the window.
    if (typeof record === 'string') return false;
    if (record.size > LONG_RECORD) return this.#window.readUInt32LE(at) === this.#crcOfLong(record.size);
    this.#show(record.size);
    const shownAt = this.#offset - this.#windowStart;
    return isSealed(this.#window, shownAt, shownAt + record.size, salt, this.#offset);
  }

  #crcOfLong(size: number): number {
    this.#rangeCrc ??= new RangeCrc(this.#file);
    const from = this.#offset + FLAGS_OFFSET - 1; // Behind the checksum itself.
    return this.#rangeCrc.crc(from, this.#offset + size, crcStart(this.#file.salt, this.#offset));
  }

  /** Have so many bytes from the reader's offset on in the window, as far as there are any. */
  #show(size: number): void {
    const end = Math.min(this.#offset + size, this.#end);
    if (end > this.#windowStart + this.#window.length) this.#moveWindow(0);
  }

  /** Have the window begin at the next record, and hold more of it than the `known` bytes there are of it now. */
  #moveWindow(known: number): void {
    const size = Math.min(Math.max(WINDOW_SIZE, 2 * known), this.#end - this.#offset);
    this.#window = this.#file.read(this.#offset, size);
    this.#windowStart = this.#offset;
  }
}
