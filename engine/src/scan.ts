/**
 * Scan: the keys of a range, in order. A range is given by bounds; here it becomes a stretch of a sorted list.
 *
 * Left out: values, and keys that are gone by now: the caller looks each key up.
 */

import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { type KeyString, toKeyString } from './keydir/keydir.ts';
import { nextKey, type SkipList } from './keydir/skip-list.ts';

/** Which keys, and in what order. A bound that is not given is open. */
export interface Range {
  readonly gt?: Input;
  readonly gte?: Input;
  readonly lt?: Input;
  readonly lte?: Input;
  /** Only keys that begin with these bytes. */
  readonly prefix?: Input;
  /** From the last to the first. */
  readonly reverse?: boolean;
  /** At most this many. */
  readonly limit?: number;
}

/** A range as keys: those from `from` up to, and without, `to`; without an end when `to` is undefined. */
export interface Bounds {
  readonly from: KeyString;
  readonly to: KeyString | undefined;
}

/** Where the range begins and ends. */
export function boundsOf({ gt, gte, lt, lte, prefix }: Range): Bounds {
  let from = '' as KeyString;
  let to: KeyString | undefined;
  const begin = (key: KeyString): void => {
    if (key > from) from = key;
  };
  const end = (key: KeyString | undefined): void => {
    if (key !== undefined && (to === undefined || key < to)) to = key;
  };
  if (gt !== undefined) begin(nextKey(toKey(gt)));
  if (gte !== undefined) begin(toKey(gte));
  if (lt !== undefined) end(toKey(lt));
  if (lte !== undefined) end(nextKey(toKey(lte)));
  if (prefix !== undefined) {
    begin(toKey(prefix));
    end(afterPrefix(toKey(prefix)));
  }
  return { from, to };
}

/** The keys of the range, in order. */
export function keysInRange(list: SkipList, range: Range): KeyString[] {
  const { from, to } = boundsOf(range);
  const keys: KeyString[] = [];
  for (let node = list.firstFrom(from); node !== undefined && (to === undefined || node.key < to); ) {
    keys.push(node.key);
    node = list.after(node);
  }
  return range.reverse ? keys.reverse() : keys;
}

/** How many entries the range allows. @throws {EngineError} `INVALID_ARGUMENT` when that is no count. */
export function limitOf(range: Range): number {
  const limit = range.limit ?? Number.POSITIVE_INFINITY;
  if (!(limit >= 0)) throw new EngineError('INVALID_ARGUMENT', 'limit must be a number of at least 0');
  return limit;
}

/** A key as the keydir holds it; an ASCII string is that already. */
export function toKey(key: Input): KeyString {
  return typeof key === 'string' && isAscii(key) ? (key as KeyString) : toKeyString(toBuffer(key));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The first key behind all that begin with `prefix`; `undefined` when there is none, as after ff ff. */
function afterPrefix(prefix: KeyString): KeyString | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last);
    if (byte < 0xff) return (prefix.slice(0, last) + String.fromCharCode(byte + 1)) as KeyString;
  }
  return undefined;
}
