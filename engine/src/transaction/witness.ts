/**
 * Witness: a moment of one space that remembers what was asked of it, so that one can tell later whether the answers would
 * still be the same.
 *
 * Remembered are keys, those too that were absent, and stretches: from where a walk began to where it was left, with all
 * that lies between. A key that has come into a stretch since (a *phantom*) changes the answer as well.
 */

import { KIND_RANGE_DELETE } from '../format/record.ts';
import type { SpaceOrder } from '../keydir/key-index.ts';
import { type Entry, type KeyString, keyBytes } from '../keydir/keydir.ts';
import { nextKey } from '../keydir/skip-list.ts';
import type { EntryWithValue, Moment, View } from '../scan/moment.ts';
import { type Bounds, boundsOf, type Range, type Walk, walk } from '../scan/scan.ts';
import type { Change } from '../space/changes.ts';
import type { SpaceRecords } from '../space/space-records.ts';

/** A stretch that grows while a walk goes on. */
type Stretch = { -readonly [field in keyof Bounds]: Bounds[field] };

/** A moment that remembers what it was asked. */
export class Witness implements View {
  readonly #moment: Moment;
  readonly #keys = new Set<KeyString>();
  readonly #stretches: Stretch[] = [];
  /** The key that a walk has met last: it lies in a stretch, and need not be remembered by itself. */
  #met: KeyString | undefined;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  get orderName(): SpaceOrder {
    return this.#moment.orderName;
  }

  find(key: KeyString): Entry | undefined {
    if (key !== this.#met) this.#keys.add(key);
    return this.#moment.find(key);
  }

  walk(range: Range): Walk {
    const keys = this.#moment.walk(range);
    const met = (key: KeyString | undefined): void => {
      this.#met = key;
    };
    return new WitnessedWalk(keys, range, this.orderName, this.#stretches, met);
  }

  valueOf(entry: Entry): Buffer {
    return this.#moment.valueOf(entry);
  }

  withValue(entry: Entry): EntryWithValue {
    return this.#moment.withValue(entry);
  }

  isDue(expiresAtMs: number): boolean {
    return this.#moment.isDue(expiresAtMs);
  }

  assertOpen(): void {
    this.#moment.assertOpen();
  }

  /** What this change is about must not have changed either. */
  addChange({ kind, name, to }: Change): void {
    if (kind === KIND_RANGE_DELETE) this.#stretches.push({ from: name, to });
    else this.#keys.add(name);
  }

  /** Whether the space would still give the same answers. */
  wouldSayTheSame(records: SpaceRecords): boolean {
    const isSame = (key: KeyString): boolean => records.find(key)?.seq === this.#moment.find(key)?.seq;
    for (const key of this.#keys) if (!isSame(key)) return false;
    for (const stretch of this.#stretches) {
      // Keys that are gone are met too: while the moment is looked at, they stay in the order.
      const keys = walk(records.index, this.orderName === 'hash' ? {} : rangeOf(stretch));
      for (let key = keys.next(); key !== undefined; key = keys.next()) if (!isSame(key)) return false;
    }
    return true;
  }
}

/** A walk that takes down which stretch it has seen. */
class WitnessedWalk implements Walk {
  readonly #keys: Walk;
  readonly #bounds: Bounds;
  readonly #isReverse: boolean;
  readonly #isHashed: boolean;
  readonly #stretches: Stretch[];
  readonly #met: (key: KeyString | undefined) => void;
  /** The stretch since the begin or the last seek, once a step has been made. */
  #stretch: Stretch | undefined;
  #target: KeyString | undefined;

  constructor(
    keys: Walk,
    range: Range,
    order: SpaceOrder,
    stretches: Stretch[],
    met: (key: KeyString | undefined) => void,
  ) {
    this.#keys = keys;
    this.#bounds = boundsOf(range);
    this.#isReverse = range.reverse ?? false;
    this.#isHashed = order === 'hash';
    this.#stretches = stretches;
    this.#met = met;
  }

  next(): KeyString | undefined {
    const key = this.#keys.next();
    this.#met(key);
    if (this.#stretch === undefined) {
      this.#stretch = this.#begin();
      this.#stretches.push(this.#stretch);
    }
    if (this.#isHashed) return key; // Nothing lies between two hashes: who walks at all depends on every key.
    if (this.#isReverse) this.#stretch.from = key ?? this.#bounds.from;
    else this.#stretch.to = key === undefined ? this.#bounds.to : nextKey(key);
    return key;
  }

  seek(key: KeyString): void {
    this.#keys.seek(key);
    this.#target = key;
    this.#stretch = undefined;
  }

  #begin(): Stretch {
    const { from, to } = this.#bounds;
    const target = this.#target;
    if (target === undefined) return { from, to };
    if (!this.#isReverse) return { from: target > from ? target : from, to };
    const end = nextKey(target);
    return { from, to: to === undefined || end < to ? end : to };
  }
}

function rangeOf({ from, to }: Bounds): Range {
  return { gte: keyBytes(from), ...(to !== undefined && { lt: keyBytes(to) }) };
}
