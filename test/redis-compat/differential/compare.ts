/**
 * What counts as the same answer of two servers: the same bytes, save for what no two servers can share (the order of keys,
 * the time that has passed) and for the differences that are intended.
 */
import type { Command, Reply } from '../../support/raw-client.ts';

/** A difference that is meant: between Redis 7.0, which Debian ships, and 7.2, which ours follows, or one of our own. */
export interface IntendedDifference {
  readonly command: RegExp;
  readonly theirs: RegExp;
  readonly ours: RegExp;
  readonly reason: string;
}

/** Every difference that a comparison may meet. */
export const INTENDED_DIFFERENCES: readonly IntendedDifference[] = [
  {
    command: /^P?(EXPIRETIME|TTL) /,
    theirs: /^":\d{13,19}"$/,
    ours: /^":900\d{10,13}"$/,
    reason: 'an expiry beyond 2^53 milliseconds, the year 287396, is kept as that year',
  },
  {
    command: /^OBJECT ENCODING /,
    theirs: /^"\$hashtable"$/,
    ours: /^"\$listpack"$/,
    reason: 'since 7.2 a small set of strings is a listpack',
  },
];

/** How far two answers about the time left may lie apart. */
const TOLERANCE_MS = 5000;

const REMAINING: Readonly<Record<string, number>> = {
  TTL: TOLERANCE_MS / 1000,
  EXPIRETIME: TOLERANCE_MS / 1000,
  PTTL: TOLERANCE_MS,
  PEXPIRETIME: TOLERANCE_MS,
};

/** Undefined when the answers agree, else what differs. */
export function difference(command: Command, theirs: Reply, ours: Reply): string | undefined {
  const name = command[0]!.toUpperCase();
  const [a, b] = [comparable(name, theirs), comparable(name, ours)];
  if (a === b || near(theirs, ours, REMAINING[name])) return undefined;
  const line = command.join(' ');
  const intended = INTENDED_DIFFERENCES.some(it => it.command.test(line) && it.theirs.test(a) && it.ours.test(b));
  return intended ? undefined : `${JSON.stringify(command)}\n  redis: ${a}\n  ours:  ${b}`;
}

function comparable(name: string, reply: Reply): string {
  if ((name === 'KEYS' || name === 'SMEMBERS' || name === 'SPOP' || name === 'SRANDMEMBER') && Array.isArray(reply))
    return JSON.stringify(sorted(reply));
  if (name === 'SCAN' && Array.isArray(reply) && Array.isArray(reply[2])) {
    return JSON.stringify([reply[0], reply[1], sorted(reply[2])]);
  }
  return JSON.stringify(reply);
}

const sorted = (reply: readonly Reply[]): Reply[] => [reply[0]!, ...reply.slice(1).sort()];

function near(theirs: Reply, ours: Reply, tolerance: number | undefined): boolean {
  if (tolerance === undefined || typeof theirs !== 'string' || typeof ours !== 'string') return false;
  const [a, b] = [theirs, ours].map(text => (text.startsWith(':') ? Number(text.slice(1)) : -1)) as [number, number];
  return a > 0 && b > 0 && Math.abs(a - b) <= tolerance;
}

/** Moments further away than this were given in the script; nearer ones were counted from the clock. */
const COUNTED_FROM_CLOCK_MS = 200 * 24 * 3600 * 1000;

/** The reply that a server would give now, for one that was recorded `then`: EXPIRETIME moves with the clock. */
export function atAnotherTime(command: Command, reply: Reply, then: number, now: number): Reply {
  const name = command[0]!.toUpperCase();
  if ((name !== 'EXPIRETIME' && name !== 'PEXPIRETIME') || typeof reply !== 'string') return reply;
  const unit = name === 'EXPIRETIME' ? 1000 : 1;
  const moment = Number(reply.slice(1)) * unit;
  if (!reply.startsWith(':') || Math.abs(moment - then) > COUNTED_FROM_CLOCK_MS) return reply;
  return `:${Math.round((moment + now - then) / unit)}`;
}
