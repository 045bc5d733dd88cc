/**
 * Bitmaps: strings read and written bit by bit. BITFIELD has a file of its own.
 */
import { countBits, findBit } from '../data-types/bits.ts';
import { copyOf, type FoundString, findString, putBuilt } from '../data-types/string.ts';
import { editString } from '../data-types/string-edit.ts';
import { BIT_OFFSET, BIT_VALUE, ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { integerAt, isCrossed, offsetAt } from './arguments.ts';
import { bitfield, bitfieldReadOnly } from './bitfield.ts';
import type { CommandContext } from './context.ts';
import { type CommandTable, keyAt, keysFrom, type Offsets } from './table.ts';

/** The commands of the group "bitmap". */
export const bitmapCommands: CommandTable = {
  bitcount: {
    arity: -2,
    flags: ['readonly'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    summary: 'Counts the set bits of a string, or of a part of it.',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the BYTE|BIT option.']],
    run: bitcount,
  },
  bitfield: {
    arity: -2,
    flags: ['write', 'denyoom'],
    keys: [keyAt(1, 'RW', 'update', 'access', 'variable_flags')],
    group: 'bitmap',
    since: '3.2.0',
    summary: 'Reads, sets and counts integers of any width within a string.',
    complexity: 'O(1) for each operation',
    run: bitfield,
  },
  bitfield_ro: {
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '6.0.0',
    summary: 'Reads integers of any width within a string.',
    complexity: 'O(1) for each operation',
    run: bitfieldReadOnly,
  },
  bitop: {
    arity: -4,
    flags: ['write', 'denyoom'],
    keys: [keyAt(2, 'OW', 'update'), keysFrom(3, -1, 1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    summary: 'Combines strings bit by bit and stores the result.',
    complexity: 'O(N)',
    run: bitop,
  },
  bitpos: {
    arity: -3,
    flags: ['readonly'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.8.7',
    summary: 'Finds the first bit of a string that is set, or that is clear.',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the BYTE|BIT option.']],
    run: bitpos,
  },
  getbit: {
    arity: 3,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Reads one bit of a string.',
    complexity: 'O(1)',
    run: getbit,
  },
  setbit: {
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Sets or clears one bit of a string; the string grows as far as needed.',
    complexity: 'O(1)',
    run: setbit,
  },
};

/** How BITOP combines a byte of the result so far with a byte of the next string. */
const BYTE_OPERATIONS = {
  AND: (a: number, b: number): number => a & b,
  OR: (a: number, b: number): number => a | b,
  XOR: (a: number, b: number): number => a ^ b,
} as const;

function setbit(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const offset = bitOffsetAt(ctx, 2);
  const bit = offsetAt(ctx, 3, BIT_VALUE);
  if (bit !== 0 && bit !== 1) throw new ReplyError(BIT_VALUE);
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const index = Math.floor(offset / 8);
  const byte = found === undefined ? 0 : byteAt(found, index);
  const mask = 0x80 >> (offset % 8);
  const old = (byte & mask) === 0 ? 0 : 1;
  const changed = found === undefined || found.size <= index || old !== bit;
  if (changed || !found.isBuilt) {
    const edit = editString(ctx.db, bytes, at[2]!, at[3]!, found, index + 1);
    edit.write(index, Uint8Array.of(bit === 1 ? byte | mask : byte & ~mask));
    edit.commit();
  }
  if (changed) {
    ctx.touched(bytes, at[2]!, at[3]!);
    ctx.event('string', 'setbit', bytes, at[2]!, at[3]!);
  }
  ctx.reply.integer(old);
}

function getbit(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const offset = bitOffsetAt(ctx, 2);
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  const byte = found === undefined ? 0 : byteAt(found, Math.floor(offset / 8));
  ctx.reply.integer((byte >> (7 - (offset % 8))) & 1);
}

/** The byte at `index`; 0 beyond the end. */
function byteAt(found: FoundString, index: number): number {
  if (index >= found.size) return 0;
  const { buffer, start } = found.range(index, index + 1);
  return buffer[start]!;
}

function bitcount(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (found === undefined) {
    ctx.reply.integer(0);
    return;
  }
  if (ctx.argc === 3 || ctx.argc > 5) throw new ReplyError(SYNTAX_ERROR);
  const range = ctx.argc === 2 ? bitRange(0, -1, found.size, 8) : givenRange(ctx, 2, found.size);
  let count = 0;
  forEachStretch(found, range, (buffer, start, first, last) => {
    count += countBits(buffer, start, first, last);
    return false;
  });
  ctx.reply.integer(count);
}

function bitpos(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const bit = offsetAt(ctx, 2);
  if (bit !== 0 && bit !== 1) throw new ReplyError('ERR The bit argument must be 1 or 0.');
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (found === undefined) {
    // A key that does not exist is an endless row of zeros.
    ctx.reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  if (ctx.argc > 6) throw new ReplyError(SYNTAX_ERROR);
  const range = bitposRange(ctx, found.size);
  let position = -1;
  forEachStretch(found, range, (buffer, start, first, last, base) => {
    const at = findBit(buffer, start, bit, first, last);
    if (at >= 0) position = base + at;
    return at >= 0;
  });
  // Without an end the string goes on in zeros: the first of them stands just behind it.
  const behind = position < 0 && bit === 0 && range !== undefined && ctx.argc < 5;
  ctx.reply.integer(behind ? found.size * 8 : position);
}

/**
 * Visit the bits of a range as they lie in memory: bits `first` to `last` counted from byte `start` of the buffer, which is
 * bit `base` of the string. True from the visitor ends it.
 */
function forEachStretch(
  found: FoundString,
  range: BitRange | undefined,
  visitor: (buffer: Buffer, start: number, first: number, last: number, base: number) => boolean,
): void {
  if (range === undefined) return;
  found.visit(Math.floor(range.first / 8), Math.floor(range.last / 8) + 1, ({ buffer, start, end }, offset) => {
    const base = offset * 8;
    const first = Math.max(range.first - base, 0);
    return visitor(buffer, start, first, Math.min(range.last - base, (end - start) * 8 - 1), base);
  });
}

function bitop(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const sources = bitopSources(ctx, bytes, at);
  const size = sources.reduce((longest, source) => Math.max(longest, source.length), 0);
  const [start, end] = [at[4]!, at[5]!];
  if (size > 0) {
    putBuilt(ctx.db, bytes, start, end, combine(ctx, sources, size), 0);
    ctx.touched(bytes, start, end);
    ctx.event('string', 'set', bytes, start, end);
  } else if (ctx.db.peek(bytes, start, end) !== undefined) {
    ctx.db.remove(bytes, start, end);
    ctx.touched(bytes, start, end);
    ctx.event('generic', 'del', bytes, start, end);
  }
  ctx.reply.integer(size);
}

/** Copies of the source strings, after the operation's name has been checked. */
function bitopSources(ctx: CommandContext, bytes: Buffer, at: Offsets): Buffer[] {
  const not = ctx.is(1, 'NOT');
  if (!not && operationOf(ctx) === undefined) throw new ReplyError(SYNTAX_ERROR);
  if (not && ctx.argc !== 4) throw new ReplyError('ERR BITOP NOT must be called with a single source key.');
  const sources: Buffer[] = [];
  for (let i = 3; i < ctx.argc; i++) {
    sources.push(copyOf(findString(ctx.db, bytes, at[2 * i]!, at[2 * i + 1]!)));
  }
  return sources;
}

function operationOf(ctx: CommandContext): ((a: number, b: number) => number) | undefined {
  const name = (['AND', 'OR', 'XOR'] as const).find(word => ctx.is(1, word));
  return name === undefined ? undefined : BYTE_OPERATIONS[name];
}

/** The result in `size` bytes; shorter sources go on in zeros. */
function combine(ctx: CommandContext, sources: readonly Buffer[], size: number): Buffer {
  const result = Buffer.alloc(size);
  sources[0]!.copy(result);
  const operation = operationOf(ctx);
  if (operation === undefined) {
    for (let i = 0; i < size; i++) result[i] = ~result[i]!;
    return result;
  }
  for (const source of sources.slice(1)) {
    for (let i = 0; i < size; i++) result[i] = operation(result[i]!, i < source.length ? source[i]! : 0);
  }
  return result;
}

/** Argument `index` as the offset of a bit within the largest string. */
function bitOffsetAt(ctx: CommandContext, index: number): number {
  const offset = offsetAt(ctx, index, BIT_OFFSET);
  if (offset < 0 || Math.floor(offset / 8) >= ctx.server.config.protoMaxBulkLen) throw new ReplyError(BIT_OFFSET);
  return offset;
}

/** A range of bits, both ends included. */
interface BitRange {
  readonly first: number;
  readonly last: number;
}

/** The range of BITCOUNT, whose two numbers stand at `index`; undefined when it is empty. */
function givenRange(ctx: CommandContext, index: number, size: number): BitRange | undefined {
  // Redis looks at these before it looks at the unit.
  if (isCrossed(integerAt(ctx, index), integerAt(ctx, index + 1))) return undefined;
  return bitRange(offsetAt(ctx, index), offsetAt(ctx, index + 1), size, bitsPerUnit(ctx, index + 2));
}

/** The range of BITPOS: the end may be missing; undefined when it is empty. */
function bitposRange(ctx: CommandContext, size: number): BitRange | undefined {
  if (ctx.argc === 3) return bitRange(0, -1, size, 8);
  const first = offsetAt(ctx, 3);
  const unit = bitsPerUnit(ctx, 5);
  return bitRange(first, ctx.argc > 4 ? offsetAt(ctx, 4) : -1, size, unit);
}

/** BYTE (also when the argument is missing): 8. BIT: 1. */
function bitsPerUnit(ctx: CommandContext, index: number): 1 | 8 {
  if (index >= ctx.argc || ctx.is(index, 'BYTE')) return 8;
  if (ctx.is(index, 'BIT')) return 1;
  throw new ReplyError(SYNTAX_ERROR);
}

/** The bits of units `first` to `last` of a string of `size` bytes; below 0 counts from the end. */
function bitRange(first: number, last: number, size: number, unit: 1 | 8): BitRange | undefined {
  const total = (size * 8) / unit;
  const from = first < 0 ? Math.max(total + first, 0) : first;
  const to = Math.min(last < 0 ? Math.max(total + last, 0) : last, total - 1);
  return from > to ? undefined : { first: from * unit, last: to * unit + unit - 1 };
}
