/**
 * BytesStore: keys and values are bytes. A Map compares strings by content, so a key becomes a string of as many
 * characters as it has bytes: latin1, the one encoding in which every byte is a character and back.
 */
const asKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

export class BytesStore {
  readonly #values = new Map<string, Uint8Array>();

  get size(): number {
    return this.#values.size;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#values.set(asKey(key), Uint8Array.from(value));
  }

  /** A copy: what the caller does to it is the caller's business. */
  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#values.get(asKey(key));
    return value && Uint8Array.from(value);
  }

  delete(key: Uint8Array): boolean {
    return this.#values.delete(asKey(key));
  }
}
