/**
 * Sets: members without order. Knows no RESP.
 *
 * The label follows Redis: `intset` while all members are integers and few, then `listpack` while members are few and
 * short, then `hashtable`; a set never goes back.
 * Left out: sets in element records. A set is one record, whatever its size, so a change writes the whole set.
 */
import type { EntryView } from '@zerocask/engine';
import type { Keyspace } from '../keyspace.ts';
import { ReplyError, WRONG_TYPE } from '../protocol/errors.ts';
import { isInteger } from '../protocol/numbers.ts';
import { LAYOUT_WHOLE, labelOf, makeTag, TYPE_SET, typeOf } from '../value-tag.ts';
import { pack, unpack } from './packed.ts';

const LABEL_INTSET = 0;
const LABEL_LISTPACK = 1;
const LABEL_HASHTABLE = 2;

/** The thresholds of the labels: Redis's `set-max-...` parameters. */
export interface SetLimits {
  readonly intsetEntries: number;
  readonly listpackEntries: number;
  readonly listpackValue: number;
}

/** The set under a key; undefined when there is no such key. */
export function findSet(db: Keyspace, bytes: Buffer, start: number, end: number): EntryView | undefined {
  const entry = db.view(bytes, start, end);
  if (entry !== undefined && typeOf(entry.tag) !== TYPE_SET) throw new ReplyError(WRONG_TYPE);
  return entry;
}

/** The members of a set that was found, one char per byte. */
export function setMembers(entry: EntryView | undefined): string[] {
  return entry === undefined ? [] : unpack(entry.buffer, entry.start);
}

/** Put a set with these members, of which there is at least one. `entry` is what lay there before. */
export function putSet(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  entry: EntryView | undefined,
  members: readonly string[],
  limits: SetLimits,
): void {
  const label = Math.max(entry === undefined ? LABEL_INTSET : labelOf(entry.tag), labelFor(members, limits));
  const value = pack(members);
  const expiresAtMs = entry === undefined ? 0 : entry.expiresAtMs;
  db.put(key, keyStart, keyEnd, value, 0, value.length, makeTag(TYPE_SET, LAYOUT_WHOLE, label), expiresAtMs);
}

function labelFor(members: readonly string[], limits: SetLimits): number {
  if (members.length <= limits.intsetEntries && members.every(spellsInteger)) return LABEL_INTSET;
  const short = members.length <= limits.listpackEntries && members.every(it => it.length <= limits.listpackValue);
  return short ? LABEL_LISTPACK : LABEL_HASHTABLE;
}

function spellsInteger(member: string): boolean {
  const bytes = Buffer.from(member, 'latin1');
  return isInteger(bytes, 0, bytes.length);
}
