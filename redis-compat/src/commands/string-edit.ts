/**
 * Strings changed and read in part: APPEND, SETRANGE, GETRANGE, STRLEN; and strings as numbers: INCR and its relatives.
 */
import { findString, putNumber, putString, writeAt } from '../data-types/string.ts';
import {
  NAN_OR_INFINITY,
  NOT_A_FLOAT,
  NOT_AN_INTEGER,
  OFFSET_OUT_OF_RANGE,
  OVERFLOW,
  ReplyError,
  STRING_TOO_LARGE,
} from '../protocol/errors.ts';
import {
  addLongDoubles,
  formatLongDouble,
  type LongDoubleOrInfinity,
  parseLongDouble,
} from '../protocol/long-double.ts';
import { addIntegers, INT64_MIN, type Integer, parseInteger } from '../protocol/numbers.ts';
import { integerAt, isCrossed, offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

export function append(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const [start, end, from, to] = [at[2]!, at[3]!, at[4]!, at[5]!];
  const entry = findString(ctx.db, bytes, start, end);
  let size = to - from;
  if (entry === undefined) {
    putString(ctx.db, bytes, start, end, bytes, from, to, 0);
  } else {
    checkSize(ctx, entry.end - entry.start + size);
    size = writeAt(ctx.db, bytes, start, end, entry, entry.end - entry.start, bytes, from, to);
  }
  report(ctx, bytes, at, 'append');
  ctx.reply.integer(size);
}

export function strlen(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = findString(ctx.db, bytes, at[2]!, at[3]!);
  ctx.reply.integer(entry === undefined ? 0 : entry.end - entry.start);
}

export function setrange(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const offset = offsetAt(ctx, 2);
  if (offset < 0) throw new ReplyError(OFFSET_OUT_OF_RANGE);
  const [from, to] = [at[6]!, at[7]!];
  const entry = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (from === to) {
    ctx.reply.integer(entry === undefined ? 0 : entry.end - entry.start);
    return;
  }
  checkSize(ctx, offset + to - from);
  const size = writeAt(ctx.db, bytes, at[2]!, at[3]!, entry, offset, bytes, from, to);
  report(ctx, bytes, at, 'setrange');
  ctx.reply.integer(size);
}

export function getrange(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const crossed = isCrossed(integerAt(ctx, 2), integerAt(ctx, 3));
  const first = offsetAt(ctx, 2);
  const last = offsetAt(ctx, 3);
  const entry = findString(ctx.db, bytes, at[2]!, at[3]!);
  const size = entry === undefined ? 0 : entry.end - entry.start;
  const from = first < 0 ? Math.max(size + first, 0) : first;
  const to = Math.min(last < 0 ? Math.max(size + last, 0) : last, size - 1);
  if (entry === undefined || crossed || from > to) ctx.reply.bulk(bytes, 0, 0);
  else ctx.reply.bulk(entry.buffer, entry.start + from, entry.start + to + 1);
}

export function incr(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  count(ctx, bytes, at, 1);
}

export function decr(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  count(ctx, bytes, at, -1);
}

export function incrby(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  count(ctx, bytes, at, integerAt(ctx, 2));
}

export function decrby(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const step = integerAt(ctx, 2);
  if (step === INT64_MIN) throw new ReplyError('ERR decrement would overflow');
  count(ctx, bytes, at, -step);
}

export function incrbyfloat(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = findString(ctx.db, bytes, at[2]!, at[3]!);
  const value = entry === undefined ? { mantissa: 0n, exponent: 0 } : floatIn(entry.buffer, entry.start, entry.end);
  const sum = addLongDoubles(value, floatIn(bytes, at[4]!, at[5]!));
  if (sum === undefined) throw new ReplyError(NAN_OR_INFINITY);
  const text = formatLongDouble(sum);
  putNumber(ctx.db, bytes, at[2]!, at[3]!, text, 'float', entry === undefined ? 0 : entry.expiresAtMs);
  report(ctx, bytes, at, 'incrbyfloat');
  ctx.reply.bulkLatin1(text);
}

/** Add `step` to the integer under argument 1; a missing key counts from 0. */
function count(ctx: CommandContext, bytes: Buffer, at: Offsets, step: Integer): void {
  const entry = findString(ctx.db, bytes, at[2]!, at[3]!);
  const value = entry === undefined ? 0 : parseInteger(entry.buffer, entry.start, entry.end);
  if (value === undefined) throw new ReplyError(NOT_AN_INTEGER);
  const sum = addIntegers(value, step);
  if (sum === undefined) throw new ReplyError(OVERFLOW);
  putNumber(ctx.db, bytes, at[2]!, at[3]!, String(sum), 'integer', entry === undefined ? 0 : entry.expiresAtMs);
  report(ctx, bytes, at, 'incrby');
  ctx.reply.integer(sum);
}

function floatIn(bytes: Buffer, start: number, end: number): LongDoubleOrInfinity {
  const value = parseLongDouble(bytes.toString('latin1', start, end));
  if (value === undefined) throw new ReplyError(NOT_A_FLOAT);
  return value;
}

/** A string may grow up to `proto-max-bulk-len`. */
function checkSize(ctx: CommandContext, size: number): void {
  if (size > ctx.server.config.protoMaxBulkLen) throw new ReplyError(STRING_TOO_LARGE);
}

function report(ctx: CommandContext, bytes: Buffer, at: Offsets, event: string): void {
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('string', event, bytes, at[2]!, at[3]!);
}
