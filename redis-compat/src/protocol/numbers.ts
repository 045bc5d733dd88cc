/**
 * Numbers as Redis reads them: 64-bit integers in their one canonical spelling.
 *
 * Invariants: (1) a text is an integer only when printing the integer gives the same text back, so `+1`, `01`, ` 1` and
 *                 `-0` are none (Redis's string2ll, `src/util.c`);
 *             (2) an integer that a double holds exactly comes as a number, any other of the 64-bit range as a bigint, so
 *                 that the common path allocates nothing and the whole range still counts right.
 * Left out: floating point, which has a file of its own (long-double.ts).
 */

/** A signed 64-bit integer: a number whenever it is a safe integer, else a bigint. */
export type Integer = number | bigint;

/** Largest signed 64-bit integer. */
export const INT64_MAX: bigint = 2n ** 63n - 1n;
/** Smallest signed 64-bit integer. */
export const INT64_MIN: bigint = -(2n ** 63n);

/** Longest spelling of a 64-bit integer: a sign and 19 digits. */
export const MAX_INTEGER_LENGTH = 20;
/** So many digits always fit a double exactly (10^15 < 2^53). */
const SAFE_DIGITS = 15;

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** The integer spelled by `bytes[start, end)`, or undefined when it is none or lies outside 64 bits. */
export function parseInteger(bytes: Uint8Array, start: number, end: number): Integer | undefined {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (end - first > SAFE_DIGITS) return parseLongInteger(bytes, start, end);
  if (end <= first) return undefined;
  if (bytes[first] === ZERO) return !negative && end - first === 1 ? 0 : undefined;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** Whether `bytes[start, end)` spells a 64-bit integer. Decides the label `int` of a string. */
export function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start];
  if (first === undefined || first > NINE || end - start > MAX_INTEGER_LENGTH) return false;
  return parseInteger(bytes, start, end) !== undefined;
}

/** The sum of two 64-bit integers, or undefined when it does not fit 64 bits. */
export function addIntegers(a: Integer, b: Integer): Integer | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return toInt64(BigInt(a) + BigInt(b));
}

/** `value` in the narrowest form that holds it, or undefined when it does not fit 64 bits. */
export function toInt64(value: bigint): Integer | undefined {
  return value > INT64_MAX || value < INT64_MIN ? undefined : narrow(value);
}

/**
 * `value` as a number for use as an offset or a count: past 2^53 it is rounded, which lies far beyond the largest string
 * or collection, so that comparisons with real sizes stay right.
 */
export function toOffset(value: Integer): number {
  return Number(value);
}

function narrow(value: bigint): Integer {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}

/** Sixteen digits and more: check the spelling, then let BigInt do the arithmetic. */
function parseLongInteger(bytes: Uint8Array, start: number, end: number): Integer | undefined {
  if (end - start > MAX_INTEGER_LENGTH) return undefined;
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return /^-?[1-9][0-9]*$/.test(text) ? toInt64(BigInt(text)) : undefined;
}
