/**
 * Whole databases: their size, emptying and exchanging them. Each takes effect at once, whatever the database holds: the
 * engine drops a space with one record.
 */
import { DB_INDEX_OUT_OF_RANGE, ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { int32At } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { CommandTable } from './table.ts';

/** The commands of the group "server" that deal with keys. */
export const databaseCommands: CommandTable = {
  dbsize: {
    arity: 1,
    flags: ['readonly', 'fast'],
    group: 'server',
    since: '1.0.0',
    summary: 'Returns the number of keys in the selected database.',
    complexity: 'O(1)',
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    run: dbsize,
  },
  flushall: {
    arity: -1,
    flags: ['write'],
    group: 'server',
    since: '1.0.0',
    summary: 'Removes all keys of all databases.',
    complexity: 'O(1)',
    categories: ['keyspace', 'dangerous'],
    history: [
      ['4.0.0', 'Added the ASYNC flushing mode modifier.'],
      ['6.2.0', 'Added the SYNC flushing mode modifier.'],
    ],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    run: flushall,
  },
  flushdb: {
    arity: -1,
    flags: ['write'],
    group: 'server',
    since: '1.0.0',
    summary: 'Removes all keys of the selected database.',
    complexity: 'O(1)',
    categories: ['keyspace', 'dangerous'],
    history: [
      ['4.0.0', 'Added the ASYNC flushing mode modifier.'],
      ['6.2.0', 'Added the SYNC flushing mode modifier.'],
    ],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    run: flushdb,
  },
  swapdb: {
    arity: 3,
    flags: ['write', 'fast'],
    group: 'server',
    since: '4.0.0',
    summary: 'Exchanges two databases, for all clients at once.',
    complexity: 'O(1)',
    categories: ['keyspace', 'dangerous'],
    run: swapdb,
  },
};

function dbsize(ctx: CommandContext): void {
  ctx.reply.integer(ctx.db.size);
}

function flushdb(ctx: CommandContext): void {
  checkFlushOptions(ctx);
  ctx.databases.flush(ctx.db.index);
  ctx.reply.ok();
}

function flushall(ctx: CommandContext): void {
  checkFlushOptions(ctx);
  ctx.databases.flushAll();
  ctx.reply.ok();
}

function swapdb(ctx: CommandContext): void {
  const first = int32At(ctx, 1, 'ERR invalid first DB index');
  const second = int32At(ctx, 2, 'ERR invalid second DB index');
  if (!ctx.databases.has(first) || !ctx.databases.has(second)) throw new ReplyError(DB_INDEX_OUT_OF_RANGE);
  ctx.databases.swap(first, second);
  ctx.effects.changes++;
  ctx.reply.ok();
}

/** SYNC and ASYNC are accepted and mean the same: neither has anything to wait for. */
function checkFlushOptions(ctx: CommandContext): void {
  if (ctx.argc > 2 || (ctx.argc === 2 && !ctx.is(1, 'SYNC') && !ctx.is(1, 'ASYNC'))) throw new ReplyError(SYNTAX_ERROR);
}
