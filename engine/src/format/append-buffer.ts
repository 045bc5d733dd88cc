/**
 * AppendBuffer: records that are encoded and not yet written, as the bytes that one write call will append.
 *
 * Records come in units: one call's changes, or one turn's. A unit of one record is that record, plain; a unit of more
 * is a batch. Which it will be is not known when the first record arrives, so that one is sealed last.
 * Invariants: (1) byte p of the buffer will stand at offset `base + p` of the active file, so a record's place is known
 *                 before it is written, and it can be read from here;
 *             (2) cutting the buffer back to where a unit began leaves the units before it as they were.
 */

import { EngineError } from '../errors.ts';
import { MAX_BATCH_END_SIZE, writeBatchEnd } from './batch-end.ts';
import { FLAG_BATCH, FLAGS_OFFSET, MAX_HEADER_SIZE, type RecordHeader, sealRecord, writeHeader } from './record.ts';

/** The buffer's size while little is in it, and what it shrinks back to: 256 KiB. */
const USUAL_CAPACITY = 256 * 1024;

/** The most bytes that can wait: those of one batch or turn, 2 GiB. */
const MAX_CAPACITY = 2 ** 31;

/** Up to this many bytes a loop copies faster than a call into native code. */
const SHORT_COPY = 48;

/** Records on their way to the end of a data file. */
export class AppendBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(USUAL_CAPACITY);
  #size = 0;
  #salt = 0;
  #base = 0;
  #isUnitOpen = false;
  #unitStart = 0;
  #unitCount = 0;
  /** Where the first record of the open unit ends. */
  #firstEnd = 0;

  /** The memory: `bytes[0, size)` is to be written. A larger Buffer may take its place when records are added. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether records may be added to a unit that has begun. */
  get isUnitOpen(): boolean {
    return this.#isUnitOpen;
  }

  /** Say where the bytes will go: to offset `base` of the file with this salt. Only while the buffer is empty. */
  aim(salt: number, base: number): void {
    this.#salt = salt;
    this.#base = base;
  }

  beginUnit(): void {
    this.#isUnitOpen = true;
    this.#unitStart = this.#size;
    this.#unitCount = 0;
  }

  /** Add a record to the open unit; returns where it begins in the buffer. Sets `header.batch`. */
  add(
    header: RecordHeader,
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
  ): number {
    const keySize = keyEnd - keyStart;
    const valueSize = valueEnd - valueStart;
    this.reserve(MAX_HEADER_SIZE + keySize + valueSize + MAX_BATCH_END_SIZE);
    if (this.#unitCount === 1) this.#sealFirst(FLAG_BATCH);
    header.batch = this.#unitCount > 0;

    const start = this.#size;
    const keyAt = writeHeader(this.#bytes, start, header, keySize, valueSize);
    copyBytes(this.#bytes, keyAt, key, keyStart, keyEnd);
    copyBytes(this.#bytes, keyAt + keySize, value, valueStart, valueEnd);
    const end = keyAt + keySize + valueSize;
    if (header.batch) sealRecord(this.#bytes, start, end, this.#salt, this.#base + start);
    else this.#firstEnd = end;
    this.#size = end;
    this.#unitCount++;
    return start;
  }

  /** No more records come: the open unit becomes a plain record or a whole batch. `seq` is that of its last record. */
  endUnit(seq: number): void {
    if (!this.#isUnitOpen) return;
    this.#isUnitOpen = false;
    const start = this.#unitStart;
    if (this.#unitCount === 1) this.#sealFirst(0);
    if (this.#unitCount > 1) {
      const fileOffset = this.#base + start;
      this.#size = writeBatchEnd(this.#bytes, start, this.#size, this.#unitCount, seq, this.#salt, fileOffset);
    }
  }

  /** Forget everything from byte `size` on, and the open unit with it. */
  cutTo(size: number): void {
    this.#isUnitOpen = false;
    this.#size = size;
    if (size === 0 && this.#bytes.length > 4 * USUAL_CAPACITY) this.#bytes = Buffer.allocUnsafeSlow(USUAL_CAPACITY);
  }

  /** Have room for this many bytes more. @throws {EngineError} `VALUE_TOO_LARGE`. */
  reserve(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    if (this.#size + size > MAX_CAPACITY) {
      throw new EngineError('VALUE_TOO_LARGE', 'one batch or turn would have more than 2 GiB: make it smaller');
    }
    const capacity = Math.max(Math.min(2 * this.#bytes.length, MAX_CAPACITY), this.#size + size);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }

  #sealFirst(flag: number): void {
    const start = this.#unitStart;
    this.#bytes[start + FLAGS_OFFSET]! |= flag;
    sealRecord(this.#bytes, start, this.#firstEnd, this.#salt, this.#base + start);
  }
}

function copyBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): void {
  if (end - start > SHORT_COPY) {
    source.copy(target, at, start, end);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!;
}
