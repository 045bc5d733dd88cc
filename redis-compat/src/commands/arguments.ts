/**
 * Arguments as numbers and moments. Each function throws the error reply that Redis would give, so that a handler reads as
 * if every argument were right.
 */
import { invalidExpire, NOT_AN_INTEGER, ReplyError } from '../protocol/errors.ts';
import { INT64_MAX, INT64_MIN, type Integer, parseInteger, toOffset } from '../protocol/numbers.ts';
import type { CommandContext } from './context.ts';

/** The latest moment that can be stored: the year 287396. Redis allows later ones; they are kept as this one. */
export const LATEST_EXPIRY: number = Number.MAX_SAFE_INTEGER;

const INT32_MAX = 0x7fff_ffff;

/** Argument `index` as a 64-bit integer. */
export function integerAt(ctx: CommandContext, index: number, message: string = NOT_AN_INTEGER): Integer {
  const value = parseInteger(ctx.bytes, ctx.at[2 * index]!, ctx.at[2 * index + 1]!);
  if (value === undefined) throw new ReplyError(message);
  return value;
}

/** Argument `index` as an offset or a count: any 64-bit integer, rounded beyond 2^53. */
export function offsetAt(ctx: CommandContext, index: number, message?: string): number {
  return toOffset(integerAt(ctx, index, message));
}

/**
 * Are both ends of a range counted from the end of a string, and the wrong way round? Such a range is empty even where both
 * ends lie before the string's first byte, and would both be moved there.
 */
export function isCrossed(first: Integer, last: Integer): boolean {
  return first < 0 && last < 0 && first > last;
}

/** Argument `index` as a 32-bit integer. */
export function int32At(ctx: CommandContext, index: number, message?: string): number {
  const value = offsetAt(ctx, index, message);
  if (value > INT32_MAX || value < -INT32_MAX - 1) {
    throw new ReplyError(message ?? `ERR value is out of range, value must between ${-INT32_MAX - 1} and ${INT32_MAX}`);
  }
  return value;
}

/** How the moment of an expiry is written: in units of so many milliseconds, counted from `baseMs`. */
export interface ExpiryForm {
  readonly unitMs: 1 | 1000;
  readonly baseMs: number;
}

/** Argument `index` as the moment of an expiry, in milliseconds since the Unix epoch; it may lie in the past. */
export function expiryAt(ctx: CommandContext, index: number, form: ExpiryForm, command: string): number {
  return toMoment(integerAt(ctx, index), form, command);
}

/** The same where zero and negative arguments are refused, as by SET and GETEX. */
export function futureExpiryAt(ctx: CommandContext, index: number, form: ExpiryForm, command: string): number {
  const value = integerAt(ctx, index);
  if (value <= 0) throw new ReplyError(invalidExpire(command));
  return toMoment(value, form, command);
}

function toMoment(value: Integer, form: ExpiryForm, command: string): number {
  if (typeof value === 'number') {
    const moment = value * form.unitMs + form.baseMs;
    if (Number.isSafeInteger(moment)) return moment;
  }
  const milliseconds = BigInt(value) * BigInt(form.unitMs);
  const moment = milliseconds + BigInt(form.baseMs);
  if (milliseconds < INT64_MIN || moment > INT64_MAX) throw new ReplyError(invalidExpire(command));
  return Math.min(Number(moment), LATEST_EXPIRY);
}
