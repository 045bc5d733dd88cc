/**
 * RecordCache: values that were read from the disk lately, in memory of a fixed size.
 *
 * Values are copied into chunks of 1 MiB. When all chunks are full, the oldest is emptied and used again; values in it
 * that were asked for since they came are kept, and have to be asked for again to survive the next time (second chance).
 * Invariant: an owner (the keydir's entry) stands for one version of a value that never changes, so nothing here is ever
 * out of date. What belongs to an entry that was replaced is no longer asked for, and goes with its chunk.
 */

const CHUNK_SIZE = 1024 * 1024;
/** A value larger than this share of a chunk is not kept: it would push out too many others. */
const MAX_SHARE = 8;

/** Where a value lies. */
export interface CachedValue {
  readonly owner: object;
  readonly chunk: Chunk;
  start: number;
  end: number;
  wasUsed: boolean;
}

interface Chunk {
  readonly bytes: Buffer;
  values: CachedValue[];
  used: number;
}

/** A cache of values, by the object that stands for each. */
export class RecordCache {
  readonly #maxChunks: number;
  readonly #values = new Map<object, CachedValue>();
  /** Oldest first; values go to the last one. */
  readonly #chunks: Chunk[] = [];
  hits = 0;
  misses = 0;

  constructor(cacheBytes: number) {
    this.#maxChunks = Math.floor(cacheBytes / CHUNK_SIZE);
  }

  /** Where the value of this owner lies in memory; valid until the next `add`. */
  get(owner: object): CachedValue | undefined {
    const value = this.#values.get(owner);
    if (value === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    value.wasUsed = true;
    return value;
  }

  /** Keep a copy of `bytes[start, end)`, the value of this owner. */
  add(owner: object, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size > CHUNK_SIZE / MAX_SHARE || this.#maxChunks === 0) return;
    const chunk = this.#chunkWithRoom(size);
    bytes.copy(chunk.bytes, chunk.used, start, end);
    const value: CachedValue = { owner, chunk, start: chunk.used, end: chunk.used + size, wasUsed: false };
    chunk.used += size;
    chunk.values.push(value);
    this.#values.set(owner, value);
  }

  #chunkWithRoom(size: number): Chunk {
    for (;;) {
      const newest = this.#chunks[this.#chunks.length - 1];
      if (newest !== undefined && newest.used + size <= CHUNK_SIZE) return newest;
      if (this.#chunks.length < this.#maxChunks) {
        this.#chunks.push({ bytes: Buffer.allocUnsafeSlow(CHUNK_SIZE), values: [], used: 0 });
      } else {
        const oldest = this.#chunks.shift()!;
        this.#empty(oldest);
        this.#chunks.push(oldest);
      }
    }
  }

  /** Drop what nobody has asked for; slide the rest, at most half a chunk, to the front. */
  #empty(chunk: Chunk): void {
    const values = chunk.values;
    chunk.values = [];
    chunk.used = 0;
    for (const value of values) {
      const size = value.end - value.start;
      if (!value.wasUsed || chunk.used + size > CHUNK_SIZE / 2) {
        this.#values.delete(value.owner);
        continue;
      }
      chunk.bytes.copyWithin(chunk.used, value.start, value.end);
      value.start = chunk.used;
      value.end = chunk.used + size;
      value.wasUsed = false;
      chunk.used += size;
      chunk.values.push(value);
    }
  }
}
