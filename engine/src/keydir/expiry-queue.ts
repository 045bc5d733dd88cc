/**
 * ExpiryQueue: entries that expire, soonest first. A binary heap in an array: the children of place i are at 2i + 1 and
 * 2i + 2, and no child expires before its parent.
 *
 * Invariant: every live entry with an expiry is in the heap. The reverse does not hold: an entry that was replaced or
 * deleted stays until it reaches the top, or until such entries outnumber the live ones, and is skipped then.
 */

import type { Entry } from './keydir.ts';

/** Below this many entries the heap is never rebuilt. */
const SMALL = 64;

/** Up to this many entries are looked at to say how many of them are live. */
const SAMPLE = 10_000;

/** The entries of a space that expire, soonest first. */
export class ExpiryQueue {
  readonly #isLive: (entry: Entry) => boolean;
  #heap: Entry[] = [];
  /** The size at which dead entries are looked for and dropped. */
  #rebuildAt = SMALL;

  constructor(isLive: (entry: Entry) => boolean) {
    this.#isLive = isLive;
  }

  /** Whether nothing can be due. */
  get isEmpty(): boolean {
    return this.#heap.length === 0;
  }

  /** Entries in the heap, those included that are live no more. */
  get length(): number {
    return this.#heap.length;
  }

  /** How many live entries there are: exact up to {@link SAMPLE} entries, beyond that an estimate by so many of them. */
  get liveCount(): number {
    const step = Math.max(1, this.#heap.length / SAMPLE);
    let seen = 0;
    let live = 0;
    for (let from = 0; from + step <= this.#heap.length; from += step) {
      const at = step === 1 ? from : Math.floor(from + Math.random() * step); // Even steps would meet patterns.
      seen++;
      if (this.#isLive(this.#heap[at]!)) live++;
    }
    return seen === 0 ? 0 : Math.round((this.#heap.length * live) / seen);
  }

  add(entry: Entry): void {
    if (this.#heap.length >= this.#rebuildAt) this.#dropDead();
    this.#heap.push(entry);
    this.#moveUp(this.#heap.length - 1);
  }

  /** The live entry that expires next, if that is at or before `now`. */
  nextDue(now: number): Entry | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.expiresAtMs <= now; top = this.#heap[0]) {
      if (this.#isLive(top)) return top;
      this.#removeTop();
    }
    return undefined;
  }

  /** Up to `limit` live entries that expire at or before `now`, soonest first. They stay in the queue. */
  due(now: number, limit: number): Entry[] {
    const found: Entry[] = [];
    while (found.length < limit) {
      const entry = this.nextDue(now);
      if (entry === undefined) break;
      found.push(entry);
      this.#removeTop();
    }
    for (const entry of found) this.add(entry);
    return found;
  }

  #removeTop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#moveDown(0);
  }

  #dropDead(): void {
    this.#heap = this.#heap.filter(this.#isLive);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#moveDown(at);
    this.#rebuildAt = Math.max(SMALL, 2 * this.#heap.length);
  }

  #moveUp(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.expiresAtMs <= entry.expiresAtMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #moveDown(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.expiresAtMs < heap[child]!.expiresAtMs) child++;
      if (heap[child]!.expiresAtMs >= entry.expiresAtMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
