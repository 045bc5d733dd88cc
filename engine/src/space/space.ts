/**
 * Space: one numbered key space of a database, as its users see it. A database's own methods are those of space 0.
 *
 * Methods come in two forms: for programs (keys and values as bytes or strings, results as copies), and for servers
 * (`...Slice`, `peek`, `view`: a key is a stretch of a larger buffer, and results are the store's own memory).
 */

import { EngineError } from '../errors.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import { HashOrder } from '../keydir/hash-order.ts';
import type { SpaceOrder } from '../keydir/key-index.ts';
import { type Entry, type EntryInfo, toKeyString } from '../keydir/keydir.ts';
import { conditionOf } from '../log/conditions.ts';
import {
  type ChangeOptions,
  checkDurability,
  checkExpiry,
  checkPutOptions,
  checkSynchronous,
  type DeleteOptions,
  type Durability,
  type PutOptions,
  type UpdateOptions,
} from '../options.ts';
import { Cursor, type CursorSource, entryKey, entryPair, entryValue } from '../scan/cursor.ts';
import { copyValue, type EntryWithValue, type Moment, type View, withValue } from '../scan/moment.ts';
import { checkRange, deleteBounds, type KeyRange, type Range, toKey } from '../scan/scan.ts';
import { makeChanges, putChange } from './changes.ts';
import type { SpaceRecords } from './space-records.ts';

/** A value in the store's own memory, `buffer[start, end)`: valid until the next call into the store, not to be changed. */
export interface EntryView {
  buffer: Buffer;
  start: number;
  end: number;
  tag: number;
  seq: number;
  /** 0: never. */
  expiresAtMs: number;
  orderKey: Buffer | undefined;
}

/** A numbered key space: the same reads and changes as a {@link Database}, and calls without copies for servers. */
export class Space {
  /** Never used again once the space is dropped. */
  readonly id: number;
  readonly order: SpaceOrder;
  readonly #records: SpaceRecords;
  readonly #source: CursorSource;
  readonly #view: EntryView;

  /** @internal Spaces are made by {@link Database.createSpace}. */
  constructor(records: SpaceRecords) {
    this.id = records.id;
    this.order = records.index.orderName;
    this.#records = records;
    this.#source = {
      open: owner => {
        const moment = records.moment();
        records.snapshots.closeWith(owner, moment.snapshot);
        return moment;
      },
      close: ({ snapshot }: Moment) => records.snapshots.close(snapshot),
    };
    this.#view = { buffer: Buffer.alloc(0), start: 0, end: 0, tag: 0, seq: 0, expiresAtMs: 0, orderKey: undefined };
  }

  /** The number of keys. */
  get size(): number {
    return this.#records.sweptIndex.keydir.size;
  }

  /** How many of the keys have an expiry; an estimate when there are more than 10,000 of them. */
  get expiring(): number {
    return this.#records.sweptIndex.expiry.liveCount;
  }

  // ---------------------------------------------------------------------------------------------------- for programs

  /** The value of `key`; `undefined` when the key is absent. */
  get(key: Input): Buffer | undefined {
    const entry = this.#records.find(toKey(key));
    return entry === undefined ? undefined : copyValue(this.#records.commit.log, entry);
  }

  /** Whether `key` is there. */
  has(key: Input): boolean {
    return this.#records.find(toKey(key)) !== undefined;
  }

  /** The value of `key` with its seq, tag, expiry and order key; `undefined` when the key is absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    const entry = this.#records.find(toKey(key));
    return entry === undefined ? undefined : withValue(this.#records.commit.log, entry);
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `CONFLICT`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, options?: PutOptions): number {
    const k = toBuffer(key);
    const v = toBuffer(value);
    if (options === undefined) return this.putSlice(k, 0, k.length, v, 0, v.length, 0, 0);
    checkPutOptions(options);
    this.#assertCondition(k, options);
    const { tag = 0, expiresAtMs = 0, orderKey, durability } = options;
    return this.#records.put(k, 0, k.length, v, 0, v.length, tag, expiresAtMs, orderKey, this.#level(durability));
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, options?: DeleteOptions): number | undefined {
    const k = toBuffer(key);
    if (options !== undefined) this.#assertCondition(k, options);
    return this.#records.delete(k, 0, k.length, this.#level(options?.durability));
  }

  /** The values of several keys, in their order; `undefined` for each that is absent. */
  getMany(keys: Iterable<Input>): (Buffer | undefined)[] {
    return Array.from(keys, key => this.get(key));
  }

  /** Store these values, all or none; returns the seq of the last change. The options hold for each. */
  putMany(entries: Iterable<readonly [Input, Input]>, options: PutOptions = {}): number {
    const changes = Array.from(entries, ([key, value]) => putChange(this.#records, key, value, options));
    return makeChanges(changes, this.#records.commit, this.#level(options.durability));
  }

  /**
   * Store what `change` makes of the value of `key`, which is `undefined` when the key is absent; when it makes
   * `undefined` of it, remove the key. Tag, expiry and order key stay as they are where the options name no others.
   * Returns the seq of the change, or `undefined` when the key was absent and stays so.
   * @throws {EngineError} `CONFLICT` when `change` has itself changed the key. What `change` throws is passed on.
   */
  update(
    key: Input,
    change: (value: Buffer | undefined) => Input | undefined,
    options?: UpdateOptions,
  ): number | undefined {
    this.#records.commit.appendQueued();
    const older = this.getEntry(key);
    const value = change(older?.value);
    checkSynchronous(value, 'update');
    if (older === undefined)
      return value === undefined ? undefined : this.put(key, value, { ...options, ifAbsent: true });
    const { tag, expiresAtMs, orderKey, seq: ifSeq } = older;
    if (value === undefined) return this.delete(key, { ...options, ifSeq });
    return this.put(key, value, {
      tag,
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(orderKey !== undefined && { orderKey }),
      ...options,
      ifSeq,
    });
  }

  /**
   * Have `key` go away at this time, or stay when it is `undefined`; returns the seq of the change, or `undefined` when
   * the key is absent. The value is not written again.
   */
  expireAt(key: Input, expiresAtMs: number | undefined, options?: ChangeOptions): number | undefined {
    const k = toBuffer(key);
    if (expiresAtMs !== undefined) checkExpiry(expiresAtMs);
    return this.#records.expire(k, 0, k.length, expiresAtMs ?? 0, this.#level(options?.durability));
  }

  /** Have `key` go away in so many milliseconds; as {@link expireAt} else. */
  expire(key: Input, ttlMs: number, options?: ChangeOptions): number | undefined {
    return this.expireAt(key, this.#records.now + ttlMs, options);
  }

  /** Have `key` stay; returns the seq of the change, or `undefined` when the key is absent or had no expiry. */
  persist(key: Input, options?: ChangeOptions): number | undefined {
    return this.ttl(key) === Number.POSITIVE_INFINITY ? undefined : this.expireAt(key, undefined, options);
  }

  /** In how many milliseconds `key` goes away: `Infinity` when it stays, `undefined` when it is absent. */
  ttl(key: Input): number | undefined {
    const entry = this.#records.find(toKey(key));
    if (entry === undefined) return undefined;
    return entry.expiresAtMs === 0 ? Number.POSITIVE_INFINITY : entry.expiresAtMs - this.#records.now;
  }

  /**
   * Remove every key of the range, with one record however many there are; returns the seq of the change, or `undefined`
   * when there was no key and nothing was written. A space of order 'hash' has no ranges: it can be cleared.
   */
  deleteRange(range: KeyRange, options?: ChangeOptions): number | undefined {
    const { from, to } = deleteBounds(range, this.order);
    return this.#records.deleteRange(from, to, this.#level(options?.durability));
  }

  /** Remove every key; as {@link deleteRange} else. */
  clear(options?: ChangeOptions): number | undefined {
    return this.deleteRange({}, options);
  }

  /**
   * Key and value of each key in the range: by the bytes of the keys, or by their hash in a space of order 'hash', which
   * has no ranges. All as of the first step, whatever is changed meanwhile.
   */
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

  // ----------------------------------------------------------------------------------------------------- for servers

  /** What is known of the key `bytes[start, end)` without a read from the disk. */
  peek(bytes: Buffer, start: number, end: number): EntryInfo | undefined {
    return this.#records.find(toKeyString(bytes, start, end));
  }

  /** The value of the key `bytes[start, end)`, in the store's own memory. One object serves all calls. */
  view(bytes: Buffer, start: number, end: number): EntryView | undefined {
    const entry = this.#records.find(toKeyString(bytes, start, end));
    if (entry === undefined) return undefined;
    const value = this.#records.commit.log.view(entry);
    const view = this.#view;
    view.buffer = value.buffer;
    view.start = value.start;
    view.end = value.end;
    view.tag = entry.tag;
    view.seq = entry.seq;
    view.expiresAtMs = entry.expiresAtMs;
    view.orderKey = entry.orderKey;
    return view;
  }

  /** `put` for `key[keyStart, keyEnd)` and `value[valueStart, valueEnd)`. Expiry 0: never. */
  putSlice(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
    tag: number,
    expiresAtMs: number,
    orderKey?: Uint8Array,
  ): number {
    const level = this.#records.commit.durability;
    return this.#records.put(key, keyStart, keyEnd, value, valueStart, valueEnd, tag, expiresAtMs, orderKey, level);
  }

  /** `delete` for `key[keyStart, keyEnd)`. */
  deleteSlice(key: Buffer, keyStart: number, keyEnd: number): number | undefined {
    return this.#records.delete(key, keyStart, keyEnd, this.#records.commit.durability);
  }

  /** `expireAt` for `key[keyStart, keyEnd)`. Expiry 0: never. */
  expireSlice(key: Buffer, keyStart: number, keyEnd: number, expiresAtMs: number): number | undefined {
    return this.#records.expire(key, keyStart, keyEnd, expiresAtMs, this.#records.commit.durability);
  }

  /**
   * Visit entries in the order of their hashes, beginning at hash `cursor` (0: the first): about `count` of them.
   * Returns the cursor to go on with, 0 at the end. A key that is there all the time is visited once.
   */
  scan(cursor: number, count: number, visit: (entry: EntryInfo) => void): number {
    return this.#hashOrder().scan(cursor, count, key => {
      const entry = this.#records.find(key);
      if (entry !== undefined) visit(entry);
    });
  }

  /** Any entry, each with the same chance; `undefined` when there is none. */
  random(): EntryInfo | undefined {
    const { keydir } = this.#records.sweptIndex;
    const order = this.#hashOrder();
    if (keydir.size === 0) return undefined;
    // The order may have ghosts, keys that only a snapshot sees: try again.
    for (;;) {
      const entry = keydir.get(order.random()!);
      if (entry !== undefined) return entry;
    }
  }

  /** All entries, in no order. */
  infos(): IterableIterator<EntryInfo> {
    return this.#records.sweptIndex.keydir.entries();
  }

  /** Up to `limit` entries whose expiry is at or before `now`, soonest first. They stay until somebody deletes them. */
  due(now: number, limit: number): EntryInfo[] {
    const { expiry } = this.#records.index;
    return expiry.isEmpty ? [] : expiry.due(now, limit);
  }

  // -------------------------------------------------------------------------------------------------------------------

  #assertCondition(key: Buffer, options: Pick<PutOptions, 'ifAbsent' | 'ifSeq'>): void {
    const condition = conditionOf(options);
    if (condition !== undefined) this.#records.assertCondition(key, 0, key.length, condition);
  }

  #cursor<T>(range: Range, pick: (entry: Entry, view: View) => T): Cursor<T> {
    checkRange(this.order, range);
    return new Cursor(this.#source, range, pick);
  }

  #hashOrder(): HashOrder {
    const { order } = this.#records.index;
    if (order instanceof HashOrder) return order;
    throw new EngineError('UNSUPPORTED', 'only a space of order hash can be scanned by hash and has a random()');
  }

  #level(given: Durability | undefined): Durability {
    if (given === undefined) return this.#records.commit.durability;
    checkDurability(given);
    return given;
  }
}
