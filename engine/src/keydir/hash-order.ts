/**
 * HashOrder: the keys of a space in the order of a 48-bit hash, so that a scan needs no memory of its own: a cursor is a
 * hash, and what was before it stays before it, whatever is put or deleted meanwhile.
 *
 * Keys lie in buckets by the top bits of their hash. A directory of 2^d places leads from the top d bits to a bucket; a
 * bucket that needed fewer bits (its depth) stands at several neighbouring places. A full bucket is split in two by its
 * next bit, and the directory doubles when that bit is not in it yet (extendible hashing), so no put moves many keys.
 *
 *    d = 2     00 -> [ depth 2 ]    01 -> [ depth 2 ]    10 ─┐
 *                                                        11 ─┴> [ depth 1 ]
 *
 * Invariant: walking the directory meets the buckets, and so all keys, in the order of their hashes.
 * Source: Fagin and others, "Extendible hashing: a fast access method for dynamic files" (1979).
 */

import type { KeyString } from './keydir.ts';

/** Hashes are below this. */
export const HASH_LIMIT: number = 2 ** 48;

/** A bucket with more keys than this is split. */
const BUCKET_LIMIT = 16;
/** The directory never has more than 2^26 places. */
const MAX_DEPTH = 26;
/** Bits of a hash beyond the top 32. */
const LOW_BITS = 2 ** 16;

interface Bucket {
  /** How many top bits all hashes in here share. */
  readonly depth: number;
  readonly keys: KeyString[];
}

const newBucket = (depth: number): Bucket => ({ depth, keys: [] });

/** The keys of a space in the order of their hashes. */
export class HashOrder {
  readonly #seed: readonly [number, number];
  #depth = 1;
  #directory: Bucket[] = [newBucket(1), newBucket(1)];
  #size = 0;

  constructor(seed: readonly [number, number]) {
    this.#seed = seed;
  }

  /** A key that was absent is there now. */
  add(key: KeyString): void {
    const top = this.#topBits(key);
    const bucket = this.#bucketOf(top);
    bucket.keys.push(key);
    this.#size++;
    if (bucket.keys.length > BUCKET_LIMIT && bucket.depth < MAX_DEPTH) this.#split(bucket, top);
  }

  /** A key is gone. */
  remove(key: KeyString): void {
    const keys = this.#bucketOf(this.#topBits(key)).keys;
    const at = keys.indexOf(key);
    keys[at] = keys[keys.length - 1]!;
    keys.pop();
    this.#size--;
    if (this.#directory.length > 1024 && this.#size * 2 < this.#directory.length) this.#rebuild();
  }

  /**
   * Visit keys in the order of their hashes, beginning at hash `cursor`: about `count` of them, and all that share the
   * last one's hash. Returns the hash to go on from, 0 when there is nothing more.
   */
  scan(cursor: number, count: number, visit: (key: KeyString) => void): number {
    let visited = 0;
    let from = cursor;
    while (from < HASH_LIMIT) {
      const place = Math.floor(from / LOW_BITS) >>> (32 - this.#depth);
      const bucket = this.#directory[place]!;
      const end = endOf(place, bucket.depth, this.#depth); // Before any visitor can change the directory.
      let last = -1;
      for (const { key, hash } of this.#inOrder(bucket, from)) {
        if (visited >= count && hash !== last) return hash;
        last = hash;
        visited++;
        visit(key);
      }
      from = end;
      if (visited >= count && from < HASH_LIMIT) return from;
    }
    return 0;
  }

  /** A key, each with the same chance; `undefined` when there is none. */
  random(): KeyString | undefined {
    if (this.#size === 0) return undefined;
    // Take any place and accept its bucket by how full it is, less often when it stands at many places.
    for (;;) {
      const bucket = this.#directory[Math.floor(Math.random() * this.#directory.length)]!;
      const places = 2 ** (this.#depth - bucket.depth);
      const key = bucket.keys[Math.floor(Math.random() * Math.max(BUCKET_LIMIT, bucket.keys.length) * places)];
      if (key !== undefined) return key;
    }
  }

  /** A bucket's keys from hash `from` on, in order. Made anew, as visitors may put and delete. */
  #inOrder(bucket: Bucket, from: number): { key: KeyString; hash: number }[] {
    const found = bucket.keys.map(key => ({ key, hash: hashKey(key, this.#seed) })).filter(({ hash }) => hash >= from);
    return found.sort((a, b) => a.hash - b.hash || (a.key < b.key ? -1 : 1));
  }

  #topBits(key: KeyString): number {
    return Math.floor(hashKey(key, this.#seed) / LOW_BITS);
  }

  #bucketOf(topBits: number): Bucket {
    return this.#directory[topBits >>> (32 - this.#depth)]!;
  }

  /** Share a bucket's keys out to two by the next bit of their hashes. */
  #split(bucket: Bucket, topBits: number): void {
    if (bucket.depth === this.#depth) this.#doubleDirectory();
    const depth = bucket.depth + 1;
    const halves = [newBucket(depth), newBucket(depth)] as const;
    for (const key of bucket.keys) halves[(this.#topBits(key) >>> (32 - depth)) & 1]!.keys.push(key);
    const places = 2 ** (this.#depth - bucket.depth);
    const first = (topBits >>> (32 - bucket.depth)) * places;
    this.#directory.fill(halves[0], first, first + places / 2);
    this.#directory.fill(halves[1], first + places / 2, first + places);
  }

  #doubleDirectory(): void {
    const doubled = new Array<Bucket>(this.#directory.length * 2);
    for (let place = 0; place < doubled.length; place++) doubled[place] = this.#directory[place >> 1]!;
    this.#directory = doubled;
    this.#depth++;
  }

  /** After many deletes: begin with a small directory again. */
  #rebuild(): void {
    const buckets = new Set(this.#directory);
    this.#depth = 1;
    this.#directory = [newBucket(1), newBucket(1)];
    this.#size = 0;
    for (const bucket of buckets) for (const key of bucket.keys) this.add(key);
  }
}

/** The first hash behind the bucket that stands at `place`. */
function endOf(place: number, bucketDepth: number, directoryDepth: number): number {
  const places = 2 ** (directoryDepth - bucketDepth);
  const firstPlace = Math.floor(place / places) * places;
  return (firstPlace + places) * 2 ** (32 - directoryDepth) * LOW_BITS;
}

/** The 48-bit hash of a key: two lanes of multiply and xor, mixed at the end (after "cyrb53" by bryc, public domain). */
export function hashKey(key: KeyString, seed: readonly [number, number]): number {
  let a = seed[0] ^ 0xdead_beef;
  let b = seed[1] ^ 0x41c6_ce57;
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    a = Math.imul(a ^ byte, 0x9e37_79b1);
    b = Math.imul(b ^ byte, 0x5f35_6495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85eb_ca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2_ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85eb_ca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2_ae35);
  return (b >>> 0) * LOW_BITS + (a >>> 16);
}
