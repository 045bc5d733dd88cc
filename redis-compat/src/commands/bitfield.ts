/**
 * BITFIELD: integers of 1 to 64 bits at any bit of a string, read, set and counted in one command.
 *
 * Invariant: every operation is parsed before the first one runs, so an error in the last leaves the string as it was.
 */
import { readField, writeField } from '../data-types/bits.ts';
import { type ByteRange, findString } from '../data-types/string.ts';
import { editString, type StringEdit } from '../data-types/string-edit.ts';
import { BIT_OFFSET, ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { INT64_MAX, parseInteger, toInt64 } from '../protocol/numbers.ts';
import { integerAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

/** What happens when a number does not fit its field. */
type Overflow = 'WRAP' | 'SAT' | 'FAIL';

/** One operation: GET, SET or INCRBY on the field of `bits` bits at bit `offset`. */
interface FieldOperation {
  readonly kind: 'GET' | 'SET' | 'INCRBY';
  readonly signed: boolean;
  readonly bits: number;
  readonly offset: number;
  /** The value of SET, the increment of INCRBY. */
  readonly operand: bigint;
  readonly overflow: Overflow;
}

/** What a field holds after an operation; undefined when it did not fit and OVERFLOW FAIL was asked for. */
interface FieldResult {
  readonly value: bigint | undefined;
  readonly reply: bigint | undefined;
}

const BAD_TYPE = 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.';
const NO_BYTES: ByteRange = { buffer: Buffer.alloc(0), start: 0, end: 0 };
const OVERFLOWS: readonly Overflow[] = ['WRAP', 'SAT', 'FAIL'];

export function bitfield(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const operations = parseOperations(ctx, bytes, at);
  if (operations.every(operation => operation.kind === 'GET')) readFields(ctx, bytes, at, operations);
  else writeFields(ctx, bytes, at, operations);
}

export function bitfieldReadOnly(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const operations = parseOperations(ctx, bytes, at);
  if (operations.some(operation => operation.kind !== 'GET')) {
    throw new ReplyError('ERR BITFIELD_RO only supports the GET subcommand');
  }
  readFields(ctx, bytes, at, operations);
}

function readFields(ctx: CommandContext, bytes: Buffer, at: Offsets, operations: readonly FieldOperation[]): void {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  ctx.reply.array(operations.length);
  for (const operation of operations) {
    const from = Math.min(firstByte(operation), found === undefined ? 0 : found.size);
    const to = Math.min(endByte(operation), found === undefined ? 0 : found.size);
    const { buffer, start, end } = found === undefined ? NO_BYTES : found.range(from, to);
    ctx.reply.integer(toInt64(fieldIn(buffer, start, end, operation))!);
  }
}

function writeFields(ctx: CommandContext, bytes: Buffer, at: Offsets, operations: readonly FieldOperation[]): void {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const oldSize = found === undefined ? 0 : found.size;
  const built = found?.isBuilt === true;
  const edit = editString(ctx.db, bytes, at[2]!, at[3]!, found, sizeNeeded(operations));
  const grown = edit.size > oldSize;
  let changes = 0;
  ctx.reply.array(operations.length);
  for (const operation of operations) changes += runOperation(ctx, edit, operation, grown);
  if (grown || changes > 0 || !built) edit.commit();
  if (changes === 0) return;
  ctx.effects.touched(ctx.db.index, bytes, at[2]!, at[3]!, changes);
  ctx.event('string', 'setbit', bytes, at[2]!, at[3]!);
}

const firstByte = ({ offset }: FieldOperation): number => Math.floor(offset / 8);
const endByte = ({ offset, bits }: FieldOperation): number => Math.floor((offset + bits - 1) / 8) + 1;

/** The integer of a field whose first byte is `bytes[start]`; bits beyond the end are zeros. */
function fieldIn(bytes: Buffer, start: number, end: number, { signed, bits, offset }: FieldOperation): bigint {
  const field = readField(bytes, start, end, offset % 8, bits);
  return signed ? BigInt.asIntN(bits, field) : field;
}

/** Bytes that the string must have for the farthest SET or INCRBY. */
function sizeNeeded(operations: readonly FieldOperation[]): number {
  const ends = operations.map(operation => (operation.kind === 'GET' ? 0 : operation.offset + operation.bits - 1));
  return Math.floor(Math.max(...ends) / 8) + 1;
}

/** Runs one operation and answers it; 1 when the string has changed. A string that grew counts as changed. */
function runOperation(ctx: CommandContext, edit: StringEdit, operation: FieldOperation, grown: boolean): 0 | 1 {
  const from = firstByte(operation);
  const bytes = edit.read(from, endByte(operation));
  const old = fieldIn(bytes, 0, bytes.length, operation);
  if (operation.kind === 'GET') {
    ctx.reply.integer(toInt64(old)!);
    return 0;
  }
  const result = newValue(operation, old);
  if (result.value === undefined) {
    ctx.reply.null();
    return 0;
  }
  ctx.reply.integer(toInt64(result.reply!)!);
  writeField(bytes, operation.offset % 8, operation.bits, result.value);
  edit.write(from, bytes.subarray(0, edit.size - from));
  return grown || result.value !== old ? 1 : 0;
}

function newValue({ kind, signed, bits, operand, overflow }: FieldOperation, old: bigint): FieldResult {
  // SET of a negative number in an unsigned field means the 64-bit pattern, which is too large for the field.
  const wanted = kind === 'INCRBY' ? old + operand : signed ? operand : BigInt.asUintN(64, operand);
  const value = saturatesUpwards(kind, signed, bits, operand, overflow)
    ? maxOf(signed, bits)
    : fit(wanted, signed, bits, overflow);
  return { value, reply: kind === 'INCRBY' ? value : old };
}

/** Redis's own arithmetic overflows for a SET far below the field's range: it saturates at the upper end. So does ours. */
function saturatesUpwards(kind: string, signed: boolean, bits: number, operand: bigint, overflow: Overflow): boolean {
  return kind === 'SET' && signed && bits < 64 && overflow === 'SAT' && maxOf(signed, bits) - operand > INT64_MAX;
}

/** The largest integer of a field. */
const maxOf = (signed: boolean, bits: number): bigint => 2n ** BigInt(signed ? bits - 1 : bits) - 1n;

/** `wanted` made to fit the field, or undefined when OVERFLOW says to give up. */
function fit(wanted: bigint, signed: boolean, bits: number, overflow: Overflow): bigint | undefined {
  const max = maxOf(signed, bits);
  const min = signed ? -max - 1n : 0n;
  if (wanted >= min && wanted <= max) return wanted;
  if (overflow === 'FAIL') return undefined;
  if (overflow === 'SAT') return wanted > max ? max : min;
  return signed ? BigInt.asIntN(bits, wanted) : BigInt.asUintN(bits, wanted);
}

function parseOperations(ctx: CommandContext, bytes: Buffer, at: Offsets): FieldOperation[] {
  const operations: FieldOperation[] = [];
  let overflow: Overflow = 'WRAP';
  let i = 2;
  while (i < ctx.argc) {
    const left = ctx.argc - i - 1;
    if (ctx.is(i, 'OVERFLOW') && left >= 1) {
      overflow = overflowAt(ctx, i + 1);
      i += 2;
      continue;
    }
    const kind = (['GET', 'SET', 'INCRBY'] as const).find(word => ctx.is(i, word));
    const parameters = kind === 'GET' ? 2 : 3;
    if (kind === undefined || left < parameters) throw new ReplyError(SYNTAX_ERROR);
    const { signed, bits } = fieldTypeAt(ctx, bytes, at, i + 1);
    const offset = fieldOffsetAt(ctx, bytes, at, i + 2, bits);
    const operand = kind === 'GET' ? 0n : BigInt(integerAt(ctx, i + 3));
    operations.push({ kind, signed, bits, offset, operand, overflow });
    i += 1 + parameters;
  }
  return operations;
}

function overflowAt(ctx: CommandContext, index: number): Overflow {
  const overflow = OVERFLOWS.find(word => ctx.is(index, word));
  if (overflow === undefined) throw new ReplyError('ERR Invalid OVERFLOW type specified');
  return overflow;
}

/** `i1` to `i64`, `u1` to `u63`. */
function fieldTypeAt(
  ctx: CommandContext,
  bytes: Buffer,
  at: Offsets,
  index: number,
): { signed: boolean; bits: number } {
  const letter = ctx.size(index) === 0 ? '' : String.fromCharCode(bytes[at[2 * index]!]!);
  const signed = letter === 'i';
  const bits = parseInteger(bytes, at[2 * index]! + 1, at[2 * index + 1]!);
  if ((!signed && letter !== 'u') || typeof bits !== 'number' || bits < 1 || bits > (signed ? 64 : 63)) {
    throw new ReplyError(BAD_TYPE);
  }
  return { signed, bits };
}

/** A bit, or `#n`: the n-th field of this width. */
function fieldOffsetAt(ctx: CommandContext, bytes: Buffer, at: Offsets, index: number, bits: number): number {
  const start = at[2 * index]!;
  const counted = ctx.size(index) > 0 && bytes[start] === 0x23;
  const value = parseInteger(bytes, counted ? start + 1 : start, at[2 * index + 1]!);
  const offset = value === undefined ? -1 : Number(value) * (counted ? bits : 1);
  if (offset < 0 || Math.floor(offset / 8) >= ctx.server.config.protoMaxBulkLen) throw new ReplyError(BIT_OFFSET);
  return offset;
}
