/**
 * CRC shift: what becomes of a checksum when more bytes follow, without looking at them.
 *
 * A CRC-32 is linear: the checksum of a and b joined is the checksum of b XOR the checksum of a shifted by b's length, and
 * to shift by n bytes is to multiply by one fixed matrix of 32 by 32 bits for each n. The matrices for 1, 2, 4, 8 ... bytes
 * are made by squaring, so a shift by any length takes a few dozen steps.
 * Source: Mark Adler, crc32_combine in zlib.
 */

/** A matrix of 32 by 32 bits: what becomes of each single bit. */
type Matrix = Uint32Array;

const POLYNOMIAL = 0xedb8_8320;

/** The matrices for 1, 2, 4, 8 ... bytes, as far as they have been asked for. */
const POWERS: Matrix[] = [byteMatrix()];

function byteMatrix(): Matrix {
  return Uint32Array.from({ length: 32 }, (_, bit) => {
    let crc = 2 ** bit;
    for (let step = 0; step < 8; step++) crc = (crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1) >>> 0;
    return crc;
  });
}

function multiply(matrix: Matrix, vector: number): number {
  let product = 0;
  for (let bit = 0, rest = vector; rest !== 0; bit++, rest >>>= 1) if (rest & 1) product ^= matrix[bit]!;
  return product >>> 0;
}

/**
 * This checksum, shifted by `length` bytes. So `crc32(b, 0, b.length, crc)` is `shiftCrc(crc, b.length)` XOR `crc32(b)`.
 */
export function shiftCrc(crc: number, length: number): number {
  let shifted = crc;
  for (let power = 0, rest = length; rest > 0; power++, rest = Math.floor(rest / 2)) {
    if (power === POWERS.length) POWERS.push(POWERS[power - 1]!.map(column => multiply(POWERS[power - 1]!, column)));
    if (rest % 2 === 1) shifted = multiply(POWERS[power]!, shifted);
  }
  return shifted >>> 0;
}
