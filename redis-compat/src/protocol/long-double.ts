/**
 * The 80-bit `long double` of x86, in which Redis counts INCRBYFLOAT and HINCRBYFLOAT: 10.5 plus 0.1 must read 10.6, and
 * with a 53-bit double it would not.
 *
 * Invariants: (1) a finite value is `mantissa * 2^exponent` exactly, with |mantissa| < 2^64;
 *             (2) parsing, adding and printing round once, to the nearest, ties to even, as the C library does.
 * Left out: NaN, which no command accepts or produces. Source: Redis `src/util.c` (string2ld, ld2string LD_STR_HUMAN).
 */

/** A finite number with a 64-bit mantissa. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** What a sum or a text can be beside a finite number. */
export type LongDoubleOrInfinity = LongDouble | 'inf' | '-inf';

const MANTISSA_BITS = 64;
/** Exponents of the last mantissa bit: below the first a number is denormal, above the second it is infinite. */
const MIN_EXPONENT = -16445;
const MAX_EXPONENT = 16320;
/** Texts from this length on are refused, as Redis does (its buffer has 5 KiB). */
const MAX_TEXT_LENGTH = 5 * 1024;
/** Decimal exponents beyond this overflow or vanish whatever digits of {@link MAX_TEXT_LENGTH} stand before them. */
const MAX_DECIMAL_EXPONENT = 20_000;
/** Digits printed after the point before trailing zeros go. */
const FRACTION_DIGITS = 17;

const DECIMAL = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?[0-9]+))?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/** The number spelled by `text` the way `strtold` reads it, or undefined where Redis says "not a valid float". */
export function parseLongDouble(text: string): LongDoubleOrInfinity | undefined {
  if (text.length === 0 || text.length >= MAX_TEXT_LENGTH) return undefined;
  const infinity = INFINITY.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? '-inf' : 'inf';
  const decimal = DECIMAL.exec(text);
  const match = decimal ?? HEXADECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt((decimal === null ? '0x' : '') + whole + fraction);
  const exponent = Number(exponentText);
  const value =
    decimal === null
      ? scaleBinary(digits, exponent - 4 * fraction.length)
      : scaleDecimal(digits, exponent - fraction.length);
  // Out of range is an error, not an infinity: strtold reports ERANGE.
  if (value === undefined || (value.mantissa === 0n && digits !== 0n)) return undefined;
  return sign === '-' ? { mantissa: -value.mantissa, exponent: value.exponent } : value;
}

/** The sum, or undefined where it is infinite or no number at all. */
export function addLongDoubles(a: LongDoubleOrInfinity, b: LongDoubleOrInfinity): LongDouble | undefined {
  if (typeof a === 'string' || typeof b === 'string') return undefined;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  const rounded = round(sum < 0n ? -sum : sum, 1n, exponent);
  if (rounded === undefined) return undefined;
  return sum < 0n ? { mantissa: -rounded.mantissa, exponent: rounded.exponent } : rounded;
}

/** `%.17Lf` without trailing zeros, the form in which Redis stores and answers it. */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.mantissa < 0n;
  const magnitude = negative ? -value.mantissa : value.mantissa;
  const scaled = magnitude * 10n ** BigInt(FRACTION_DIGITS);
  const units =
    value.exponent >= 0 ? scaled << BigInt(value.exponent) : divideRounding(scaled, 1n << BigInt(-value.exponent));
  const digits = units.toString().padStart(FRACTION_DIGITS + 1, '0');
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '');
  const text = digits.slice(0, -FRACTION_DIGITS) + (fraction === '' ? '' : `.${fraction}`);
  return negative && text !== '0' ? `-${text}` : text;
}

function scaleBinary(digits: bigint, exponent: number): LongDouble | undefined {
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  if (exponent > 2 * MAX_DECIMAL_EXPONENT) return undefined;
  if (exponent < -5 * MAX_DECIMAL_EXPONENT) return { mantissa: 0n, exponent: 0 };
  return round(digits, 1n, exponent);
}

function scaleDecimal(digits: bigint, exponent: number): LongDouble | undefined {
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  if (exponent > MAX_DECIMAL_EXPONENT) return undefined;
  if (exponent < -MAX_DECIMAL_EXPONENT) return { mantissa: 0n, exponent: 0 };
  return exponent >= 0 ? round(digits * 10n ** BigInt(exponent), 1n, 0) : round(digits, 10n ** BigInt(-exponent), 0);
}

/** `numerator / denominator * 2^exponent` rounded to 64 bits of mantissa; undefined when it is too large. */
function round(numerator: bigint, denominator: bigint, exponent: number): LongDouble | undefined {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 };
  let shift = bitLength(numerator) - bitLength(denominator) - MANTISSA_BITS;
  // The quotient has MANTISSA_BITS bits at this shift, or one more: then it is the next shift.
  if (shifted(numerator, denominator, shift) >> BigInt(MANTISSA_BITS) !== 0n) shift++;
  shift = Math.max(shift, MIN_EXPONENT - exponent);
  const [over, under] =
    shift >= 0 ? [numerator, denominator << BigInt(shift)] : [numerator << BigInt(-shift), denominator];
  const mantissa = divideRounding(over, under);
  const carried = mantissa >> BigInt(MANTISSA_BITS) !== 0n;
  const result = { mantissa: carried ? mantissa >> 1n : mantissa, exponent: exponent + shift + (carried ? 1 : 0) };
  return result.exponent > MAX_EXPONENT ? undefined : result;
}

function shifted(numerator: bigint, denominator: bigint, shift: number): bigint {
  return shift >= 0 ? numerator / (denominator << BigInt(shift)) : (numerator << BigInt(-shift)) / denominator;
}

/** The quotient of two positive integers, to the nearest, ties to even. */
function divideRounding(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0]!, 16)));
}
