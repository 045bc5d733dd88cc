/**
 * KeyOrder: the keys of a space in the order of their bytes, made when somebody asks for it.
 *
 * The first question sorts all keys; later ones sort only the keys that came since and merge them in. Keys that were
 * deleted stay in the list until there are many: whoever walks it looks each key up anyway.
 * Invariant: a list that was handed out is never changed, so one may walk it while keys come and go.
 * Left out: rank and count, and any bound on the time one question takes: a sort of a million keys holds the loop.
 */

import type { Keydir, KeyString } from './keydir.ts';

/** The keys of a space in the order of their bytes. */
export class KeyOrder {
  readonly #keydir: Keydir;
  /** Sorted, each key once; undefined until somebody asks. */
  #sorted: readonly KeyString[] | undefined;
  /** Keys put since the list was made; a key may be in both when it was deleted in between. */
  #added: KeyString[] = [];
  #removedCount = 0;

  constructor(keydir: Keydir) {
    this.#keydir = keydir;
  }

  /** A key that was absent is there now. */
  add(key: KeyString): void {
    if (this.#sorted !== undefined) this.#added.push(key);
  }

  /** A key is gone. */
  remove(_key: KeyString): void {
    this.#removedCount++;
  }

  /** All keys in order, and perhaps some that are gone. */
  sorted(): readonly KeyString[] {
    const list = this.#sorted;
    if (list === undefined || this.#removedCount > list.length / 2 || this.#added.length > list.length / 2) {
      this.#sorted = Array.from(this.#keydir.entries(), entry => entry.key).sort(compareKeys);
      this.#removedCount = 0;
    } else if (this.#added.length > 0) {
      this.#sorted = merge(list, this.#added.sort(compareKeys));
    }
    this.#added = [];
    return this.#sorted!;
  }
}

/** The order of keys: by their bytes, as latin-1 characters compare like the bytes they stand for. */
export function compareKeys(a: KeyString, b: KeyString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Two sorted lists as one, each key once. */
function merge(a: readonly KeyString[], b: readonly KeyString[]): KeyString[] {
  const merged: KeyString[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takeA = j === b.length || (i < a.length && a[i]! <= b[j]!);
    const key = takeA ? a[i++]! : b[j++]!;
    if (key !== merged[merged.length - 1]) merged.push(key);
  }
  return merged;
}

/** The first place in a sorted list whose key is not below `key`. */
export function lowerBound(list: readonly KeyString[], key: KeyString): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
