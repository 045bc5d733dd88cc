/**
 * Scan: the keys of a range, in order. A range is given by bounds; here it becomes a stretch of a sorted list.
 *
 * Left out: values, and keys that are gone by now: the caller looks each key up.
 */

import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { lowerBound } from './keydir/key-order.ts';
import { type KeyString, toKeyString } from './keydir/keydir.ts';

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

/** The keys of the range among these sorted ones. */
export function* keysInRange(sorted: readonly KeyString[], range: Range): IterableIterator<KeyString> {
  const from = Math.max(...starts(sorted, range));
  const to = Math.min(...ends(sorted, range));
  if (range.reverse) for (let at = to - 1; at >= from; at--) yield sorted[at]!;
  else for (let at = from; at < to; at++) yield sorted[at]!;
}

/** How many entries the range allows. @throws {EngineError} `INVALID_ARGUMENT` when that is no count. */
export function limitOf(range: Range): number {
  const limit = range.limit ?? Number.POSITIVE_INFINITY;
  if (!(limit >= 0)) throw new EngineError('INVALID_ARGUMENT', 'limit must be a number of at least 0');
  return limit;
}

function starts(sorted: readonly KeyString[], { gt, gte, prefix }: Range): number[] {
  const found = [0];
  if (gt !== undefined) found.push(lowerBound(sorted, after(key(gt))));
  if (gte !== undefined) found.push(lowerBound(sorted, key(gte)));
  if (prefix !== undefined) found.push(lowerBound(sorted, key(prefix)));
  return found;
}

function ends(sorted: readonly KeyString[], { lt, lte, prefix }: Range): number[] {
  const found = [sorted.length];
  if (lt !== undefined) found.push(lowerBound(sorted, key(lt)));
  if (lte !== undefined) found.push(lowerBound(sorted, after(key(lte))));
  const end = prefix === undefined ? undefined : afterPrefix(key(prefix));
  if (end !== undefined) found.push(lowerBound(sorted, end));
  return found;
}

const key = (input: Input): KeyString => toKeyString(toBuffer(input));

/** The first key behind this one. */
const after = (k: KeyString): KeyString => `${k}\0` as KeyString;

/** The first key behind all that begin with `prefix`; `undefined` when there is none, as after ff ff. */
function afterPrefix(prefix: KeyString): KeyString | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last);
    if (byte < 0xff) return (prefix.slice(0, last) + String.fromCharCode(byte + 1)) as KeyString;
  }
  return undefined;
}
