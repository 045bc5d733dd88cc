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
  /** How many keys have an expiry. */
  expiring = 0;

  constructor(order: SpaceOrder, hashSeed: readonly [number, number]) {
    this.orderName = order;
    this.order = order === 'key' ? new KeyOrder(this.keydir) : new HashOrder(hashSeed);
  }

  put(entry: Entry): void {
    this.#forgetExpiry(entry.key);
    if (this.keydir.put(entry)) this.order.add(entry.key);
    if (entry.expiresAtMs === 0) return;
    this.expiry.add(entry);
    this.expiring++;
  }

  delete(key: KeyString): void {
    this.#forgetExpiry(key);
    if (this.keydir.delete(key)) this.order.remove(key);
  }

  /** The entry of this key goes: if it had an expiry, there is one less. Costs nothing where no key has one. */
  #forgetExpiry(key: KeyString): void {
    if (this.expiring > 0 && (this.keydir.get(key)?.expiresAtMs ?? 0) !== 0) this.expiring--;
  }
}
