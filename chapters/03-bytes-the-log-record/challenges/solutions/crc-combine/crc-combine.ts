/**
 * The CRC of two halves. A remainder is a polynomial; to append n zero bytes is to multiply it by x^(8n), modulo the divisor. And to append B is to
 * append as many zeroes, and then to XOR the CRC of B into it: the two inversions at beginning and end cancel each other.
 */

const POLYNOMIAL = 0xedb8_8320;
/** In reflected form the highest bit is x^0. */
const ONE = 0x8000_0000;
const X_TO_THE_8 = 0x0080_0000;

export function combine(crcOfA: number, crcOfB: number, lengthOfB: number): number {
  return (multiply(power(lengthOfB), crcOfA) ^ crcOfB) >>> 0;
}

/** x^(8n) modulo the divisor, by squaring: as many steps as n has bits. */
function power(n: number): number {
  let result = ONE;
  let square = X_TO_THE_8;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

/** The product of two polynomials modulo the divisor: for each power of x in `a`, add `b` multiplied by it. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
