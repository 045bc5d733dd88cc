/**
 * RangeCrc: the checksum of any range of a file, after its bytes have been read once.
 *
 * It keeps the checksum of the file's first n blocks for each n, and takes the range between two places out of those.
 * A search for records behind damage asks for one long range after another, as random bytes look like long records; each
 * costs two blocks then, however long it is.
 */

import { shiftCrc } from '../format/crc-shift.ts';
import { crc32 } from '../format/crc32.ts';
import type { DataFile } from './data-file.ts';

const BLOCK_SIZE = 64 * 1024;

/** The checksums of ranges of one file, whose bytes do not change. */
export class RangeCrc {
  readonly #file: DataFile;
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_SIZE);
  /** Entry n is the checksum of the first n blocks. */
  readonly #sums: number[] = [0];

  constructor(file: DataFile) {
    this.#file = file;
  }

  /** The CRC-32 of the bytes from `from` to `to`, begun with `initial`. */
  crc(from: number, to: number, initial: number): number {
    return (this.#upTo(to) ^ shiftCrc((this.#upTo(from) ^ initial) >>> 0, to - from)) >>> 0;
  }

  /** The checksum of the file's first `size` bytes. */
  #upTo(size: number): number {
    const blocks = Math.floor(size / BLOCK_SIZE);
    while (this.#sums.length <= blocks) this.#sums.push(this.#crcOfBlock(this.#sums.length - 1, BLOCK_SIZE));
    return this.#crcOfBlock(blocks, size - blocks * BLOCK_SIZE);
  }

  /** The checksum of all before block number `n` and of the block's first `size` bytes. */
  #crcOfBlock(n: number, size: number): number {
    if (size > 0) this.#file.readInto(this.#block, 0, n * BLOCK_SIZE, size);
    return crc32(this.#block, 0, size, this.#sums[n]!);
  }
}
