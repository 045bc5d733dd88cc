/**
 * Scan: which keys a range means, and a walk over them in the order of a space.
 *
 * A walk looks at one key at a time, so it holds nobody up and needs no memory, and it may stop and go on after any change.
 * It meets ghosts too (see key-index.ts): whoever walks looks each key up.
 */

import { EngineError } from '../errors.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import { HashOrder } from '../keydir/hash-order.ts';
import type { KeyIndex, SpaceOrder } from '../keydir/key-index.ts';
import { type KeyString, toKeyString } from '../keydir/keydir.ts';
import { nextKey, type SkipList, type SkipNode } from '../keydir/skip-list.ts';

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

/** A range without direction or limit: what {@link Space.deleteRange} takes. */
export type KeyRange = Omit<Range, 'reverse' | 'limit'>;

/** A range as keys: those from `from` up to, and without, `to`; without an end when `to` is undefined. */
export interface Bounds {
  readonly from: KeyString;
  readonly to: KeyString | undefined;
}

/** Where a range begins and ends, whatever its direction. */
export function boundsOf({ gt, gte, lt, lte, prefix }: Range): Bounds {
  const starts: KeyString[] = [];
  const ends: KeyString[] = [];
  if (gt !== undefined) starts.push(nextKey(toKey(gt)));
  if (gte !== undefined) starts.push(toKey(gte));
  if (lt !== undefined) ends.push(toKey(lt));
  if (lte !== undefined) ends.push(nextKey(toKey(lte)));
  if (prefix !== undefined) {
    starts.push(toKey(prefix));
    const end = afterPrefix(toKey(prefix));
    if (end !== undefined) ends.push(end);
  }
  return { from: starts.reduce(later, '' as KeyString), to: ends.length === 0 ? undefined : ends.reduce(earlier) };
}

/** How many entries the range allows. @throws {EngineError} `INVALID_ARGUMENT` when that is no count. */
export function limitOf(range: Range): number {
  const limit = range.limit ?? Number.POSITIVE_INFINITY;
  if (limit >= 0 && (Number.isInteger(limit) || limit === Number.POSITIVE_INFINITY)) return limit;
  throw new EngineError('INVALID_ARGUMENT', 'limit must be a whole number of at least 0');
}

/** @throws {EngineError} `UNSUPPORTED` when a space of order hash is asked for more than a number of keys. */
export function checkRange(order: SpaceOrder, { limit: _, ...bounds }: Range): void {
  if (order === 'key' || Object.values(bounds).every(bound => bound === undefined)) return;
  throw new EngineError('UNSUPPORTED', 'a space of order hash has no ranges; only limit may be given');
}

/** A way over keys, one at a time. */
export interface Walk {
  /** The next key; undefined at the end. */
  next(): KeyString | undefined;
  /** Go on at this key, or where it would be. */
  seek(key: KeyString): void;
}

/** A walk over the keys of the range. */
export function walk({ order }: KeyIndex, range: Range): Walk {
  return order instanceof HashOrder ? new HashWalk(order) : new KeyWalk(order, boundsOf(range), range.reverse ?? false);
}

/** A walk in the order of the keys' bytes. */
class KeyWalk implements Walk {
  readonly #list: SkipList;
  readonly #bounds: Bounds;
  readonly #isReverse: boolean;
  /** The node it stands on; undefined before the first step and after a seek. */
  #node: SkipNode | undefined;
  #target: KeyString | undefined;

  constructor(list: SkipList, bounds: Bounds, isReverse: boolean) {
    this.#list = list;
    this.#bounds = bounds;
    this.#isReverse = isReverse;
  }

  next(): KeyString | undefined {
    const { from, to } = this.#bounds;
    const node = this.#isReverse ? this.#nodeBefore() : this.#nodeAfter();
    if (node === undefined || node.key < from || (to !== undefined && node.key >= to)) return undefined;
    this.#node = node;
    return node.key;
  }

  seek(key: KeyString): void {
    this.#target = key;
    this.#node = undefined;
  }

  #nodeAfter(): SkipNode | undefined {
    if (this.#node !== undefined) return this.#list.after(this.#node);
    const { from } = this.#bounds;
    return this.#list.firstFrom(this.#target === undefined ? from : later(from, this.#target));
  }

  #nodeBefore(): SkipNode | undefined {
    if (this.#node !== undefined) return this.#list.before(this.#node);
    const { to } = this.#bounds;
    if (this.#target === undefined) return this.#list.lastBefore(to);
    const end = nextKey(this.#target);
    return this.#list.lastBefore(to === undefined ? end : earlier(to, end));
  }
}

/** How many keys of a hash order are taken at once. */
const HASH_CHUNK = 100;

/** A walk in the order of the keys' hashes. */
class HashWalk implements Walk {
  readonly #order: HashOrder;
  #keys: KeyString[] = [];
  #at = 0;
  /** The hash to go on from; undefined at the end. */
  #cursor: number | undefined = 0;

  constructor(order: HashOrder) {
    this.#order = order;
  }

  next(): KeyString | undefined {
    while (this.#at === this.#keys.length && this.#cursor !== undefined) {
      this.#keys = [];
      this.#at = 0;
      this.#cursor = this.#order.scan(this.#cursor, HASH_CHUNK, key => this.#keys.push(key)) || undefined;
    }
    return this.#keys[this.#at++];
  }

  seek(): void {
    throw new EngineError('UNSUPPORTED', 'a space of order hash cannot be searched for the next key');
  }
}

/** A key as the keydir holds it; an ASCII string is that already. */
export function toKey(key: Input): KeyString {
  return typeof key === 'string' && isAscii(key) ? (key as KeyString) : toKeyString(toBuffer(key));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

const later = (a: KeyString, b: KeyString): KeyString => (a < b ? b : a);
const earlier = (a: KeyString, b: KeyString): KeyString => (a < b ? a : b);

/** The first key behind all that begin with `prefix`; `undefined` when there is none, as after ff ff. */
function afterPrefix(prefix: KeyString): KeyString | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last);
    if (byte < 0xff) return (prefix.slice(0, last) + String.fromCharCode(byte + 1)) as KeyString;
  }
  return undefined;
}

/**
 * Where a range to be deleted begins and ends.
 * @throws {EngineError} `INVALID_ARGUMENT` when it is part of a range only, `UNSUPPORTED` when this order has no ranges.
 */
export function deleteBounds(range: KeyRange, order: SpaceOrder): Bounds {
  const { reverse, limit } = range as Range;
  if (reverse !== undefined || limit !== undefined) {
    throw new EngineError('INVALID_ARGUMENT', 'deleteRange takes bounds or a prefix, and neither limit nor reverse');
  }
  checkRange(order, range);
  return boundsOf(range);
}
