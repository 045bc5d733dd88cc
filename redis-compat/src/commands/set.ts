/**
 * Sets: the commands that deal with one set. Sets of sets (SUNION and its relatives) are still to come.
 */
import { packedCount } from '../data-types/packed.ts';
import { findSet, putSet, type SetLimits, setMembers } from '../data-types/set.ts';
import { NOT_POSITIVE, ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { INT64_MAX, INT64_MIN } from '../protocol/numbers.ts';
import { integerAt, offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { type CommandTable, keyAt, type Offsets } from './table.ts';

const WHOLE_RECORD = 'A set is one record for now: each change writes the whole set.';

/** The commands of the group "set". */
export const setCommands: CommandTable = {
  sadd: {
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'set',
    since: '1.0.0',
    summary: 'Adds members to a set; a missing set is created.',
    complexity: 'O(N) in the size of the set',
    history: [['2.4.0', 'Accepts multiple member arguments.']],
    note: WHOLE_RECORD,
    run: sadd,
  },
  scard: {
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns the number of members of a set.',
    complexity: 'O(1)',
    run: scard,
  },
  sismember: {
    arity: 3,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO')],
    group: 'set',
    since: '1.0.0',
    summary: 'Tells whether a set has a member.',
    complexity: 'O(N) in the size of the set',
    run: sismember,
  },
  smembers: {
    arity: 2,
    flags: ['readonly'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns all members of a set.',
    complexity: 'O(N) in the size of the set',
    tips: ['nondeterministic_output_order'],
    run: smembers,
  },
  smismember: {
    arity: -3,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '6.2.0',
    summary: 'Tells of several members whether a set has them.',
    complexity: 'O(N) in the size of the set',
    run: smismember,
  },
  spop: {
    arity: -2,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'set',
    since: '1.0.0',
    summary: 'Removes random members of a set and returns them.',
    complexity: 'O(N) in the size of the set',
    history: [['3.2.0', 'Added the count argument.']],
    tips: ['nondeterministic_output'],
    note: WHOLE_RECORD,
    run: spop,
  },
  srandmember: {
    arity: -2,
    flags: ['readonly'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns random members of a set.',
    complexity: 'O(N) in the size of the set',
    history: [['2.6.0', 'Added the optional count argument.']],
    tips: ['nondeterministic_output'],
    run: srandmember,
  },
  srem: {
    arity: -3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'set',
    since: '1.0.0',
    summary: 'Removes members of a set; a set without members is gone.',
    complexity: 'O(N) in the size of the set',
    history: [['2.4.0', 'Accepts multiple member arguments.']],
    note: WHOLE_RECORD,
    run: srem,
  },
};

function sadd(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = findSet(ctx.db, bytes, at[2]!, at[3]!);
  const members = new Set(setMembers(entry));
  const before = members.size;
  for (let i = 2; i < ctx.argc; i++) members.add(ctx.latin1(i));
  const added = members.size - before;
  if (added > 0) {
    putSet(ctx.db, bytes, at[2]!, at[3]!, entry, [...members], limitsOf(ctx));
    report(ctx, bytes, at, 'sadd', added);
  }
  ctx.reply.integer(added);
}

function srem(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = findSet(ctx.db, bytes, at[2]!, at[3]!);
  const members = new Set(setMembers(entry));
  let removed = 0;
  for (let i = 2; i < ctx.argc; i++) if (members.delete(ctx.latin1(i))) removed++;
  if (removed > 0) {
    keepOnly(ctx, bytes, at, [...members]);
    report(ctx, bytes, at, 'srem', removed);
    if (members.size === 0) ctx.event('generic', 'del', bytes, at[2]!, at[3]!);
  }
  ctx.reply.integer(removed);
}

function scard(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = findSet(ctx.db, bytes, at[2]!, at[3]!);
  ctx.reply.integer(entry === undefined ? 0 : packedCount(entry.buffer, entry.start));
}

function sismember(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const members = setMembers(findSet(ctx.db, bytes, at[2]!, at[3]!));
  ctx.reply.integer(members.includes(ctx.latin1(2)) ? 1 : 0);
}

function smismember(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const members = new Set(setMembers(findSet(ctx.db, bytes, at[2]!, at[3]!)));
  ctx.reply.array(ctx.argc - 2);
  for (let i = 2; i < ctx.argc; i++) ctx.reply.integer(members.has(ctx.latin1(i)) ? 1 : 0);
}

function smembers(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const members = setMembers(findSet(ctx.db, bytes, at[2]!, at[3]!));
  ctx.reply.set(members.length);
  for (const member of members) ctx.reply.bulkLatin1(member);
}

function srandmember(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc > 3) throw new ReplyError(SYNTAX_ERROR);
  const count = ctx.argc === 3 ? countAt(ctx, 2) : undefined;
  const members = setMembers(findSet(ctx.db, bytes, at[2]!, at[3]!));
  if (count === undefined) {
    if (members.length === 0) ctx.reply.null();
    else ctx.reply.bulkLatin1(pick(members));
  } else if (count >= 0 || members.length === 0) {
    const chosen = takeRandom(members, count);
    ctx.reply.array(chosen.length);
    for (const member of chosen) ctx.reply.bulkLatin1(member);
  } else {
    // Below zero: so many, each chosen from all.
    ctx.reply.array(-count);
    for (let i = 0; i < -count; i++) ctx.reply.bulkLatin1(pick(members));
  }
}

function spop(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc > 3) throw new ReplyError(SYNTAX_ERROR);
  const single = ctx.argc === 2;
  const count = single ? 1 : offsetAt(ctx, 2, NOT_POSITIVE);
  if (count < 0) throw new ReplyError(NOT_POSITIVE);
  const members = setMembers(findSet(ctx.db, bytes, at[2]!, at[3]!));
  const chosen = takeRandom(members, count);
  if (single && chosen.length === 0) ctx.reply.null();
  else if (!single) ctx.reply.set(chosen.length);
  for (const member of chosen) ctx.reply.bulkLatin1(member);
  if (chosen.length === 0) return;
  const gone = new Set(chosen);
  const kept = members.filter(member => !gone.has(member));
  keepOnly(ctx, bytes, at, kept);
  report(ctx, bytes, at, 'spop', chosen.length);
  if (kept.length === 0) ctx.event('generic', 'del', bytes, at[2]!, at[3]!);
}

/** Argument `index` as a count that has an opposite. */
function countAt(ctx: CommandContext, index: number): number {
  if (integerAt(ctx, index) !== INT64_MIN) return offsetAt(ctx, index);
  throw new ReplyError(`ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`);
}

/** Put what is left of a set, or remove it when that is nothing. */
function keepOnly(ctx: CommandContext, bytes: Buffer, at: Offsets, members: readonly string[]): void {
  const entry = findSet(ctx.db, bytes, at[2]!, at[3]!);
  if (members.length === 0) ctx.db.remove(bytes, at[2]!, at[3]!);
  else putSet(ctx.db, bytes, at[2]!, at[3]!, entry, members, limitsOf(ctx));
}

function report(ctx: CommandContext, bytes: Buffer, at: Offsets, event: string, changes: number): void {
  ctx.effects.touched(ctx.db.index, bytes, at[2]!, at[3]!, changes);
  ctx.event('set', event, bytes, at[2]!, at[3]!);
}

function limitsOf({ server: { config } }: CommandContext): SetLimits {
  return {
    intsetEntries: config.number('set-max-intset-entries'),
    listpackEntries: config.number('set-max-listpack-entries'),
    listpackValue: config.number('set-max-listpack-value'),
  };
}

const pick = (members: readonly string[]): string => members[Math.floor(Math.random() * members.length)]!;

/** Up to `count` different members, each choice as likely as any other. */
function takeRandom(members: readonly string[], count: number): string[] {
  if (count >= members.length) return [...members];
  const shuffled = [...members];
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(Math.random() * (shuffled.length - i));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled.slice(0, count);
}
