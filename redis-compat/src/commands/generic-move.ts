/**
 * Keys under another name or in another database: RENAME, COPY, MOVE.
 */
import { copyValue, renameValue } from '../data-types/value.ts';
import type { Keyspace } from '../keyspace.ts';
import { DB_INDEX_OUT_OF_RANGE, NO_SUCH_KEY, ReplyError, SAME_OBJECT, SYNTAX_ERROR } from '../protocol/errors.ts';
import { int32At } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

export function rename(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  renameKey(ctx, bytes, at, true);
  ctx.reply.ok();
}

export function renamenx(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  ctx.reply.integer(renameKey(ctx, bytes, at, false) ? 1 : 0);
}

export function move(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const target = databaseAt(ctx, 2);
  if (target === ctx.db) throw new ReplyError(SAME_OBJECT);
  const [start, end] = [at[2]!, at[3]!];
  if (ctx.db.peek(bytes, start, end) === undefined || target.peek(bytes, start, end) !== undefined) {
    ctx.reply.integer(0);
    return;
  }
  copyValue(ctx.db, target, bytes, start, end, start, end);
  ctx.db.remove(bytes, start, end);
  ctx.touched(bytes, start, end);
  ctx.effects.touched(target.index, bytes, start, end, 0);
  ctx.event('generic', 'move_from', bytes, start, end);
  ctx.effects.event('generic', 'move_to', target.index, bytes, start, end);
  ctx.reply.integer(1);
}

export function copy(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const { target, replace } = copyOptions(ctx);
  const [start, end, toStart, toEnd] = [at[2]!, at[3]!, at[4]!, at[5]!];
  if (target === ctx.db && sameBytes(bytes, at)) throw new ReplyError(SAME_OBJECT);
  const missing = ctx.db.peek(bytes, start, end) === undefined;
  if (missing || (target.peek(bytes, toStart, toEnd) !== undefined && !replace)) {
    ctx.reply.integer(0);
    return;
  }
  copyValue(ctx.db, target, bytes, start, end, toStart, toEnd);
  ctx.effects.touched(target.index, bytes, toStart, toEnd);
  ctx.effects.event('generic', 'copy_to', target.index, bytes, toStart, toEnd);
  ctx.reply.integer(1);
}

/** Give the key that is argument 1 the name that is argument 2; false when that is taken and must stay. */
function renameKey(ctx: CommandContext, bytes: Buffer, at: Offsets, overwrite: boolean): boolean {
  const [start, end, toStart, toEnd] = [at[2]!, at[3]!, at[4]!, at[5]!];
  if (ctx.db.peek(bytes, start, end) === undefined) throw new ReplyError(NO_SUCH_KEY);
  if (sameBytes(bytes, at)) return overwrite;
  if (!overwrite && ctx.db.peek(bytes, toStart, toEnd) !== undefined) return false;
  renameValue(ctx.db, bytes, start, end, toStart, toEnd);
  ctx.touched(bytes, start, end);
  ctx.effects.touched(ctx.db.index, bytes, toStart, toEnd, 0);
  ctx.event('generic', 'rename_from', bytes, start, end);
  ctx.event('generic', 'rename_to', bytes, toStart, toEnd);
  return true;
}

function copyOptions(ctx: CommandContext): { target: Keyspace; replace: boolean } {
  let target = ctx.db;
  let replace = false;
  for (let i = 3; i < ctx.argc; i++) {
    if (ctx.is(i, 'REPLACE')) replace = true;
    else if (ctx.is(i, 'DB') && i + 1 < ctx.argc) target = databaseAt(ctx, ++i);
    else throw new ReplyError(SYNTAX_ERROR);
  }
  return { target, replace };
}

/** Argument `index` as a database. */
function databaseAt(ctx: CommandContext, index: number): Keyspace {
  const database = int32At(ctx, index);
  if (!ctx.databases.has(database)) throw new ReplyError(DB_INDEX_OUT_OF_RANGE);
  return ctx.databases.get(database);
}

/** Are arguments 1 and 2 the same name? */
function sameBytes(bytes: Buffer, at: Offsets): boolean {
  return bytes.compare(bytes, at[2], at[3], at[4], at[5]) === 0;
}
