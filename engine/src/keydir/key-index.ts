/**
 * KeyIndex: all that is known of the keys of one space: the keydir, the order of its keys, and when they expire.
 *
 * Invariant: the three agree. Every change of a keydir goes through here.
 */

import { ExpiryQueue } from './expiry-queue.ts';
import { HashOrder } from './hash-order.ts';
import { KeyOrder } from './key-order.ts';
import type { Entry, Keydir, KeyString } from './keydir.ts';
import { MapKeydir } from './map-keydir.ts';

/** How the keys of a space are ordered: by their bytes, or by a hash of them. */
export type SpaceOrder = 'key' | 'hash';

/** The byte that stands for an order on disk; it keeps its meaning for ever. */
export const ORDER_BYTES: Readonly<Record<SpaceOrder, number>> = { key: 1, hash: 2 };

/** The order a byte on disk stands for; `undefined` when a newer format wrote it. */
export function orderOf(byte: number | undefined): SpaceOrder | undefined {
  if (byte === ORDER_BYTES.key) return 'key';
  return byte === ORDER_BYTES.hash ? 'hash' : undefined;
}

/** The keydir of one space, the order of its keys, and their expiries. */
export class KeyIndex {
  readonly keydir: Keydir = new MapKeydir();
  readonly expiry: ExpiryQueue = new ExpiryQueue(entry => this.keydir.get(entry.key) === entry);
  readonly orderName: SpaceOrder;
  readonly order: KeyOrder | HashOrder;

  constructor(order: SpaceOrder, hashSeed: readonly [number, number]) {
    this.orderName = order;
    this.order = order === 'key' ? new KeyOrder(this.keydir) : new HashOrder(hashSeed);
  }

  put(entry: Entry): void {
    if (this.keydir.put(entry)) this.order.add(entry.key);
    if (entry.expiresAtMs !== 0) this.expiry.add(entry);
  }

  delete(key: KeyString): void {
    if (this.keydir.delete(key)) this.order.remove(key);
  }
}
