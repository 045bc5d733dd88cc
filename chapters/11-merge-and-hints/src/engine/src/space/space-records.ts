// superseded later: the whole file
/**
 * SpaceRecords: the keys of one space and the records behind them. Every read of a key begins here with `find`, every
 * change of one ends here: bytes into the log, then the entry into the index.
 *
 * Invariants: (1) the index changes only after the log has accepted the record, so a change that throws has changed
 *                 nothing;
 *             (2) with expiry left to the engine, nobody ever sees a key that is due.
 */

import type { Clock } from '../clock.ts';
import type { Commit } from '../log/commit.ts';
import { type Condition, checkCondition } from '../log/conditions.ts';
import { EngineError } from '../errors.ts';
import { KIND_EXPIRY_PATCH, KIND_PUT, KIND_RANGE_DELETE, KIND_TOMBSTONE } from '../format/record.ts';
import { MAX_VARINT_SIZE, writeVarint } from '../format/varint.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import { type Entry, type KeyString, keyBytes, toKeyString } from '../keydir/keydir.ts';
import type { Snapshots } from '../keydir/snapshots.ts';
import type { Change, Location } from '../log/log.ts';
import { Moment } from '../scan/moment.ts';
import { checkSizes, type Durability, type PutOptions } from '../options.ts';
import { entryOf } from '../recovery/replay.ts';

/** The most keys of one space: what a JavaScript Map holds. */
const MAX_KEYS = 2 ** 24 - 1;
/** How many keys that are due a put removes on its way. */
const SWEEP_COUNT = 4;
const NOTHING = Buffer.alloc(0);

/** The keys of one space and the records behind them. */
export class SpaceRecords {
  readonly id: number;
  readonly commit: Commit;
  readonly snapshots: Snapshots;
  readonly #clock: Clock;
  /** Whether keys that are due are removed here, or by the caller. */
  readonly #expires: boolean;
  #index: KeyIndex;
  #isDropped = false;
  readonly #patch: Buffer = Buffer.alloc(MAX_VARINT_SIZE);

  constructor(id: number, index: KeyIndex, commit: Commit, snapshots: Snapshots, clock: Clock, expires: boolean) {
    this.id = id;
    this.commit = commit;
    this.snapshots = snapshots;
    this.#index = index;
    index.history.serve(snapshots);
    this.#clock = clock;
    this.#expires = expires;
  }

  /** @throws {EngineError} `CLOSED` or `NO_SPACE_WITH_ID`. */
  get index(): KeyIndex {
    if (this.commit.isClosed) throw new EngineError('CLOSED', 'the database is closed');
    if (this.#isDropped) throw new EngineError('NO_SPACE_WITH_ID', `space ${this.id} has been dropped`);
    return this.#index;
  }

  /** @throws {EngineError} `CLOSED` or `NO_SPACE_WITH_ID`. */
  assertThere(): void {
    void this.index;
  }

  /** The index without the keys that are due. */
  get sweptIndex(): KeyIndex {
    const { index } = this;
    this.removeDue();
    return index;
  }

  /** Remove the keys that are due, up to `limit` of them, unless that is left to the caller; returns how many. */
  removeDue(limit: number = Number.POSITIVE_INFINITY): number {
    return this.#expires ? this.#sweep(limit) : 0;
  }

  /** The keys as they are now, for as long as the moment's snapshot is open. */
  moment(): Moment {
    const index = this.sweptIndex;
    const snapshot = this.snapshots.open(this.commit.log.position, this.#clock.now());
    return new Moment(index, snapshot, this.commit, this.#expires);
  }

  /** The space is gone: every use throws from now on, and its keys are let go of. */
  drop(empty: KeyIndex): void {
    this.#isDropped = true;
    this.#index = empty;
  }

  /** The time by which expiries are judged, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#clock.now();
  }

  /** The entry of a key that is there and not due. */
  find(key: KeyString): Entry | undefined {
    const entry = this.index.keydir.get(key);
    if (entry === undefined || entry.expiresAtMs === 0 || !this.#expires) return entry;
    if (entry.expiresAtMs > this.#clock.now()) return entry;
    this.#removeDue(entry);
    return undefined;
  }

  /** @throws {EngineError} `CONFLICT` when `key` is not as the condition says. */
  assertCondition(key: Buffer, condition: Condition): void {
    this.commit.appendQueued();
    checkCondition(condition, this.find(toKeyString(key))?.seq ?? 0);
  }

  /** @throws {EngineError} `UNSUPPORTED` when `count` changes, one of which puts this key, could be more than there is room for. */
  assertRoom(key: KeyString, count: number): void {
    const { keydir } = this.#index;
    if (keydir.size + count <= MAX_KEYS || keydir.get(key) !== undefined) return;
    throw new EngineError('UNSUPPORTED', `a space holds at most ${MAX_KEYS} keys`);
  }

  /** The log has accepted the record of this entry: make it visible. */
  show(entry: Entry): void {
    this.#index.put(entry);
  }

  /** The log has accepted the record with this seq, which removes a key. */
  hide(key: KeyString, seq: number): void {
    this.#index.delete(key, seq);
  }

  /** The same for the record that removes all keys from `from` up to, and without, `to`. */
  hideRange(from: KeyString, to: KeyString | undefined, seq: number): void {
    this.#index.removeRange(from, to, seq);
  }

  /** Store `value` under `key`; returns the seq. */
  put(key: Buffer, value: Buffer, options: Omit<PutOptions, 'durability'>, level: Durability): number {
    const { index } = this;
    checkSizes(key.length, value.length);
    if (index.keydir.size >= MAX_KEYS) this.assertRoom(toKeyString(key), 1);
    if (this.#expires) this.#sweep(SWEEP_COUNT);
    const { tag = 0, expiresAtMs = 0, orderKey } = options;
    const change = { kind: KIND_PUT, space: this.id, tag, expiresAtMs, orderKey, key, value };
    const location = this.#append(change, level);
    this.show(entryOf({ ...change, seq: this.commit.log.position }, location));
    return this.commit.log.position;
  }

  /** Remove `key`; returns the seq, or undefined when it was absent. */
  delete(key: Buffer, level: Durability): number | undefined {
    const name = toKeyString(key);
    this.commit.appendQueued(); // What was queued may have put the key.
    if (this.find(name) === undefined) return undefined;
    this.#append({ kind: KIND_TOMBSTONE, space: this.id, key, value: NOTHING }, level);
    this.hide(name, this.commit.log.position);
    return this.commit.log.position;
  }

  /** Have the log accept a record, as safe as the level says. When it throws, nothing has changed. */
  #append(change: Change, level: Durability): Location {
    this.commit.begin();
    const location = this.commit.log.add(change);
    this.commit.end(level);
    return location;
  }

  /** Remove all keys from `from` up to, and without, `to`; returns the seq, or undefined when there was none. */
  deleteRange(from: KeyString, to: KeyString | undefined, level: Durability): number | undefined {
    this.commit.appendQueued();
    if (!this.sweptIndex.hasKeyIn(from, to)) return undefined;
    const start = keyBytes(from);
    const end = to === undefined ? NOTHING : keyBytes(to);
    checkSizes(start.length, end.length);
    this.#append({ kind: KIND_RANGE_DELETE, space: this.id, key: start, value: end }, level);
    this.hideRange(from, to, this.commit.log.position);
    return this.commit.log.position;
  }

  /** Give `key` another expiry, 0 for none; returns the seq, or undefined when it is absent. */
  expire(key: Buffer, expiresAtMs: number, level: Durability): number | undefined {
    const { commit } = this;
    commit.appendQueued();
    const entry = this.find(toKeyString(key));
    if (entry === undefined) return undefined;
    commit.begin();
    const value = this.#patch.subarray(0, writeVarint(this.#patch, 0, commit.log.nextSeq - entry.valueSeq));
    commit.log.add({ kind: KIND_EXPIRY_PATCH, space: this.id, expiresAtMs, key, value });
    commit.end(level);
    const seq = commit.log.position;
    this.show({ ...entry, seq, expiresAtMs });
    return seq;
  }

  /** Remove up to `limit` keys that are due; returns how many. */
  #sweep(limit: number): number {
    const { expiry } = this.#index;
    if (expiry.isEmpty) return 0;
    const now = this.#clock.now();
    let removed = 0;
    for (; removed < limit; removed++) {
      const entry = expiry.nextDue(now);
      if (entry === undefined || !this.#removeDue(entry)) break;
    }
    return removed;
  }

  /**
   * The first to see that a key is due removes it with a tombstone, so that a clock set back cannot revive it. Where
   * none can be written (the disk has failed), the key stays in the index and is absent to all who ask.
   */
  #removeDue(entry: Entry): boolean {
    if (!this.commit.beginQuietly()) return false;
    const { log } = this.commit;
    log.add({ kind: KIND_TOMBSTONE, space: this.id, key: keyBytes(entry.key), value: NOTHING });
    this.commit.endQuietly();
    this.hide(entry.key, log.position);
    return true;
  }
}
