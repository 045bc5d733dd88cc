/**
 * SkipList: keys in the order of their bytes. A linked list with express lanes above it: every node is in
 * lane 0, about one in four of them also in lane 1, one in four of those in lane 2. A search runs along the highest lane
 * until the next key would be too far, and goes down.
 *
 *    lane 2   head ──────────────────────────> e ─────────────>
 *    lane 1   head ────────> b ──────────────> e ─────> g ────>
 *    lane 0   head ──> a ──> b ──> c ──> d ──> e ─> f ─> g ─> h
 *
 * Invariants: (1) each lane rises strictly, and a node in a lane is in every lane below it;
 *             (2) whoever holds a node may go on from it after any change: a node that was removed says so, and the way
 *                 on from it is then a search for its key.
 * Left out: rank and count (nobody counts what a lane jumps over), and memory: a node takes about 90 bytes beside its key.
 * Source: William Pugh, "Skip lists: a probabilistic alternative to balanced trees" (1990).
 */

import type { KeyString } from './keydir.ts';

/** Lanes at most: with one node in four going up, enough for 4^12 keys, which is what a Map holds. */
const MAX_HEIGHT = 12;
/** How often a node that is in a lane is in the next one too. */
const PROMOTION = 1 / 4;

/** A key's place in the order. Only the list itself changes it. */
export interface SkipNode {
  readonly key: KeyString;
  /** The next node of each lane that this one is in; undefined at the end of a lane. */
  readonly next: (SkipNode | undefined)[];
  previous: SkipNode | undefined;
  isRemoved: boolean;
}

/** Keys in the order of their bytes. */
export class SkipList {
  readonly #random: () => number;
  readonly #head: SkipNode = newNode('' as KeyString, MAX_HEIGHT);
  /** The last node of each lane, or the head. */
  readonly #tails: SkipNode[] = new Array<SkipNode>(MAX_HEIGHT).fill(this.#head);
  /** Of a search: the last node of each lane before the place. Kept, so that no search makes an array. */
  readonly #path: SkipNode[] = new Array<SkipNode>(MAX_HEIGHT).fill(this.#head);
  /** Lanes that have a node. */
  #height = 1;
  #length = 0;

  /** `random` gives numbers from 0 up to 1; another one than `Math.random` makes the lanes the same in every run. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The number of keys. */
  get length(): number {
    return this.#length;
  }

  // --------------------------------------------------------------------------------------------------------- changing

  /** A key that was absent is there now. Behind the last key there is nothing to search: sorted keys go in fastest. */
  add(key: KeyString): void {
    const last = this.#tails[0]!;
    const path = last === this.#head || last.key < key ? this.#tails : this.#search(key);
    const height = this.#randomHeight();
    if (height > this.#height) {
      path.fill(this.#head, this.#height, height);
      this.#height = height;
    }
    this.#link(newNode(key, height), path);
    this.#length++;
  }

  /** A key is gone; one that was not there changes nothing. */
  remove(key: KeyString): void {
    const path = this.#search(key);
    const node = path[0]!.next[0];
    if (node === undefined || node.key !== key) return;
    for (let lane = 0; lane < node.next.length; lane++) {
      path[lane]!.next[lane] = node.next[lane];
      if (this.#tails[lane] === node) this.#tails[lane] = path[lane]!;
    }
    if (node.next[0] !== undefined) node.next[0].previous = node.previous;
    node.isRemoved = true;
    this.#length--;
  }

  // ---------------------------------------------------------------------------------------------- finding and walking

  /** The first node whose key is not below `key`. */
  firstFrom(key: KeyString): SkipNode | undefined {
    return this.#search(key)[0]!.next[0];
  }

  /** The last node whose key is below `key`; without a key, the last of all. */
  lastBefore(key?: KeyString): SkipNode | undefined {
    return this.#unlessHead(key === undefined ? this.#tails[0] : this.#search(key)[0]);
  }

  /** The node behind this one, whether or not this one is still in the list. */
  after(node: SkipNode): SkipNode | undefined {
    return node.isRemoved ? this.firstFrom(nextKey(node.key)) : node.next[0];
  }

  /** The node before this one, whether or not this one is still in the list. */
  before(node: SkipNode): SkipNode | undefined {
    return node.isRemoved ? this.lastBefore(node.key) : this.#unlessHead(node.previous);
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** The last node of each lane whose key is below `key`. The array is the same for every search. */
  #search(key: KeyString): SkipNode[] {
    const path = this.#path;
    let node = this.#head;
    let tooFar: SkipNode | undefined; // Not compared again one lane below.
    for (let lane = this.#height - 1; lane >= 0; lane--) {
      let next = node.next[lane];
      while (next !== tooFar && next !== undefined && next.key < key) {
        node = next;
        next = node.next[lane];
      }
      tooFar = next;
      path[lane] = node;
    }
    return path;
  }

  #link(node: SkipNode, path: readonly SkipNode[]): void {
    node.previous = path[0];
    for (let lane = 0; lane < node.next.length; lane++) {
      const before = path[lane]!;
      node.next[lane] = before.next[lane];
      before.next[lane] = node;
      if (node.next[lane] === undefined) this.#tails[lane] = node;
    }
    if (node.next[0] !== undefined) node.next[0].previous = node;
  }

  #randomHeight(): number {
    let height = 1;
    while (height < MAX_HEIGHT && this.#random() < PROMOTION) height++;
    return height;
  }

  #unlessHead(node: SkipNode | undefined): SkipNode | undefined {
    return node === this.#head ? undefined : node;
  }
}

/** The first key behind this one. */
export function nextKey(key: KeyString): KeyString {
  return `${key}\0` as KeyString;
}

function newNode(key: KeyString, height: number): SkipNode {
  return { key, next: new Array<SkipNode | undefined>(height).fill(undefined), previous: undefined, isRemoved: false };
}
