/**
 * Names of keys: KEYS, SCAN, RANDOMKEY. SCAN goes in the order of the names' hashes, and its cursor is the hash to go on
 * from: nothing is remembered between two calls, and a key that stays is reported exactly once.
 */
import type { EntryInfo } from '@zerocask/engine';
import { INVALID_CURSOR, ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { globMatches, matchesEverything } from '../protocol/glob.ts';
import { typeNamed, typeOf } from '../value-tag.ts';
import { offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

/** How many keys a SCAN visits when it is not told. */
const DEFAULT_COUNT = 10;
/** Cursors are unsigned 64-bit integers on the wire; ours stay below 2^48. */
const CURSOR_LIMIT = 2n ** 64n;
/** Names up to this size are compared in memory that is used again and again. */
const SCRATCH_SIZE = 4096;

const scratch = Buffer.alloc(SCRATCH_SIZE);

/** Which keys a SCAN reports. */
interface ScanFilter {
  count: number;
  pattern: Buffer | undefined;
  /** Number of the type; -1 when there is no type of that name, so that no key is reported. */
  type: number | undefined;
}

export function keys(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const pattern = patternIn(bytes, at[2]!, at[3]!);
  const mark = ctx.reply.beginArray();
  let count = 0;
  ctx.db.forEach(entry => {
    if (pattern !== undefined && !nameMatches(pattern, entry.key)) return;
    ctx.reply.bulkLatin1(entry.key);
    count++;
  });
  ctx.reply.endArray(mark, count);
}

export function scan(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const cursor = cursorAt(ctx, 1);
  const filter = parseFilter(ctx, bytes, at);
  const found: string[] = [];
  const next = ctx.db.scan(cursor, filter.count, entry => {
    if (isWanted(filter, entry)) found.push(entry.key);
  });
  ctx.reply.array(2);
  ctx.reply.bulkLatin1(String(next));
  ctx.reply.array(found.length);
  for (const name of found) ctx.reply.bulkLatin1(name);
}

export function randomkey(ctx: CommandContext): void {
  const entry = ctx.db.random();
  if (entry === undefined) ctx.reply.null();
  else ctx.reply.bulkLatin1(entry.key);
}

/** Argument `index` as a cursor, read as C's strtoul reads it: no digits are 0, a minus counts back from 2^64. */
export function cursorAt(ctx: CommandContext, index: number): number {
  const match = /^([+-]?)([0-9]*)$/.exec(ctx.latin1(index));
  if (match === null || (match[1] !== '' && match[2] === '')) throw new ReplyError(INVALID_CURSOR);
  const value = BigInt(match[2]!);
  if (value >= CURSOR_LIMIT) throw new ReplyError(INVALID_CURSOR);
  return Number(match[1] === '-' ? BigInt.asUintN(64, -value) : value);
}

function parseFilter(ctx: CommandContext, bytes: Buffer, at: Offsets): ScanFilter {
  const filter: ScanFilter = { count: DEFAULT_COUNT, pattern: undefined, type: undefined };
  for (let i = 2; i < ctx.argc; i += 2) {
    if (i + 1 === ctx.argc) throw new ReplyError(SYNTAX_ERROR);
    if (ctx.is(i, 'COUNT')) {
      filter.count = offsetAt(ctx, i + 1);
      if (filter.count < 1) throw new ReplyError(SYNTAX_ERROR);
    } else if (ctx.is(i, 'MATCH')) {
      filter.pattern = patternIn(bytes, at[2 * i + 2]!, at[2 * i + 3]!);
    } else if (ctx.is(i, 'TYPE')) {
      filter.type = typeNamed(ctx.latin1(i + 1)) ?? -1;
    } else {
      throw new ReplyError(SYNTAX_ERROR);
    }
  }
  return filter;
}

function isWanted({ pattern, type }: ScanFilter, entry: EntryInfo): boolean {
  if (type !== undefined && typeOf(entry.tag) !== type) return false;
  return pattern === undefined || nameMatches(pattern, entry.key);
}

/** The pattern bytes[start, end), or undefined when it matches every name. */
function patternIn(bytes: Buffer, start: number, end: number): Buffer | undefined {
  const pattern = bytes.subarray(start, end);
  return matchesEverything(pattern) ? undefined : pattern;
}

function nameMatches(pattern: Buffer, name: string): boolean {
  const bytes = name.length <= SCRATCH_SIZE ? scratch : Buffer.alloc(name.length);
  return globMatches(pattern, bytes, 0, bytes.write(name, 'latin1'));
}
