/**
 * CachedDatabase: a Database in front of which the values asked for lately are kept in memory.
 *
 * A Map remembers the order of insertion, so taking an entry out and putting it in again makes it the youngest, and the
 * first key is that of the oldest. What comes in and what goes out is copied: the cache owns its memory.
 */
import type { Database } from '../engine/src/database.ts';
import { type Input, toBuffer } from '../engine/src/format/bytes.ts';
import { type KeyString, toKeyString } from '../engine/src/keydir/keydir.ts';

export class CachedDatabase {
  readonly #db: Database;
  readonly #maxBytes: number;
  readonly #values = new Map<KeyString, Buffer>();
  #bytes = 0;

  constructor(db: Database, maxBytes: number) {
    this.#db = db;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all values in the cache. */
  get cachedBytes(): number {
    return this.#bytes;
  }

  get(key: Input): Buffer | undefined {
    const name = toKeyString(toBuffer(key));
    const value = this.#values.get(name) ?? this.#db.get(key);
    if (value === undefined) return undefined;
    this.#keep(name, value);
    return Buffer.from(value);
  }

  /** The cache forgets the key only when the database has taken the new value. */
  put(key: Input, value: Input): number {
    const seq = this.#db.put(key, value);
    this.#forget(toKeyString(toBuffer(key)));
    return seq;
  }

  #keep(name: KeyString, value: Buffer): void {
    if (value.length > this.#maxBytes) return;
    this.#forget(name);
    this.#values.set(name, Buffer.from(value));
    this.#bytes += value.length;
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(name: KeyString): void {
    this.#bytes -= this.#values.get(name)?.length ?? 0;
    this.#values.delete(name);
  }
}
