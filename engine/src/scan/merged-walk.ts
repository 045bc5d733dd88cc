/**
 * Merged walk: the keys of a transaction's own changes and those beneath them as one sequence, each key once.
 *
 * Nothing is taken from either side before it is needed: an optimistic transaction depends on what its walks have met.
 */

import type { KeyString } from '../keydir/keydir.ts';
import type { Walk } from './scan.ts';

/** Two walks in the order of the keys' bytes as one. */
export class MergedWalk implements Walk {
  readonly #own: Ahead;
  readonly #beneath: Ahead;
  readonly #isReverse: boolean;

  constructor(own: Walk, beneath: Walk, isReverse: boolean) {
    this.#own = new Ahead(own);
    this.#beneath = new Ahead(beneath);
    this.#isReverse = isReverse;
  }

  next(): KeyString | undefined {
    const own = this.#own.key;
    const beneath = this.#beneath.key;
    if (beneath === undefined || (own !== undefined && this.#isFirst(own, beneath))) return this.#own.take();
    if (own === beneath) this.#own.take();
    return this.#beneath.take();
  }

  seek(key: KeyString): void {
    this.#own.seek(key);
    this.#beneath.seek(key);
  }

  #isFirst(a: KeyString, b: KeyString): boolean {
    return this.#isReverse ? a > b : a < b;
  }
}

/** Two walks in a space of order hash: the own keys that the other walk has not met come last. */
export class HashMergedWalk implements Walk {
  readonly #own: Walk;
  readonly #beneath: Walk;
  readonly #met = new Set<KeyString>();
  #isBeneathDone = false;

  constructor(own: Walk, beneath: Walk) {
    this.#own = own;
    this.#beneath = beneath;
  }

  next(): KeyString | undefined {
    if (!this.#isBeneathDone) {
      const key = this.#beneath.next();
      if (key !== undefined) {
        this.#met.add(key);
        return key;
      }
      this.#isBeneathDone = true;
    }
    let key = this.#own.next();
    while (key !== undefined && this.#met.has(key)) key = this.#own.next();
    return key;
  }

  seek(key: KeyString): void {
    this.#beneath.seek(key); // Throws: this order cannot be searched.
  }
}

/** A walk with a look at the key that comes next. */
class Ahead {
  readonly #walk: Walk;
  #key: KeyString | undefined;
  #isLoaded = false;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /** The next key; undefined at the end. */
  get key(): KeyString | undefined {
    if (!this.#isLoaded) this.#key = this.#walk.next();
    this.#isLoaded = true;
    return this.#key;
  }

  take(): KeyString | undefined {
    const { key } = this;
    this.#isLoaded = false;
    return key;
  }

  seek(key: KeyString): void {
    this.#walk.seek(key);
    this.#isLoaded = false;
  }
}
