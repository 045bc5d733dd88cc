/** Zigzag: 0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ..., so that small numbers of either sign are small varints. */
import { readVarint, writeVarint } from '../engine/src/format/varint.ts';

/** Write `n`, from -(2^52 - 1) to 2^52 - 1; returns the offset of the byte after it. */
export function writeSigned(bytes: Uint8Array, at: number, n: number): number {
  return writeVarint(bytes, at, n < 0 ? -2 * n - 1 : 2 * n);
}

/** The number at `bytes[at]`; `undefined` when there is none. Below zero there is no room left for special answers. */
export function readSigned(bytes: Uint8Array, at: number, end: number): number | undefined {
  const zigzag = readVarint(bytes, at, end);
  if (zigzag < 0) return undefined;
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}
