/**
 * What a command is: one declarative entry. The table alone answers COMMAND, arity errors, key lookup and ACL categories,
 * and docs/redis-compatibility.md is printed from it; a handler only runs.
 *
 * A whole command, as a group file states it (table first, handlers after; a function declaration may stand below):
 *
 *   export const stringCommands: CommandTable = {
 *     append: {
 *       arity: 3,                                       // the name counts; -3 means "at least 3"
 *       flags: ['write', 'denyoom', 'fast'],
 *       keys: [keyAt(1, 'RW', 'insert')],
 *       since: '2.0.0',
 *       group: 'string',
 *       summary: 'Appends a string to the value of a key. Creates the key if it does not exist.',
 *       complexity: 'O(1)',
 *       run: append,
 *     },
 *   };
 *
 *   function append(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
 *     const key = ctx.db.view(bytes, at[2]!, at[3]!);   // argument i is bytes[at[2 * i], at[2 * i + 1]); dispatch checked the arity
 *     ...
 *     ctx.touched(bytes, at[2]!, at[3]!);               // a write says which key it changed
 *     ctx.event('string', 'append', bytes, at[2]!, at[3]!);
 *     ctx.reply.integer(length);
 *   }
 *
 * A handler is synchronous and answers exactly once. `bytes` and `at` are only lent: they are overwritten by the next
 * command, so what must live longer is copied. A helper below the handler may throw `ReplyError(text)`; dispatch takes
 * back what was written of the reply and answers the text.
 */
import type { CommandContext } from './context.ts';

/** Argument i of a command is `bytes[at[2 * i], at[2 * i + 1])`; the command's name is argument 0. */
export type Offsets = Int32Array;

/** Runs a command and writes its reply to `ctx.reply`. */
export type CommandHandler = (ctx: CommandContext, bytes: Buffer, at: Offsets) => void;

/** Redis's command flags. The last three are kept from clients by Redis and by COMMAND INFO. */
export const COMMAND_FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
  'may_replicate',
  'protected',
  'touches_arbitrary_keys',
] as const;
/** One of {@link COMMAND_FLAGS}. */
export type CommandFlag = (typeof COMMAND_FLAGS)[number];

/** The groups of Redis's own command reference. */
export type CommandGroup =
  | 'bitmap'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'scripting'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions';

/** ACL categories in Redis's order (the order COMMAND INFO lists them in). */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;
/** One of {@link ACL_CATEGORIES}. */
export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** What a command does with a key; the first four exclude each other. */
export const KEY_FLAGS = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
] as const;
/** One of {@link KEY_FLAGS}. */
export type KeyFlag = (typeof KEY_FLAGS)[number];

/** Where keys stand among the arguments; the field names follow COMMAND INFO's key specifications. */
export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly notes?: string;
  /** The argument where the search begins: an index, a keyword looked for from an index (below 0: from the end), or not to be known. */
  readonly begin: number | { readonly keyword: string; readonly from: number } | 'unknown';
  /** From `begin`: `last` counts from it, or from the end of the command when below 0; `limit` 2 means the first half only. */
  readonly range?: { readonly last: number; readonly step: number; readonly limit: number };
  /** From `begin`: the argument that says how many keys follow, and the first of them. */
  readonly counted?: { readonly at: number; readonly first: number; readonly step: number };
}

/** Keys that only the command's own options tell (SORT, GEORADIUS): argument indexes of the keys. */
export type KeyFinder = (bytes: Buffer, at: Offsets, argc: number) => readonly number[];

/** One argument of a command, as COMMAND DOCS shows it and redis-cli hints it. */
export interface ArgumentDoc {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'double' | 'key' | 'pattern' | 'unix-time' | 'pure-token' | 'oneof' | 'block';
  readonly token?: string;
  readonly flags?: readonly ('optional' | 'multiple' | 'multiple_token')[];
  readonly since?: string;
  readonly keySpecIndex?: number;
  readonly arguments?: readonly ArgumentDoc[];
}

/** One command or subcommand. */
export interface CommandSpec {
  /** Arguments with the name (a subcommand counts both words); below 0: at least so many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly keys?: readonly KeySpec[];
  readonly findKeys?: KeyFinder;
  readonly group: CommandGroup;
  /** The Redis version that brought it. */
  readonly since: string;
  readonly summary: string;
  readonly complexity?: string;
  /** ACL categories beyond those that follow from the flags and the group. */
  readonly categories?: readonly AclCategory[];
  /** Changes of behaviour: [version, what]. */
  readonly history?: readonly (readonly [string, string])[];
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  readonly tips?: readonly string[];
  readonly arguments?: readonly ArgumentDoc[];
  /** Where ours differs from Redis on purpose; printed in docs/redis-compatibility.md. */
  readonly note?: string;
  /** Absent only in a container whose subcommands do the work. */
  readonly run?: CommandHandler;
  readonly subcommands?: CommandTable;
}

/** Commands by lower-case name. */
export type CommandTable = Readonly<Record<string, CommandSpec>>;

/** One key at a fixed place. */
export const keyAt = (index: number, ...flags: readonly KeyFlag[]): KeySpec => ({
  flags,
  begin: index,
  range: { last: 0, step: 1, limit: 0 },
});

/** Keys from `first` to `last` (below 0: counted from the end of the command), `step` apart. */
export const keysFrom = (first: number, last: number, step: number, ...flags: readonly KeyFlag[]): KeySpec => ({
  flags,
  begin: first,
  range: { last: last < 0 ? last : last - first, step, limit: 0 },
});

/** The argument at `index` says how many keys follow it. */
export const keysCountedAt = (index: number, ...flags: readonly KeyFlag[]): KeySpec => ({
  flags,
  begin: index,
  counted: { at: 0, first: 1, step: 1 },
});
