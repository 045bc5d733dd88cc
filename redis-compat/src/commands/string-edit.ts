/**
 * Strings changed and read in part: APPEND, SETRANGE, GETRANGE, STRLEN; and strings as numbers: INCR and its relatives.
 */
import { type ByteRange, type FoundString, findString, putNumber, putString } from '../data-types/string.ts';
import { editString } from '../data-types/string-edit.ts';
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
import { addIntegers, INT64_MIN, type Integer, MAX_INTEGER_LENGTH, parseInteger } from '../protocol/numbers.ts';
import { integerAt, isCrossed, offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

export function append(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const [start, end, from, to] = [at[2]!, at[3]!, at[4]!, at[5]!];
  const found = findString(ctx.db, bytes, start, end);
  let size = to - from;
  if (found === undefined) {
    putString(ctx.db, bytes, start, end, bytes, from, to, 0);
  } else {
    checkSize(ctx, found.size + size);
    size = writeAt(ctx, bytes, at, found, found.size, from, to);
  }
  report(ctx, bytes, at, 'append');
  ctx.reply.integer(size);
}

export function strlen(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  ctx.reply.integer(found === undefined ? 0 : found.size);
}

export function setrange(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const offset = offsetAt(ctx, 2);
  if (offset < 0) throw new ReplyError(OFFSET_OUT_OF_RANGE);
  const [from, to] = [at[6]!, at[7]!];
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (from === to) {
    ctx.reply.integer(found === undefined ? 0 : found.size);
    return;
  }
  checkSize(ctx, offset + to - from);
  const size = writeAt(ctx, bytes, at, found, offset, from, to);
  report(ctx, bytes, at, 'setrange');
  ctx.reply.integer(size);
}

export function getrange(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const crossed = isCrossed(integerAt(ctx, 2), integerAt(ctx, 3));
  const first = offsetAt(ctx, 2);
  const last = offsetAt(ctx, 3);
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const size = found === undefined ? 0 : found.size;
  const from = first < 0 ? Math.max(size + first, 0) : first;
  const to = Math.min(last < 0 ? Math.max(size + last, 0) : last, size - 1);
  if (found === undefined || crossed || from > to) {
    ctx.reply.bulk(bytes, 0, 0);
    return;
  }
  const { buffer, start, end } = found.range(from, to + 1);
  ctx.reply.bulk(buffer, start, end);
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
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const value = found === undefined ? { mantissa: 0n, exponent: 0 } : floatIn(found.range());
  const sum = addLongDoubles(value, floatIn({ buffer: bytes, start: at[4]!, end: at[5]! }));
  if (sum === undefined) throw new ReplyError(NAN_OR_INFINITY);
  const text = formatLongDouble(sum);
  putNumber(ctx.db, bytes, at[2]!, at[3]!, text, 'float', found === undefined ? 0 : found.expiresAtMs);
  report(ctx, bytes, at, 'incrbyfloat');
  ctx.reply.bulkLatin1(text);
}

/** Add `step` to the integer under argument 1; a missing key counts from 0. */
function count(ctx: CommandContext, bytes: Buffer, at: Offsets, step: Integer): void {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const value = found === undefined ? 0 : integerIn(found);
  if (value === undefined) throw new ReplyError(NOT_AN_INTEGER);
  const sum = addIntegers(value, step);
  if (sum === undefined) throw new ReplyError(OVERFLOW);
  putNumber(ctx.db, bytes, at[2]!, at[3]!, String(sum), 'integer', found === undefined ? 0 : found.expiresAtMs);
  report(ctx, bytes, at, 'incrby');
  ctx.reply.integer(sum);
}

function integerIn(found: FoundString): Integer | undefined {
  if (found.size > MAX_INTEGER_LENGTH) return undefined;
  const { buffer, start, end } = found.range();
  return parseInteger(buffer, start, end);
}

function floatIn({ buffer, start, end }: ByteRange): LongDoubleOrInfinity {
  const value = parseLongDouble(buffer.toString('latin1', start, end));
  if (value === undefined) throw new ReplyError(NOT_A_FLOAT);
  return value;
}

/** Write bytes[from, to) over the string under argument 1 from `offset` on; returns its new size. */
function writeAt(
  ctx: CommandContext,
  bytes: Buffer,
  at: Offsets,
  found: FoundString | undefined,
  offset: number,
  from: number,
  to: number,
): number {
  const edit = editString(ctx.db, bytes, at[2]!, at[3]!, found, offset + to - from);
  edit.write(offset, bytes, from, to);
  edit.commit();
  return edit.size;
}

/** A string may grow up to `proto-max-bulk-len`. */
function checkSize(ctx: CommandContext, size: number): void {
  if (size > ctx.server.config.protoMaxBulkLen) throw new ReplyError(STRING_TOO_LARGE);
}

function report(ctx: CommandContext, bytes: Buffer, at: Offsets, event: string): void {
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('string', event, bytes, at[2]!, at[3]!);
}
