/**
 * KeyIndex: all that is known of the keys of one space: the keydir, the order of its keys, when they expire, and the old
 * versions that snapshots still see. Every change of a keydir goes through here.
 *
 * Invariants: (1) the keydir and the expiries agree;
 *             (2) the order has every key of the keydir, and every key of which an old version is kept: a *ghost*, which
 *                 those who walk the order skip, as they look each key up anyway.
 */

import type { FileId } from '../disk/file-names.ts';
import { FileUsage } from '../disk/file-usage.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { HashOrder } from './hash-order.ts';
import { History } from './history.ts';
import type { Entry, Keydir, KeyString } from './keydir.ts';
import { MapKeydir } from './map-keydir.ts';
import { SkipList } from './skip-list.ts';

/** How the keys of a space are ordered: by their bytes, or by a hash of them. */
export type SpaceOrder = 'key' | 'hash';

/** The byte that stands for an order on disk; it keeps its meaning for ever. */
export const ORDER_BYTES: Readonly<Record<SpaceOrder, number>> = { key: 1, hash: 2 };

/** The order a byte on disk stands for; `undefined` when a newer format wrote it. */
export function orderOf(byte: number | undefined): SpaceOrder | undefined {
  if (byte === ORDER_BYTES.key) return 'key';
  return byte === ORDER_BYTES.hash ? 'hash' : undefined;
}

/** The keydir of one space, the order of its keys, their expiries and their old versions. */
export class KeyIndex {
  readonly keydir: Keydir;
  readonly expiry: ExpiryQueue = new ExpiryQueue(entry => this.keydir.get(entry.key) === entry);
  readonly orderName: SpaceOrder;
  readonly order: SkipList | HashOrder;
  readonly history: History = new History(key => {
    if (this.keydir.get(key) === undefined) this.order.remove(key);
  });

  /** What the entries of the keydir, and no older versions, take up in the data files. */
  readonly usage: FileUsage = new FileUsage();

  /** An index with no keys, or with those of a keydir that is its own from now on. */
  constructor(order: SpaceOrder, hashSeed: readonly [number, number], keydir: Keydir = new MapKeydir()) {
    this.keydir = keydir;
    this.orderName = order;
    this.order = order === 'key' ? new SkipList() : new HashOrder(hashSeed);
  }

  /** The index of a keydir that is whole. Its keys are sorted once, which costs less than putting one after another. */
  static build(keydir: Keydir, order: SpaceOrder = 'key', hashSeed: readonly [number, number] = [0, 0]): KeyIndex {
    const index = new KeyIndex(order, hashSeed, keydir);
    const keys: KeyString[] = [];
    for (const entry of keydir.entries()) {
      keys.push(entry.key);
      index.usage.add(entry);
      if (entry.expiresAtMs !== 0) index.expiry.add(entry);
    }
    if (order === 'key') keys.sort(); // Characters below 256 compare like the bytes they stand for.
    for (const key of keys) index.order.add(key);
    return index;
  }

  /** Make this the entry of its key; returns the one it has replaced. */
  put(entry: Entry): Entry | undefined {
    const older = this.keydir.get(entry.key);
    this.keydir.put(entry);
    this.usage.add(entry);
    if (older !== undefined) this.usage.free(older);
    if (older !== undefined) this.history.keep(older, entry.seq);
    else if (!this.history.has(entry.key)) this.order.add(entry.key);
    if (entry.expiresAtMs !== 0) this.expiry.add(entry);
    return older;
  }

  /** The change with this seq removes a key; returns the entry that it had. */
  delete(key: KeyString, seq: number): Entry | undefined {
    const older = this.keydir.get(key);
    if (older === undefined) return undefined;
    this.keydir.delete(key);
    this.usage.free(older);
    this.history.keep(older, seq);
    if (!this.history.has(key)) this.order.remove(key);
    return older;
  }

  /** Whether there is a key from `from` up to, and without, `to`. */
  hasKeyIn(from: KeyString, to: KeyString | undefined): boolean {
    for (const key of this.#keysFrom(from, to)) if (this.keydir.get(key) !== undefined) return true;
    return false;
  }

  /** The change with this seq removes all keys from `from` up to, and without, `to`; returns their entries. */
  removeRange(from: KeyString, to: KeyString | undefined, seq: number): Entry[] {
    const removed: Entry[] = [];
    for (const key of this.#keysFrom(from, to)) {
      const entry = this.delete(key, seq);
      if (entry !== undefined) removed.push(entry);
    }
    return removed;
  }

  /** The record of this entry has been copied: who points to it, this entry and the key's newest, point to the copy now. */
  relocate(entry: Entry, fileId: FileId, recordOffset: number, recordSize: number): void {
    const newest = this.keydir.get(entry.key);
    const isNewest = newest?.fileId === entry.fileId && newest.recordOffset === entry.recordOffset;
    if (isNewest) this.usage.free(newest);
    entry.fileId = fileId;
    entry.recordOffset = recordOffset;
    entry.recordSize = recordSize;
    if (!isNewest) return;
    newest.fileId = fileId;
    newest.recordOffset = recordOffset;
    newest.recordSize = recordSize;
    this.usage.add(newest);
  }

  /** The version of a key that a snapshot at `seq` sees. */
  at(key: KeyString, seq: number): Entry | undefined {
    const entry = this.keydir.get(key);
    if (entry !== undefined && entry.seq <= seq) return entry;
    return this.history.length === 0 ? undefined : this.history.at(key, seq);
  }

  /** In the order's own order, except that an order by hash knows no ranges and has all keys looked at. */
  *#keysFrom(from: KeyString, to: KeyString | undefined): Iterable<KeyString> {
    const { order } = this;
    if (order instanceof HashOrder) {
      for (const { key } of this.keydir.entries()) if (key >= from && (to === undefined || key < to)) yield key;
      return;
    }
    for (let node = order.firstFrom(from); node !== undefined; node = order.after(node)) {
      if (to !== undefined && node.key >= to) return;
      yield node.key;
    }
  }
}
