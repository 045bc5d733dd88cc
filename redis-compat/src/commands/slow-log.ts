/**
 * The slow log: the last commands that took longer than `slowlog-log-slower-than`, newest first. It lies in memory only.
 *
 * Invariant: an entry owns its memory; long commands are cut as Redis cuts them. Source: `src/slowlog.c` of Redis 7.2.
 */
import type { Client } from '../client.ts';
import { NOT_AN_INTEGER, ReplyError } from '../protocol/errors.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import type { CommandTable, Offsets } from './table.ts';

/** Most arguments of an entry, and most bytes of one argument. */
const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_SIZE = 128;
/** How many entries SLOWLOG GET shows when it is not told. */
const DEFAULT_COUNT = 10;

interface SlowCommand {
  readonly id: number;
  readonly atSeconds: number;
  readonly microseconds: number;
  readonly args: readonly Buffer[];
  readonly address: string;
  readonly clientName: string;
}

/** A ring of slow commands. */
export class SlowLog {
  /** Log commands that took at least so many microseconds; below 0: none. */
  thresholdMicroseconds = 0;
  #maxLength = 0;
  #nextId = 0;
  #entries: SlowCommand[] = [];

  get entries(): readonly SlowCommand[] {
    return this.#entries;
  }

  set maxLength(value: number) {
    this.#maxLength = value;
    this.#entries.length = Math.min(this.#entries.length, value);
  }

  add(client: Client, bytes: Buffer, at: Offsets, argc: number, microseconds: number, nowMs: number): void {
    this.#entries.unshift({
      id: this.#nextId++,
      atSeconds: Math.floor(nowMs / 1000),
      microseconds: Math.round(microseconds),
      args: shorten(bytes, at, argc),
      address: client.address,
      clientName: client.name,
    });
    if (this.#entries.length > this.#maxLength) this.#entries.pop();
  }

  clear(): void {
    this.#entries = [];
  }
}

function shorten(bytes: Buffer, at: Offsets, argc: number): Buffer[] {
  const shown = argc > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : argc;
  const args = Array.from({ length: shown }, (_, i) => shortenArgument(bytes.subarray(at[2 * i], at[2 * i + 1])));
  if (shown < argc) args.push(Buffer.from(`... (${argc - shown} more arguments)`));
  return args;
}

function shortenArgument(argument: Buffer): Buffer {
  if (argument.length <= MAX_ARGUMENT_SIZE) return Buffer.from(argument);
  const more = Buffer.from(`... (${argument.length - MAX_ARGUMENT_SIZE} more bytes)`);
  return Buffer.concat([argument.subarray(0, MAX_ARGUMENT_SIZE), more]);
}

const shared = { group: 'server', since: '2.2.12' } as const;

/** SLOWLOG. */
export const slowLogCommands: CommandTable = {
  slowlog: {
    ...shared,
    arity: -2,
    flags: [],
    summary: 'A container for slow log commands.',
    complexity: 'Depends on subcommand.',
    subcommands: {
      get: {
        ...shared,
        arity: -2,
        flags: ['admin', 'loading', 'stale'],
        summary: "Returns the slow log's entries.",
        complexity: 'O(N) where N is the number of entries returned',
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        history: [['4.0.0', 'Added client IP address, port and name to the reply.']],
        run: slowLogGet,
      },
      len: {
        ...shared,
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        summary: 'Returns the number of entries in the slow log.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        run: ctx => ctx.reply.integer(ctx.server.slowLog.entries.length),
      },
      reset: {
        ...shared,
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        summary: 'Clears all entries from the slow log.',
        complexity: 'O(N) where N is the number of entries in the slowlog',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: slowLogReset,
      },
      help: help('slowlog', 'server', '6.2.0', [
        'GET [<count>]',
        '    Return top <count> entries from the slowlog (default: 10, -1 mean all).',
        '    Entries are made of:',
        '    id, timestamp, time in microseconds, arguments array, client IP and port,',
        '    client name',
        'LEN',
        '    Return the length of the slowlog.',
        'RESET',
        '    Reset the slowlog.',
      ]),
    },
  },
};

function slowLogGet(ctx: CommandContext): void {
  const entries = ctx.server.slowLog.entries;
  const count = ctx.argc > 2 ? wantedCount(ctx.text(2), entries.length) : DEFAULT_COUNT;
  const shown = entries.slice(0, count);
  ctx.reply.array(shown.length);
  for (const entry of shown) {
    ctx.reply.array(6);
    ctx.reply.integer(entry.id);
    ctx.reply.integer(entry.atSeconds);
    ctx.reply.integer(entry.microseconds);
    ctx.reply.array(entry.args.length);
    for (const arg of entry.args) ctx.reply.bulk(arg);
    ctx.reply.bulkString(entry.address);
    ctx.reply.bulkString(entry.clientName);
  }
}

function wantedCount(text: string, all: number): number {
  if (!/^-?\d+$/.test(text)) throw new ReplyError(NOT_AN_INTEGER);
  const count = Number(text);
  if (count < -1) throw new ReplyError('ERR count should be greater than or equal to -1');
  return count === -1 ? all : count;
}

function slowLogReset(ctx: CommandContext): void {
  ctx.server.slowLog.clear();
  ctx.reply.ok();
}
