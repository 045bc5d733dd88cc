/**
 * ReplayedRanges: the range deletes of one space, as one question: when was this key last deleted by one of them?
 *
 * All bounds, sorted, cut the keys into stretches; each stretch has the seq of the newest range delete that covers it.
 *
 *    deletes     [b ........ m) seq 7          [k ............. t) seq 9
 *    stretches   b: 7         k: 9         m: 9         t: 0
 */

import type { KeyString } from '../keydir/keydir.ts';

/** One range delete: keys from `from` up to `to`, which is not among them; without `to`, all from `from` on. */
export interface ReplayedRange {
  readonly from: KeyString;
  readonly to: KeyString | undefined;
  readonly seq: number;
}

/** Collects range deletes in any order. */
export class ReplayedRanges {
  readonly #ranges: ReplayedRange[] = [];

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  add(range: ReplayedRange): void {
    this.#ranges.push(range);
  }

  /** All have been added: a function that says with which seq a key was last deleted, 0 when it never was. */
  finish(): (key: KeyString) => number {
    const bounds = new Set<KeyString>();
    for (const { from, to } of this.#ranges) bounds.add(from).add(to ?? from);
    const starts = [...bounds].sort(); // Characters below 256 compare like the bytes they stand for.
    const seqs = new Float64Array(starts.length);
    for (const { from, to, seq } of this.#ranges.sort((a, b) => a.seq - b.seq)) {
      seqs.fill(seq, stretchOf(starts, from), to === undefined ? starts.length : stretchOf(starts, to));
    }
    return key => seqs[stretchOf(starts, key)] ?? 0;
  }
}

/** The stretch a key lies in, that of the last start that is not above it; -1 when the key is before all of them. */
function stretchOf(starts: readonly KeyString[], key: KeyString): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
