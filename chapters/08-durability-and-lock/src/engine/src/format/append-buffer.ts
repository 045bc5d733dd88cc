// superseded later: imports, MAX_CAPACITY, AppendBuffer, AppendBuffer.add, AppendBuffer.cutTo, AppendBuffer.reserve
/**
 * AppendBuffer: records that are encoded and not yet written, as the bytes that one write call will append.
 *
 * Invariant: byte p of the buffer will stand p bytes behind the end of the active file, so a record's place is known before
 * it is written, and it can be read from here.
 */

import { EngineError } from '../errors.ts';

/** The most bytes that can wait: 2 GiB. */
const MAX_CAPACITY = 2 ** 31;

/** Records on their way to the end of a data file. */
export class AppendBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(USUAL_CAPACITY);
  #size = 0;

  /** Add a record. */
  add(record: Buffer): void {
    this.reserve(record.length);
    record.copy(this.#bytes, this.#size);
    this.#size += record.length;
  }

  /** Forget everything from byte `size` on. */
  cutTo(size: number): void {
    this.#size = size;
    if (size === 0 && this.#bytes.length > 4 * USUAL_CAPACITY) this.#bytes = Buffer.allocUnsafeSlow(USUAL_CAPACITY);
  }

  /** Have room for this many bytes more. @throws {EngineError} `VALUE_TOO_LARGE`. */
  reserve(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    if (this.#size + size > MAX_CAPACITY) {
      throw new EngineError('VALUE_TOO_LARGE', 'more than 2 GiB would wait to be written');
    }
    const capacity = Math.max(Math.min(2 * this.#bytes.length, MAX_CAPACITY), this.#size + size);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}
