/**
 * Changes within a string: written over it piece by piece, and put back together by `commit`: a short string as one record, of
 * a long one the parts that were touched.
 *
 * Invariant: nothing reaches the store before `commit`, and after it the string is `raw`.
 */
import type { Keyspace } from '../keyspace.ts';
import { PART_SIZE, partOf, partsValue, putPart, viewPart } from '../parts.ts';
import { type FoundString, putBuilt, TAG_PARTS, WHOLE_MAX_SIZE } from './string.ts';

/** Memory kept for short strings that are being changed. */
const scratch = Buffer.alloc(WHOLE_MAX_SIZE);

/** One string while it is changed. */
export interface StringEdit {
  /** Bytes that it will have. */
  readonly size: number;
  /** Copies of the bytes from `from` to `to`. */
  read(from: number, to: number): Buffer;
  /** Write source[start, end), by default all of it, over the string from `offset` on. */
  write(offset: number, source: Uint8Array, start?: number, end?: number): void;
  /** Put the string back; it keeps its expiry. */
  commit(): void;
}

/**
 * Begin to change the string under a key, which a lookup has just found or not found. It is grown with zeros to at least
 * `size` bytes.
 */
export function editString(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  found: FoundString | undefined,
  size: number,
): StringEdit {
  const newSize = Math.max(found === undefined ? 0 : found.size, size);
  const long = found?.id !== undefined || newSize > WHOLE_MAX_SIZE;
  const expiresAtMs = found === undefined ? 0 : found.expiresAtMs;
  return new (long ? PartsEdit : WholeEdit)({ db, key, keyStart, keyEnd, expiresAtMs }, found, newSize);
}

/** Where the string goes when it is put back. */
interface Place {
  readonly db: Keyspace;
  readonly key: Buffer;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly expiresAtMs: number;
}

class WholeEdit implements StringEdit {
  readonly size: number;
  readonly #place: Place;
  readonly #bytes: Buffer;

  constructor(place: Place, found: FoundString | undefined, size: number) {
    this.size = size;
    this.#place = place;
    this.#bytes = scratch.subarray(0, size);
    const old = found?.range();
    old?.buffer.copy(this.#bytes, 0, old.start, old.end);
    this.#bytes.fill(0, old === undefined ? 0 : old.end - old.start);
  }

  read(from: number, to: number): Buffer {
    return Buffer.from(this.#bytes.subarray(from, to));
  }

  write(offset: number, source: Uint8Array, start = 0, end: number = source.length): void {
    this.#bytes.set(source.subarray(start, end), offset);
  }

  commit(): void {
    const { db, key, keyStart, keyEnd, expiresAtMs } = this.#place;
    putBuilt(db, key, keyStart, keyEnd, this.#bytes, expiresAtMs);
  }
}

class PartsEdit implements StringEdit {
  readonly size: number;
  readonly #place: Place;
  /** Undefined while the string has no parts. */
  readonly #id: Buffer | undefined;
  readonly #oldSize: number;
  /** The parts that were touched, each as long as its last byte is far. */
  readonly #touched = new Map<number, Buffer>();

  constructor(place: Place, found: FoundString | undefined, size: number) {
    this.size = size;
    this.#place = place;
    this.#id = found?.id;
    this.#oldSize = found === undefined ? 0 : found.size;
    if (found === undefined || found.id !== undefined) return;
    const old = found.range();
    this.write(0, old.buffer, old.start, old.end);
  }

  read(from: number, to: number): Buffer {
    const bytes = Buffer.alloc(to - from);
    for (let at = from; at < to; ) {
      const number = partOf(at);
      const base = number * PART_SIZE;
      const part = this.#touched.get(number) ?? this.#storedPart(number);
      if (part !== undefined && part.length > at - base)
        part.copy(bytes, at - from, at - base, Math.min(to - base, part.length));
      at = base + PART_SIZE;
    }
    return bytes;
  }

  write(offset: number, source: Uint8Array, start = 0, end: number = source.length): void {
    for (let from = start; from < end; ) {
      const at = offset + from - start;
      const base = partOf(at) * PART_SIZE;
      const length = Math.min(end - from, base + PART_SIZE - at);
      this.#part(partOf(at), at - base + length).set(source.subarray(from, from + length), at - base);
      from += length;
    }
  }

  commit(): void {
    const { db, key, keyStart, keyEnd, expiresAtMs } = this.#place;
    const elements = db.ensureElements();
    const id = this.#id ?? db.newId();
    for (const [number, part] of this.#touched) putPart(elements, id, number, part);
    if (this.#id !== undefined && this.size === this.#oldSize) return;
    const value = partsValue(this.size);
    db.put(key, keyStart, keyEnd, value, 0, value.length, TAG_PARTS, expiresAtMs, id);
  }

  /** A part that may be written to, at least `size` bytes long. */
  #part(number: number, size: number): Buffer {
    const old = this.#touched.get(number) ?? this.#storedPart(number);
    if (old !== undefined && old.length >= size) {
      this.#touched.set(number, old);
      return old;
    }
    const part = Buffer.alloc(size);
    old?.copy(part);
    this.#touched.set(number, part);
    return part;
  }

  /** A copy of a part as stored. */
  #storedPart(number: number): Buffer | undefined {
    if (this.#id === undefined) return undefined;
    const part = viewPart(this.#place.db.ensureElements(), this.#id, number);
    return part === undefined ? undefined : Buffer.from(part.buffer.subarray(part.start, part.end));
  }
}
