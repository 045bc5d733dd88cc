/**
 * Keys of any type: the table of the group, and the commands that only look a key up. Expiry, listing, moving and OBJECT
 * have files of their own.
 */
import { TYPE_NAMES, typeOf } from '../value-tag.ts';
import type { CommandContext } from './context.ts';
import { expire, expireat, expiretime, persist, pexpire, pexpireat, pexpiretime, pttl, ttl } from './generic-expire.ts';
import { copy, move, rename, renamenx } from './generic-move.ts';
import { keys, randomkey, scan } from './generic-scan.ts';
import { help } from './help.ts';
import { OBJECT_HELP, objectEncoding, objectFreq, objectIdletime, objectRefcount } from './object.ts';
import { type CommandTable, keyAt, keysFrom, type Offsets } from './table.ts';

/** The commands of the group "generic". */
export const genericCommands: CommandTable = {
  copy: {
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '6.2.0',
    summary: 'Copies the value of a key to another key, with its expiry.',
    complexity: 'O(N) in the size of the value',
    run: copy,
  },
  del: {
    arity: -2,
    flags: ['write'],
    keys: [keysFrom(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Deletes keys.',
    complexity: 'O(N) in the number of keys',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: del,
  },
  exists: {
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: [keysFrom(1, -1, 1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Counts how many of the given keys exist; a key given twice counts twice.',
    complexity: 'O(N) in the number of keys',
    history: [['3.0.3', 'Accepts multiple key arguments.']],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: exists,
  },
  expire: {
    arity: -3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Sets the expiry of a key in seconds from now.',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: NX, XX, GT and LT.']],
    run: expire,
  },
  expireat: {
    arity: -3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '1.2.0',
    summary: 'Sets the expiry of a key as a Unix time in seconds.',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: NX, XX, GT and LT.']],
    run: expireat,
  },
  expiretime: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '7.0.0',
    summary: 'Returns the expiry of a key as a Unix time in seconds.',
    complexity: 'O(1)',
    run: expiretime,
  },
  keys: {
    arity: 2,
    flags: ['readonly'],
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns the names of all keys that match a pattern.',
    complexity: 'O(N) in the number of keys of the database',
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    run: keys,
  },
  move: {
    arity: 3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Moves a key to another database.',
    complexity: 'O(1)',
    run: move,
  },
  object: {
    arity: -2,
    flags: [],
    group: 'generic',
    since: '2.2.3',
    summary: 'Tells about the inner form of a value.',
    subcommands: {
      encoding: {
        arity: 3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        summary: 'Returns the name of the encoding that Redis would hold the value in.',
        complexity: 'O(1)',
        tips: ['nondeterministic_output'],
        run: objectEncoding,
      },
      freq: {
        arity: 3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '4.0.0',
        summary: 'Returns how often a key is used, on a logarithmic scale.',
        complexity: 'O(1)',
        tips: ['nondeterministic_output'],
        note: 'How often a key is used is not kept; without an LFU policy the error is the one of Redis.',
        run: objectFreq,
      },
      help: help('OBJECT', 'generic', '6.2.0', OBJECT_HELP),
      idletime: {
        arity: 3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        summary: 'Returns the seconds since the last access to a key.',
        complexity: 'O(1)',
        tips: ['nondeterministic_output'],
        note: 'The time of the last access is not kept: always 0.',
        run: objectIdletime,
      },
      refcount: {
        arity: 3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        summary: 'Returns the number of references to a value.',
        complexity: 'O(1)',
        tips: ['nondeterministic_output'],
        note: 'Always 1; Redis shares small integers and shows 2147483647 for them.',
        run: objectRefcount,
      },
    },
  },
  persist: {
    arity: 2,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.2.0',
    summary: 'Removes the expiry of a key.',
    complexity: 'O(1)',
    run: persist,
  },
  pexpire: {
    arity: -3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.6.0',
    summary: 'Sets the expiry of a key in milliseconds from now.',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: NX, XX, GT and LT.']],
    run: pexpire,
  },
  pexpireat: {
    arity: -3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.6.0',
    summary: 'Sets the expiry of a key as a Unix time in milliseconds.',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: NX, XX, GT and LT.']],
    run: pexpireat,
  },
  pexpiretime: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '7.0.0',
    summary: 'Returns the expiry of a key as a Unix time in milliseconds.',
    complexity: 'O(1)',
    run: pexpiretime,
  },
  pttl: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '2.6.0',
    summary: 'Returns how long a key still lives, in milliseconds.',
    complexity: 'O(1)',
    history: [['2.8.0', 'Added the -2 reply.']],
    tips: ['nondeterministic_output'],
    run: pttl,
  },
  randomkey: {
    arity: 1,
    flags: ['readonly', 'touches_arbitrary_keys'],
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns the name of a key, each with the same chance.',
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
    run: randomkey,
  },
  rename: {
    arity: 3,
    flags: ['write'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Gives a key another name; a key that had that name is overwritten.',
    complexity: 'O(1)',
    run: rename,
  },
  renamenx: {
    arity: 3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Gives a key another name, if no key has that name.',
    complexity: 'O(1)',
    history: [['3.2.0', 'The command no longer returns an error when source and destination names are the same.']],
    run: renamenx,
  },
  scan: {
    arity: -2,
    flags: ['readonly', 'touches_arbitrary_keys'],
    group: 'generic',
    since: '2.8.0',
    summary: 'Goes through the names of all keys, some at each call.',
    complexity: 'O(1) for each call, O(N) for all',
    history: [['6.0.0', 'Added the TYPE subcommand.']],
    tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
    note: 'Keys come in the order of a hash of their names; a cursor stays good across writes and restarts.',
    run: scan,
  },
  touch: {
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: [keysFrom(1, -1, 1, 'RO')],
    group: 'generic',
    since: '3.2.1',
    summary: 'Counts how many of the given keys exist, as an access to them.',
    complexity: 'O(N) in the number of keys',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: exists,
  },
  ttl: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns how long a key still lives, in seconds.',
    complexity: 'O(1)',
    history: [['2.8.0', 'Added the -2 reply.']],
    tips: ['nondeterministic_output'],
    run: ttl,
  },
  type: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns the type of the value of a key.',
    complexity: 'O(1)',
    run: type,
  },
  unlink: {
    arity: -2,
    flags: ['write', 'fast'],
    keys: [keysFrom(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '4.0.0',
    summary: 'Deletes keys; their memory is given back later.',
    complexity: 'O(N) in the number of keys',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: del,
  },
};

function del(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  let removed = 0;
  for (let i = 1; i < ctx.argc; i++) {
    const start = at[2 * i]!;
    const end = at[2 * i + 1]!;
    if (ctx.db.peek(bytes, start, end) === undefined) continue;
    ctx.db.remove(bytes, start, end);
    ctx.touched(bytes, start, end);
    ctx.event('generic', 'del', bytes, start, end);
    removed++;
  }
  ctx.reply.integer(removed);
}

function exists(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  let found = 0;
  for (let i = 1; i < ctx.argc; i++) {
    if (ctx.db.peek(bytes, at[2 * i]!, at[2 * i + 1]!) !== undefined) found++;
  }
  ctx.reply.integer(found);
}

function type(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = ctx.db.peek(bytes, at[2]!, at[3]!);
  ctx.reply.simple(TYPE_NAMES[entry === undefined ? 0 : typeOf(entry.tag)]!);
}
