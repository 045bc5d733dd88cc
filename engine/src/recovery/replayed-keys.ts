/**
 * ReplayedKeys: what the log says of the keys of one space, while it is being read.
 *
 * Files may be read in any order, as merge writes old records into new files. So an old value can come after the tombstone
 * that ended it, and a change of expiry before the value it belongs to.
 * Invariants: (1) the record with the highest seq of its key wins, whichever is read first;
 *             (2) a key is in the keydir or in the graves, never in both.
 */

import type { Entry, Keydir, KeyString } from '../keydir/keydir.ts';
import { MapKeydir } from '../keydir/map-keydir.ts';
import { ReplayedRanges } from './replayed-ranges.ts';

/** A change of expiry, kept until all values have been read. */
interface ExpiryPatch {
  readonly key: KeyString;
  readonly seq: number;
  /** The seq of the put that it changes, and of no other. */
  readonly valueSeq: number;
  readonly expiresAtMs: number;
}

/** The keys of one space, from records in any order. */
export class ReplayedKeys {
  readonly #keydir: Keydir = new MapKeydir();
  /** Keys whose newest record so far is a tombstone, and its seq. */
  readonly #graves = new Map<KeyString, number>();
  /** The newest change of expiry of each key that has one. */
  readonly #patches = new Map<KeyString, ExpiryPatch>();
  readonly #ranges = new ReplayedRanges();

  /** The key has had this value. */
  put(entry: Entry): void {
    if (this.#newestSeq(entry.key) > entry.seq) return;
    this.#keydir.put(entry);
    this.#graves.delete(entry.key);
  }

  /** The key has been deleted. */
  delete(key: KeyString, seq: number): void {
    if (this.#newestSeq(key) > seq) return;
    this.#keydir.delete(key);
    this.#graves.set(key, seq);
  }

  #newestSeq(key: KeyString): number {
    return this.#keydir.get(key)?.seq ?? this.#graves.get(key) ?? 0;
  }

  /** The value written with seq `valueSeq` has got another expiry. */
  patch(patch: ExpiryPatch): void {
    const other = this.#patches.get(patch.key);
    if (other === undefined || other.seq < patch.seq) this.#patches.set(patch.key, patch);
  }

  /** Every key from `from` up to `to` has been deleted; without `to`, all from `from` on. */
  deleteRange(from: KeyString, to: KeyString | undefined, seq: number): void {
    this.#ranges.add({ from, to, seq });
  }

  /** Everything has been read: the keys that there are. */
  finish(): Keydir {
    if (!this.#ranges.isEmpty) this.#removeRanges();
    for (const patch of this.#patches.values()) this.#applyPatch(patch);
    return this.#keydir;
  }

  #removeRanges(): void {
    const deletedAt = this.#ranges.finish();
    for (const entry of [...this.#keydir.entries()]) {
      if (deletedAt(entry.key) > entry.seq) this.#keydir.delete(entry.key);
    }
  }

  #applyPatch({ key, seq, valueSeq, expiresAtMs }: ExpiryPatch): void {
    const entry = this.#keydir.get(key);
    if (entry?.valueSeq === valueSeq) this.#keydir.put({ ...entry, seq, expiresAtMs });
  }
}
