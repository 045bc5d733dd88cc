/**
 * The server group's small commands, and the few of other groups that a server without replicas, scripts or modules answers
 * truthfully with next to nothing.
 */

import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import { REDIS_VERSION, ZEROCASK_VERSION } from './state.ts';
import type { CommandSpec, CommandTable, Offsets } from './table.ts';
import { keyAt } from './table.ts';

const server = { group: 'server', complexity: 'O(1)' } as const satisfies Partial<CommandSpec>;
const container = {
  group: 'server',
  arity: -2,
  flags: [],
  complexity: 'Depends on subcommand.',
} as const satisfies Partial<CommandSpec>;

/** What a key takes in the index besides its name, roughly. */
const INDEX_ENTRY_BYTES = 64;

/** SHUTDOWN, TIME and their like. */
export const serverCommands: CommandTable = {
  shutdown: {
    ...server,
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    since: '1.0.0',
    summary: 'Finishes what has been asked, syncs the data, and stops the server.',
    note: 'SAVE and NOSAVE are accepted; the log is synced in both cases.',
    run: shutdown,
  },
  time: {
    ...server,
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    since: '2.6.0',
    summary: 'Returns the server time.',
    tips: ['nondeterministic_output'],
    run: time,
  },
  lastsave: {
    ...server,
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    since: '1.0.0',
    summary: 'Returns the Unix timestamp of the last successful save to disk.',
    tips: ['nondeterministic_output'],
    note: 'Everything is in the log as soon as it is acknowledged, so it is the time of the call.',
    run: ctx => ctx.reply.integer(Math.floor(ctx.now / 1000)),
  },
  role: {
    ...server,
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    since: '2.8.12',
    summary: 'Returns the replication role.',
    run: role,
  },
  lolwut: {
    ...server,
    arity: -1,
    flags: ['readonly', 'fast'],
    since: '5.0.0',
    summary: 'Displays computer art and the Redis version',
    run: lolwut,
  },
  memory: {
    ...container,
    since: '4.0.0',
    summary: 'A container for memory diagnostics commands.',
    subcommands: {
      doctor: {
        ...server,
        arity: 2,
        flags: [],
        since: '4.0.0',
        summary: 'Outputs a memory problems report.',
        run: ctx => ctx.reply.verbatim('txt', 'Names and their places lie in memory, values on disk. See INFO memory.'),
      },
      purge: {
        ...server,
        arity: 2,
        flags: [],
        since: '4.0.0',
        summary: 'Asks the allocator to release memory.',
        note: 'Accepted; the runtime releases memory by itself.',
        run: ctx => ctx.reply.ok(),
      },
      usage: {
        ...server,
        arity: -3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        since: '4.0.0',
        summary: 'Estimates the memory usage of a key.',
        complexity: 'O(1)',
        note: 'The bytes of name and value, and a flat sum for the index; values lie on disk.',
        run: memoryUsage,
      },
      help: help('memory', 'server', '4.0.0', [
        'DOCTOR',
        '    Return memory problems reports.',
        'PURGE',
        '    Attempt to purge dirty pages for reclamation by the allocator.',
        'USAGE <key> [SAMPLES <count>]',
        '    Return memory in bytes used by <key> and its value. Nested values are',
        '    sampled up to <count> times (default: 5, 0 means sample all).',
      ]),
    },
  },
  module: {
    ...container,
    since: '4.0.0',
    summary: 'A container for module commands.',
    subcommands: {
      list: {
        ...server,
        arity: 2,
        flags: ['admin', 'noscript'],
        since: '4.0.0',
        summary: 'Returns all loaded modules.',
        tips: ['nondeterministic_output_order'],
        run: ctx => ctx.reply.array(0),
      },
      help: help('module', 'server', '5.0.0', ['LIST', '    Return a list of loaded modules.']),
    },
  },
  function: {
    ...container,
    group: 'scripting',
    since: '7.0.0',
    summary: 'A container for function commands.',
    subcommands: {
      flush: {
        ...server,
        group: 'scripting',
        arity: -2,
        flags: ['write', 'noscript'],
        since: '7.0.0',
        summary: 'Deletes all libraries and functions.',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        note: 'There are no functions yet, so there is nothing to delete.',
        run: functionFlush,
      },
    },
  },
  wait: {
    arity: 3,
    flags: [],
    group: 'generic',
    since: '3.0.0',
    summary:
      'Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed.',
    complexity: 'O(1)',
    categories: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    note: 'There are no replicas: answers 0 at once.',
    run: wait,
  },
};

function shutdown(ctx: CommandContext): void {
  const words = Array.from({ length: ctx.argc - 1 }, (_, i) => ctx.text(i + 1).toLowerCase());
  const known = words.every(word => ['save', 'nosave', 'now', 'force', 'abort'].includes(word));
  const abort = words.includes('abort');
  if (!known || (words.includes('save') && words.includes('nosave')) || (abort && words.length > 1)) {
    throw new ReplyError(SYNTAX_ERROR);
  }
  if (abort) throw new ReplyError('ERR No shutdown in progress.');
  ctx.client.link.closeAfterReply();
  ctx.server.requests.shutdown();
}

function time(ctx: CommandContext): void {
  const microseconds = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  ctx.reply.array(2);
  ctx.reply.bulkString(String(Math.floor(microseconds / 1e6)));
  ctx.reply.bulkString(String(microseconds % 1e6));
}

function role({ reply }: CommandContext): void {
  reply.array(3);
  reply.bulkString('master');
  reply.integer(0);
  reply.array(0);
}

function lolwut({ reply }: CommandContext): void {
  const slope = Array.from({ length: 8 }, (_, row) => `${' '.repeat(8 - row)}/${'_'.repeat(2 * row)}\\`);
  reply.verbatim('txt', `${slope.join('\n')}\nRedis ver. ${REDIS_VERSION} (zerocask ${ZEROCASK_VERSION})\n`);
}

function memoryUsage(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc > 3) {
    if (!ctx.is(3, 'SAMPLES') || ctx.argc !== 5 || offsetAt(ctx, 4) < 0) throw new ReplyError(SYNTAX_ERROR);
  }
  const entry = ctx.db.peek(bytes, at[4]!, at[5]!);
  if (entry === undefined) ctx.reply.null();
  else ctx.reply.integer(INDEX_ENTRY_BYTES + ctx.size(2) + entry.valueSize);
}

function functionFlush(ctx: CommandContext): void {
  const mode = ctx.argc === 3 && (ctx.is(2, 'ASYNC') || ctx.is(2, 'SYNC'));
  if (ctx.argc > 2 && !mode) {
    throw new ReplyError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
  }
  ctx.reply.ok();
}

function wait(ctx: CommandContext): void {
  offsetAt(ctx, 1);
  if (offsetAt(ctx, 2, 'ERR timeout is not an integer or out of range') < 0)
    throw new ReplyError('ERR timeout is negative');
  ctx.reply.integer(0);
}
