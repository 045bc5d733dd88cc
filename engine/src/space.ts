/**
 * Space: one numbered key space of a database. Reads and single changes of its keys are here; a database's own methods
 * are those of its default space.
 *
 * Methods come in two forms: for programs (keys and values as bytes or strings, results as copies), and for servers
 * (`...Slice`, `peek`, `view`: a key is a stretch of a larger buffer, and results are the store's own memory).
 * Invariant: the index changes only after the log has accepted the record, so a call that throws has changed nothing.
 */

import type { Clock } from './clock.ts';
import type { Commit } from './commit.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import {
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_TOMBSTONE,
  MAX_KEY_SIZE,
  MAX_VALUE_SIZE,
  ORDER_KEY_SIZE,
} from './format/record.ts';
import { MAX_VARINT_SIZE, writeVarint } from './format/varint.ts';
import { HashOrder } from './keydir/hash-order.ts';
import type { KeyIndex, SpaceOrder } from './keydir/key-index.ts';
import { KeyOrder } from './keydir/key-order.ts';
import { type Entry, type EntryInfo, type KeyString, keyBytes, toKeyString } from './keydir/keydir.ts';
import { checkDurability, type Durability } from './options.ts';
import { keysInRange, limitOf, type Range } from './scan.ts';

/** What a `put` may be given beside key and value. */
export interface PutOptions {
  /** A byte of the caller's own, 0 to 255, that can be read without the value. Default: 0. */
  readonly tag?: number;
  /** When the key goes away, in milliseconds since the Unix epoch. Default: never. */
  readonly expiresAtMs?: number;
  /** Eight bytes of the caller's own, that can be read without the value. */
  readonly orderKey?: Uint8Array;
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}

/** What a `delete` or an `expireAt` may be given. */
export interface ChangeOptions {
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}

/** A value with all that is known of its key. */
export interface EntryWithValue {
  readonly value: Buffer;
  /** The seq of the newest change of this key. */
  readonly seq: number;
  readonly tag: number;
  readonly expiresAtMs?: number;
  readonly orderKey?: Buffer;
}

/** A value in the store's own memory, `buffer[start, end)`: valid until the next call into the store, and not to be changed. */
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

/** The most keys of one space: what a JavaScript Map holds. */
const MAX_KEYS = 2 ** 24 - 1;
/** How many keys that are due a change of the space removes on the way. */
const SWEEP_COUNT = 4;
const NOTHING = Buffer.alloc(0);

export class Space {
  /** Never used again once the space is dropped. */
  readonly id: number;
  readonly order: SpaceOrder;
  readonly #commit: Commit;
  readonly #clock: Clock;
  /** Whether keys that are due are removed here, or by the caller. */
  readonly #expires: boolean;
  #index: KeyIndex;
  #isDropped = false;
  readonly #view: EntryView = {
    buffer: NOTHING,
    start: 0,
    end: 0,
    tag: 0,
    seq: 0,
    expiresAtMs: 0,
    orderKey: undefined,
  };

  /** @internal Spaces are made by {@link Database.createSpace}. */
  constructor(id: number, order: SpaceOrder, index: KeyIndex, commit: Commit, clock: Clock, expires: boolean) {
    this.id = id;
    this.order = order;
    this.#index = index;
    this.#commit = commit;
    this.#clock = clock;
    this.#expires = expires;
  }

  /** The number of keys. */
  get size(): number {
    this.#assertUsable();
    if (this.#expires) this.#sweep(Number.POSITIVE_INFINITY);
    return this.#index.keydir.size;
  }

  // ---------------------------------------------------------------------------------------------------- for programs

  /** The value of `key`; `undefined` when the key is absent. */
  get(key: Input): Buffer | undefined {
    const entry = this.#find(toKey(key));
    return entry === undefined ? undefined : this.#copyValue(entry);
  }

  /** Whether `key` is there. */
  has(key: Input): boolean {
    return this.#find(toKey(key)) !== undefined;
  }

  /** The value of `key` with its seq, tag, expiry and order key; `undefined` when the key is absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    const entry = this.#find(toKey(key));
    if (entry === undefined) return undefined;
    return {
      value: this.#copyValue(entry),
      seq: entry.seq,
      tag: entry.tag,
      ...(entry.expiresAtMs !== 0 && { expiresAtMs: entry.expiresAtMs }),
      ...(entry.orderKey !== undefined && { orderKey: Buffer.from(entry.orderKey) }),
    };
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, options?: PutOptions): number {
    const k = toBuffer(key);
    const v = toBuffer(value);
    if (options === undefined) return this.putSlice(k, 0, k.length, v, 0, v.length, 0, 0);
    const { tag = 0, expiresAtMs, orderKey, durability } = options;
    checkPutOptions(options);
    return this.#put(k, 0, k.length, v, 0, v.length, tag, expiresAtMs ?? 0, orderKey, this.#level(durability));
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, options?: ChangeOptions): number | undefined {
    const k = toBuffer(key);
    return this.#delete(k, 0, k.length, this.#level(options?.durability));
  }

  /**
   * Have `key` go away at this time, or stay when it is `undefined`; returns the seq of the change, or `undefined` when
   * the key is absent. The value is not written again.
   */
  expireAt(key: Input, expiresAtMs: number | undefined, options?: ChangeOptions): number | undefined {
    const k = toBuffer(key);
    if (expiresAtMs !== undefined) checkExpiry(expiresAtMs);
    return this.#expire(k, 0, k.length, expiresAtMs ?? 0, this.#level(options?.durability));
  }

  /**
   * Key and value of each key in the range: by the bytes of the keys, or by their hash in a space of order 'hash', which
   * has no ranges. Keys put meanwhile are not met, keys deleted meanwhile neither.
   */
  *entries(range: Range = {}): IterableIterator<[Buffer, Buffer]> {
    for (const entry of this.#walk(range)) yield [keyBytes(entry.key), this.#copyValue(entry)];
  }

  /** The keys of {@link entries}. */
  *keys(range: Range = {}): IterableIterator<Buffer> {
    for (const entry of this.#walk(range)) yield keyBytes(entry.key);
  }

  /** The values of {@link entries}. */
  *values(range: Range = {}): IterableIterator<Buffer> {
    for (const entry of this.#walk(range)) yield this.#copyValue(entry);
  }

  // ----------------------------------------------------------------------------------------------------- for servers

  /** What is known of the key `bytes[start, end)` without a read from the disk. */
  peek(bytes: Buffer, start: number, end: number): EntryInfo | undefined {
    return this.#find(toKeyString(bytes, start, end));
  }

  /** The value of the key `bytes[start, end)`, in the store's own memory. One object serves all calls. */
  view(bytes: Buffer, start: number, end: number): EntryView | undefined {
    const entry = this.#find(toKeyString(bytes, start, end));
    if (entry === undefined) return undefined;
    const value = this.#commit.log.view(entry);
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
    const level = this.#commit.durability;
    return this.#put(key, keyStart, keyEnd, value, valueStart, valueEnd, tag, expiresAtMs, orderKey, level);
  }

  /** `delete` for `key[keyStart, keyEnd)`. */
  deleteSlice(key: Buffer, keyStart: number, keyEnd: number): number | undefined {
    return this.#delete(key, keyStart, keyEnd, this.#commit.durability);
  }

  /** `expireAt` for `key[keyStart, keyEnd)`. Expiry 0: never. */
  expireSlice(key: Buffer, keyStart: number, keyEnd: number, expiresAtMs: number): number | undefined {
    return this.#expire(key, keyStart, keyEnd, expiresAtMs, this.#commit.durability);
  }

  /**
   * Visit entries in the order of their hashes, beginning at hash `cursor` (0: the first): about `count` of them.
   * Returns the cursor to go on with, 0 at the end. A key that is there all the time is visited once.
   */
  scan(cursor: number, count: number, visit: (entry: EntryInfo) => void): number {
    this.#assertUsable();
    return this.#hashOrder().scan(cursor, count, key => {
      const entry = this.#find(key);
      if (entry !== undefined) visit(entry);
    });
  }

  /** Any entry, each with the same chance; `undefined` when there is none. */
  random(): EntryInfo | undefined {
    this.#assertUsable();
    if (this.#expires) this.#sweep(Number.POSITIVE_INFINITY);
    const key = this.#hashOrder().random();
    return key === undefined ? undefined : this.#index.keydir.get(key);
  }

  /** All entries, in no order. */
  *infos(): IterableIterator<EntryInfo> {
    this.#assertUsable();
    if (this.#expires) this.#sweep(Number.POSITIVE_INFINITY);
    yield* this.#index.keydir.entries();
  }

  /** Up to `limit` entries whose expiry is at or before `now`, soonest first. They stay until somebody deletes them. */
  due(now: number, limit: number): EntryInfo[] {
    this.#assertUsable();
    return this.#index.expiry.isEmpty ? [] : this.#index.expiry.due(now, limit);
  }

  // -------------------------------------------------------------------------------------------------------- internal

  /** @internal The space's index, for batches. */
  get index(): KeyIndex {
    this.#assertUsable();
    return this.#index;
  }

  /** @internal The space is gone; every call throws from now on. */
  drop(empty: KeyIndex): void {
    this.#isDropped = true;
    this.#index = empty;
  }

  #put(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
    tag: number,
    expiresAtMs: number,
    orderKey: Uint8Array | undefined,
    level: Durability,
  ): number {
    this.#assertUsable();
    checkSizes(keyEnd - keyStart, valueEnd - valueStart);
    const name = toKeyString(key, keyStart, keyEnd);
    if (this.#index.keydir.size >= MAX_KEYS) this.#assertRoom(name);
    if (this.#expires) this.#sweep(SWEEP_COUNT);
    const { log } = this.#commit;
    this.#commit.begin();
    const seq = log.add(
      KIND_PUT,
      this.id,
      tag,
      expiresAtMs,
      orderKey,
      key,
      keyStart,
      keyEnd,
      value,
      valueStart,
      valueEnd,
    );
    const recordOffset = log.lastOffset;
    const recordSize = log.lastSize;
    this.#commit.end(level);
    this.#index.put({
      key: name,
      seq,
      tag,
      expiresAtMs,
      orderKey: orderKey === undefined ? undefined : Buffer.from(orderKey),
      valueSize: valueEnd - valueStart,
      fileId: log.activeId,
      recordOffset,
      recordSize,
      valueSeq: seq,
    });
    return seq;
  }

  #delete(key: Buffer, start: number, end: number, level: Durability): number | undefined {
    const name = toKeyString(key, start, end);
    if (this.#find(name) === undefined) return undefined;
    this.#commit.begin();
    const seq = this.#commit.log.add(KIND_TOMBSTONE, this.id, 0, 0, undefined, key, start, end, NOTHING, 0, 0);
    this.#commit.end(level);
    this.#index.delete(name);
    return seq;
  }

  #expire(key: Buffer, start: number, end: number, expiresAtMs: number, level: Durability): number | undefined {
    const entry = this.#find(toKeyString(key, start, end));
    if (entry === undefined) return undefined;
    const { log } = this.#commit;
    this.#commit.begin();
    const patch = Buffer.allocUnsafe(MAX_VARINT_SIZE);
    const patchSize = writeVarint(patch, 0, log.nextSeq - entry.valueSeq);
    const seq = log.add(KIND_EXPIRY_PATCH, this.id, 0, expiresAtMs, undefined, key, start, end, patch, 0, patchSize);
    this.#commit.end(level);
    this.#index.put({ ...entry, seq, expiresAtMs });
    return seq;
  }

  /** The entry of a key that is there and not due. */
  #find(key: KeyString): Entry | undefined {
    this.#assertUsable();
    const entry = this.#index.keydir.get(key);
    if (entry === undefined || entry.expiresAtMs === 0 || !this.#expires) return entry;
    if (entry.expiresAtMs > this.#clock.now()) return entry;
    this.#removeDue(entry);
    return undefined;
  }

  /** Remove up to `limit` keys that are due. */
  #sweep(limit: number): void {
    const { expiry } = this.#index;
    if (expiry.isEmpty) return;
    const now = this.#clock.now();
    for (let removed = 0; removed < limit; removed++) {
      const entry = expiry.nextDue(now);
      if (entry === undefined || !this.#removeDue(entry)) return;
    }
  }

  /**
   * The first to see that a key is due removes it with a tombstone, so that a clock set back cannot revive it. Where
   * none can be written (the disk has failed), the key stays in the index and is absent to all who ask.
   */
  #removeDue(entry: Entry): boolean {
    if (!this.#commit.beginQuietly()) return false;
    const key = keyBytes(entry.key);
    this.#commit.log.add(KIND_TOMBSTONE, this.id, 0, 0, undefined, key, 0, key.length, NOTHING, 0, 0);
    this.#commit.endQuietly();
    this.#index.delete(entry.key);
    return true;
  }

  *#walk(range: Range): IterableIterator<Entry> {
    this.#assertUsable();
    let left = limitOf(range);
    const keys =
      this.#index.order instanceof KeyOrder ? keysInRange(this.#index.order.sorted(), range) : this.#hashed(range);
    for (const key of keys) {
      if (left <= 0) return;
      const entry = this.#find(key);
      if (entry === undefined) continue;
      left--;
      yield entry;
    }
  }

  *#hashed(range: Range): IterableIterator<KeyString> {
    const { limit: _, ...bounds } = range;
    if (Object.keys(bounds).length > 0) {
      throw new EngineError('UNSUPPORTED', 'a space of order hash has no ranges; only limit may be given');
    }
    let cursor = 0;
    do {
      const found: KeyString[] = [];
      cursor = this.#hashOrder().scan(cursor, 100, key => found.push(key));
      yield* found;
    } while (cursor !== 0);
  }

  #hashOrder(): HashOrder {
    if (this.#index.order instanceof HashOrder) return this.#index.order;
    throw new EngineError('UNSUPPORTED', 'only a space of order hash can be scanned by hash and has a random()');
  }

  #copyValue(entry: Entry): Buffer {
    const { buffer, start, end } = this.#commit.log.view(entry);
    return Buffer.from(buffer.subarray(start, end));
  }

  #level(given: Durability | undefined): Durability {
    if (given === undefined) return this.#commit.durability;
    checkDurability(given);
    return given;
  }

  #assertUsable(): void {
    if (this.#commit.isClosed) throw new EngineError('CLOSED', 'the database is closed');
    if (this.#isDropped) throw new EngineError('NO_SPACE_WITH_ID', `space ${this.id} has been dropped`);
  }

  #assertRoom(key: KeyString): void {
    if (this.#index.keydir.get(key) !== undefined) return;
    throw new EngineError('UNSUPPORTED', `a space holds at most ${MAX_KEYS} keys`);
  }
}

/** A key as the keydir holds it; ASCII strings are that already. */
export function toKey(key: Input): KeyString {
  return typeof key === 'string' && isAscii(key) ? (key as KeyString) : toKeyString(toBuffer(key));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** @throws {EngineError} `KEY_TOO_LARGE` or `VALUE_TOO_LARGE`. */
export function checkSizes(keySize: number, valueSize: number): void {
  if (keySize > MAX_KEY_SIZE) {
    throw new EngineError('KEY_TOO_LARGE', `the key has ${keySize} bytes, at most ${MAX_KEY_SIZE} are possible`);
  }
  if (valueSize > MAX_VALUE_SIZE) {
    throw new EngineError(
      'VALUE_TOO_LARGE',
      `the value has ${valueSize} bytes, at most ${MAX_VALUE_SIZE} are possible`,
    );
  }
}

/** @throws {EngineError} `INVALID_ARGUMENT` naming the option that makes no sense. */
export function checkPutOptions({ tag = 0, expiresAtMs, orderKey }: PutOptions): void {
  if (!(Number.isInteger(tag) && tag >= 0 && tag <= 255)) throw invalid('tag must be a whole number from 0 to 255');
  if (expiresAtMs !== undefined) checkExpiry(expiresAtMs);
  if (orderKey !== undefined && orderKey.length !== ORDER_KEY_SIZE) throw invalid('orderKey must have 8 bytes');
}

function checkExpiry(expiresAtMs: number): void {
  if (Number.isSafeInteger(expiresAtMs) && expiresAtMs > 0) return;
  throw invalid('expiresAtMs must be a whole number of milliseconds since 1970, above 0');
}

function invalid(message: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', message);
}
