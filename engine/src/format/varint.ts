/**
 * Varint: a whole number in as few bytes as it needs. Each byte holds seven bits, the lowest first; its top bit says
 * that another byte follows (LEB128, as in Protocol Buffers).
 *
 *    300 = 10_0101100 in binary        1 0101100   0 0000010        on disk: ac 02
 *                                      more        last
 *
 * Invariant: a number has one spelling, the shortest. `80 00` (a zero in two bytes) is refused, so the size of what was
 * read is `varintSize` of it, and reading needs no second result.
 * Left out: negative numbers, and numbers of 2^53 and more, which a JavaScript number cannot hold exactly.
 */

/** The most bytes a varint takes: 53 bits at seven a byte. */
export const MAX_VARINT_SIZE = 8;

/** What {@link readVarint} answers when the bytes end before the number does. */
export const VARINT_TORN = -1;

/** What {@link readVarint} answers when the bytes cannot be a varint of ours. */
export const VARINT_CORRUPT = -2;

/** The number of bytes `n` takes. */
export function varintSize(n: number): number {
  let size = 1;
  for (let limit = 0x80; n >= limit; limit *= 0x80) size++;
  return size;
}

/** Write `n` at `bytes[at]`; returns the offset of the byte after it. */
export function writeVarint(bytes: Uint8Array, at: number, n: number): number {
  let rest = n;
  let next = at;
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[next++] = rest;
  return next;
}

/** The number at `bytes[at]`, or {@link VARINT_TORN}, or {@link VARINT_CORRUPT}. No byte at or after `end` is looked at. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let n = 0;
  let scale = 1;
  for (let next = at; next < end; next++) {
    const byte = bytes[next]!;
    n += (byte & 0x7f) * scale;
    if (byte < 0x80) return isShortest(byte, next - at) && n <= Number.MAX_SAFE_INTEGER ? n : VARINT_CORRUPT;
    if (next - at + 1 === MAX_VARINT_SIZE) return VARINT_CORRUPT;
    scale *= 0x80;
  }
  return VARINT_TORN;
}

/** A last byte of zero adds nothing: the number would have been shorter without it. Only zero itself ends so. */
function isShortest(lastByte: number, bytesBefore: number): boolean {
  return lastByte !== 0 || bytesBefore === 0;
}
