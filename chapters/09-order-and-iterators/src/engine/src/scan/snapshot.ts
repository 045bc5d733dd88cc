// superseded later: imports, SpaceSnapshot, SpaceSnapshot.#cursor, Snapshot
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
import type { Moment, View } from './moment.ts';
import { type Range, toKey } from './scan.ts';

/** The reads of a {@link Snapshot}, and no changes. */
export class SpaceSnapshot {
  readonly #view: View;
  readonly #source: CursorSource;

  /** @internal Made by {@link Snapshot}. */
  constructor(view: View, source: CursorSource = { open: () => view, close: () => {} }) {
    this.#view = view;
    this.#source = source;
  }

  #cursor<T>(range: Range, pick: (entry: Entry, view: View) => T): Cursor<T> {
    return new Cursor(this.#source, range, pick);
  }
}

/** The database at one moment. Close it when you are done: it keeps alive what it sees. */
export class Snapshot extends SpaceSnapshot implements Disposable {
  readonly #snapshots: Snapshots;
  readonly #open: OpenSnapshot;

  /** @internal Made by {@link Database.snapshot}. */
  constructor(snapshots: Snapshots, moment: Moment) {
    super(moment);
    this.#snapshots = snapshots;
    this.#open = moment.snapshot;
    snapshots.closeWith(this, moment.snapshot);
  }
}
