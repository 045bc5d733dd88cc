/**
 * MapKeydir: the keydir as a JavaScript Map. Plain and fast; its price is memory, about 170 bytes for a key of 16.
 *
 * Left out: any order of the keys, and more than 16,777,216 of them, the most a Map holds.
 */

import type { Entry, Keydir, KeyString } from './keydir.ts';

/** A {@link Keydir} that is a Map: `size`, `get`, `put`, `delete` and `entries`. It reads nothing of an entry but its `key`. */
export class MapKeydir implements Keydir {
  readonly #entries = new Map<KeyString, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: KeyString): Entry | undefined {
    return this.#entries.get(key);
  }

  put(entry: Entry): boolean {
    const sizeBefore = this.#entries.size;
    this.#entries.set(entry.key, entry); // One look-up says both: where the key goes, and whether it is new.
    return this.#entries.size > sizeBefore;
  }

  delete(key: KeyString): boolean {
    return this.#entries.delete(key);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }
}
