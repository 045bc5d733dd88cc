// superseded later: imports, SpaceSnapshot.getEntry
/**
 * Snapshot: the whole database as it was when the snapshot was made, until it is closed.
 *
 * Making one costs no more than a place in a list. While it is open, each key that changes keeps in memory the version
 * that the snapshot sees.
 */

import { Cursor, type CursorSource, entryKey, entryPair, entryValue } from './cursor.ts';
import type { Input } from '../format/bytes.ts';
import type { Entry } from '../keydir/keydir.ts';
import type { OpenSnapshot, Snapshots } from '../keydir/snapshots.ts';
import type { EntryWithValue, Moment, View } from './moment.ts';
import { type Range, toKey } from './scan.ts';
class SpaceSnapshot {

  /** The value that `key` had, with its seq; `undefined` when it was absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    const entry = this.#view.find(toKey(key));
    return entry === undefined ? undefined : this.#view.withValue(entry);
  }
}
