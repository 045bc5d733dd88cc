// superseded later: imports, Witness.walk, Witness.addChange, Witness.wouldSayTheSame, WitnessedWalk, WitnessedWalk.next
/**
 * Witness: a moment that remembers what was asked of it, so that one can tell later whether the answers would
 * still be the same.
 *
 * Remembered are keys, those too that were absent, and stretches: from where a walk began to where it was left, with all
 * that lies between. A key that has come into a stretch since (a *phantom*) changes the answer as well.
 */

import type { Change } from '../space/changes.ts';
import { type Entry, type KeyString, keyBytes } from '../keydir/keydir.ts';
import { nextKey } from '../keydir/skip-list.ts';
import type { EntryWithValue, Moment, View } from '../scan/moment.ts';
import { type Bounds, boundsOf, type Range, type Walk, walk } from '../scan/scan.ts';
import type { SpaceRecords } from '../space/space-records.ts';
class Witness {

  walk(range: Range): Walk {
    const keys = this.#moment.walk(range);
    const met = (key: KeyString | undefined): void => {
      this.#met = key;
    };
    return new WitnessedWalk(keys, range, this.#stretches, met);
  }

  /** What this change is about must not have changed either. */
  addChange({ name }: Change): void {
    this.#keys.add(name);
  }

  /** Whether the store would still give the same answers. */
  wouldSayTheSame(records: SpaceRecords): boolean {
    const isSame = (key: KeyString): boolean => records.find(key)?.seq === this.#moment.find(key)?.seq;
    for (const key of this.#keys) if (!isSame(key)) return false;
    for (const stretch of this.#stretches) {
      // Keys that are gone are met too: while the moment is looked at, they stay in the order.
      const keys = walk(records.index, rangeOf(stretch));
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
  readonly #stretches: Stretch[];
  readonly #met: (key: KeyString | undefined) => void;
  /** The stretch since the begin or the last seek, once a step has been made. */
  #stretch: Stretch | undefined;
  #target: KeyString | undefined;

  constructor(keys: Walk, range: Range, stretches: Stretch[], met: (key: KeyString | undefined) => void) {
    this.#keys = keys;
    this.#bounds = boundsOf(range);
    this.#isReverse = range.reverse ?? false;
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
    if (this.#isReverse) this.#stretch.from = key ?? this.#bounds.from;
    else this.#stretch.to = key === undefined ? this.#bounds.to : nextKey(key);
    return key;
  }
}
