// superseded later: imports, SpaceRecords, SpaceRecords.index, SpaceRecords.assertThere, SpaceRecords.moment, SpaceRecords.find, SpaceRecords.assertCondition, SpaceRecords.put, SpaceRecords.delete, SpaceRecords.#append
/**
 * SpaceRecords: the keys and the records behind them. Every read of a key begins here with `find`, every change of one
 * ends here: bytes into the log, then the entry into the index.
 *
 * Every record names a space, a room for keys of its own; for now there is only the one with id 0.
 * Invariant: the index changes only after the log has accepted the record, so a change that throws has changed nothing.
 */

import type { Commit } from '../log/commit.ts';
import { type Condition, checkCondition } from '../log/conditions.ts';
import { EngineError } from '../errors.ts';
import { KIND_PUT, KIND_TOMBSTONE } from '../format/record.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import { type Entry, type KeyString, toKeyString } from '../keydir/keydir.ts';
import type { Snapshots } from '../keydir/snapshots.ts';
import type { Location } from '../log/log.ts';
import { Moment } from '../scan/moment.ts';
import { checkSizes, type Durability } from '../options.ts';
import { entryOf } from '../recovery/replay.ts';

/** The keys and the records behind them. */
export class SpaceRecords {
  readonly id = 0;
  readonly commit: Commit;
  readonly snapshots: Snapshots;
  readonly #index: KeyIndex;

  constructor(index: KeyIndex, snapshots: Snapshots, commit: Commit) {
    this.commit = commit;
    this.snapshots = snapshots;
    this.#index = index;
    index.history.serve(snapshots);
  }

  /** @throws {EngineError} `CLOSED`. */
  get index(): KeyIndex {
    if (this.commit.isClosed) throw new EngineError('CLOSED', 'the database is closed');
    return this.#index;
  }

  /** @throws {EngineError} `CLOSED`. */
  assertThere(): void {
    void this.index;
  }

  /** The keys as they are now, for as long as the moment's snapshot is open. */
  moment(): Moment {
    return new Moment(this.index, this.snapshots.open(this.commit.log.position), this.commit);
  }

  /** The entry of a key that is there. */
  find(key: KeyString): Entry | undefined {
    return this.index.keydir.get(key);
  }

  /** @throws {EngineError} `CONFLICT` when `key` is not as the condition says. */
  assertCondition(key: Buffer, condition: Condition): void {
    this.commit.appendQueued();
    checkCondition(condition, this.find(toKeyString(key))?.seq ?? 0);
  }

  /** Store `value` under `key`; returns the seq. */
  put(key: Buffer, value: Buffer, level: Durability): number {
    this.assertThere();
    checkSizes(key.length, value.length);
    this.assertRoom(toKeyString(key), 1);
    const location = this.#append(KIND_PUT, key, value, level);
    const seq = this.commit.log.position;
    this.show(entryOf({ kind: KIND_PUT, seq, key, value }, location));
    return seq;
  }

  /** Remove `key`; returns the seq, or undefined when it was absent. */
  delete(key: Buffer, level: Durability): number | undefined {
    const name = toKeyString(key);
    this.commit.appendQueued(); // What was queued may have put the key.
    if (this.find(name) === undefined) return undefined;
    this.#append(KIND_TOMBSTONE, key, NOTHING, level);
    this.hide(name, this.commit.log.position);
    return this.commit.log.position;
  }

  /** Have the log accept a record, as safe as the level says. When it throws, nothing has changed. */
  #append(kind: number, key: Buffer, value: Buffer, level: Durability): Location {
    this.commit.begin();
    const location = this.commit.log.add({ kind, key, value });
    this.commit.end(level);
    return location;
  }
}
