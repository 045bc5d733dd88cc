// superseded later: imports, ReplayedKeys, ReplayedKeys.finish
/**
 * ReplayedKeys: what the log says of the keys, while it is being read.
 *
 * Files may be read in any order. So an old value can come after the tombstone that ended it.
 * Invariants: (1) the record with the highest seq of its key wins, whichever is read first;
 *             (2) a key is in the keydir or in the graves, never in both.
 */

import type { Entry, Keydir, KeyString } from '../keydir/keydir.ts';
import { MapKeydir } from '../keydir/map-keydir.ts';

/** The keys, from records in any order. */
export class ReplayedKeys {
  readonly #keydir: Keydir = new MapKeydir();
  /** Keys whose newest record so far is a tombstone, and its seq. */
  readonly #graves = new Map<KeyString, number>();

  /** Everything has been read: the keys that there are. */
  finish(): Keydir {
    return this.#keydir;
  }
}
