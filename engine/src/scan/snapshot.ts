/**
 * Snapshot: the whole database as it was when the snapshot was made, until it is closed.
 *
 * Making one costs no more than a place in a list. While it is open, each key that changes keeps in memory the version
 * that the snapshot sees, and the files in which such versions lie are not removed.
 */

import type { Input } from '../format/bytes.ts';
import type { SpaceOrder } from '../keydir/key-index.ts';
import type { Entry } from '../keydir/keydir.ts';
import type { OpenSnapshot, Snapshots } from '../keydir/snapshots.ts';
import { Cursor, type CursorSource, entryKey, entryPair, entryValue } from './cursor.ts';
import type { EntryWithValue, Moment, View } from './moment.ts';
import { checkRange, type Range, toKey } from './scan.ts';

/** One space of a {@link Snapshot}: its reads, and no changes. */
export class SpaceSnapshot {
  readonly id: number;
  readonly #view: View;
  readonly #source: CursorSource;

  /** @internal Made by {@link Snapshot.space}. */
  constructor(id: number, view: View, source: CursorSource = { open: () => view, close: () => {} }) {
    this.id = id;
    this.#view = view;
    this.#source = source;
  }

  /** In which order the space gives out its keys. */
  get order(): SpaceOrder {
    return this.#view.orderName;
  }

  /** The value that `key` had; `undefined` when it was absent. */
  get(key: Input): Buffer | undefined {
    const entry = this.#view.find(toKey(key));
    return entry === undefined ? undefined : this.#view.valueOf(entry);
  }

  /** Whether `key` was there. */
  has(key: Input): boolean {
    return this.#view.find(toKey(key)) !== undefined;
  }

  /** The value that `key` had, with its seq, tag, expiry and order key; `undefined` when it was absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    const entry = this.#view.find(toKey(key));
    return entry === undefined ? undefined : this.#view.withValue(entry);
  }

  /** Key and value of each key that was in the range. */
  entries(range: Range = {}): Cursor<[Buffer, Buffer]> {
    return this.#cursor(range, entryPair);
  }

  /** The keys of {@link entries}. */
  keys(range: Range = {}): Cursor<Buffer> {
    return this.#cursor(range, entryKey);
  }

  /** The values of {@link entries}. */
  values(range: Range = {}): Cursor<Buffer> {
    return this.#cursor(range, entryValue);
  }

  /** @throws {EngineError} `CLOSED`. */
  protected assertOpen(): void {
    this.#view.assertOpen();
  }

  #cursor<T>(range: Range, pick: (entry: Entry, view: View) => T): Cursor<T> {
    checkRange(this.order, range);
    return new Cursor(this.#source, range, pick);
  }
}

/** The database at one moment: the reads of its default space, and the way to the others. Close it when you are done. */
export class Snapshot extends SpaceSnapshot implements Disposable {
  readonly #snapshots: Snapshots;
  readonly #open: OpenSnapshot;
  readonly #momentOf: (space: number) => Moment | undefined;

  /** @internal Made by {@link Database.snapshot}. */
  constructor(snapshots: Snapshots, open: OpenSnapshot, momentOf: (space: number) => Moment | undefined) {
    super(0, momentOf(0)!);
    this.#snapshots = snapshots;
    this.#open = open;
    this.#momentOf = momentOf;
    snapshots.closeWith(this, open);
  }

  /** The seq of the newest change that it sees. */
  get seq(): number {
    return this.#open.seq;
  }

  /** A space as it was, also when it has been dropped since; `undefined` when there was none with this id. */
  space(id: number): SpaceSnapshot | undefined {
    this.assertOpen();
    const moment = this.#momentOf(id);
    return moment === undefined ? undefined : new SpaceSnapshot(id, moment);
  }

  /** Let go of what it sees; every use throws `CLOSED` from now on. A second call does nothing. */
  close(): void {
    this.#snapshots.close(this.#open);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
