/**
 * Strings: the value of SET, of counters and of bitmaps. Knows no RESP.
 *
 * Up to 64 KiB a string is its key's record; beyond, it lies in parts (parts.ts). The label (OBJECT ENCODING) follows
 * Redis: a string set as a whole is `int` when it spells a 64-bit integer, else `embstr` up to 44 bytes, else `raw`; one
 * that was built piece by piece is `raw` whatever it holds, and stays so.
 * Invariant: bytes of a string lie in the engine's memory or in memory that is used again; they hold until the next call
 *            into the keyspace, so what is written back is copied out first.
 */
import type { EntryView } from '@zerocask/engine';
import type { Keyspace } from '../keyspace.ts';
import { PART_SIZE, partOf, partsValue, putPart, sizeOfParts, viewPart } from '../parts.ts';
import { ReplyError, WRONG_TYPE } from '../protocol/errors.ts';
import { isInteger } from '../protocol/numbers.ts';
import {
  LABEL_EMBSTR,
  LABEL_INT,
  LABEL_RAW,
  LAYOUT_PARTS,
  LAYOUT_WHOLE,
  labelOf,
  layoutOf,
  makeTag,
  TYPE_STRING,
  typeOf,
} from '../value-tag.ts';

/** Longest string that is one record. */
export const WHOLE_MAX_SIZE: number = 64 * 1024;
/** Longest string that Redis embeds in its object header. */
const EMBSTR_MAX_SIZE = 44;
/** Longest text of a number: what Redis prints of a long double. */
const NUMBER_MAX_SIZE = 5 * 1024;

/** The tag of a string that was built of bytes and is one record. */
export const TAG_RAW: number = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_RAW);
const TAG_EMBSTR = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_EMBSTR);
const TAG_INT = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_INT);
/** The tag of a string in parts. */
export const TAG_PARTS: number = makeTag(TYPE_STRING, LAYOUT_PARTS, LABEL_RAW);

const NOTHING = Buffer.alloc(0);
const numberText = Buffer.alloc(NUMBER_MAX_SIZE);

/** Some bytes: `buffer[start, end)`. */
export interface ByteRange {
  buffer: Buffer;
  start: number;
  end: number;
}

const lent: ByteRange = { buffer: NOTHING, start: 0, end: 0 };

/** A string that a lookup has found. One object serves all lookups. */
export class FoundString {
  /** Bytes of the string. */
  size = 0;
  /** 0: never. */
  expiresAtMs = 0;
  /** Was it built of bytes? Redis makes a string so even where a command changes nothing in it. */
  isBuilt = false;
  /** The id of its parts; undefined when the string is one record. */
  id: Buffer | undefined = undefined;
  #db: Keyspace | undefined;
  #buffer: Buffer = NOTHING;
  #start = 0;

  /** For {@link findString} only. */
  set(db: Keyspace, { tag, expiresAtMs, buffer, start, end, orderKey }: EntryView): this {
    this.#db = db;
    this.#buffer = buffer;
    this.#start = start;
    this.expiresAtMs = expiresAtMs;
    this.isBuilt = labelOf(tag) === LABEL_RAW;
    this.id = layoutOf(tag) === LAYOUT_WHOLE ? undefined : Buffer.from(orderKey!);
    this.size = this.id === undefined ? end - start : sizeOfParts(buffer, start);
    return this;
  }

  /** The bytes from `from` to `to`, which lie within the string; by default all. One object serves all calls. */
  range(from = 0, to: number = this.size): ByteRange {
    if (this.id === undefined) return lend(this.#buffer, this.#start + from, this.#start + to);
    return this.#partRange(this.id, from, to);
  }

  /** Visit the bytes from `from` to `to` in one or more ranges; `offset` is where one begins. True from the visitor ends it. */
  visit(from: number, to: number, visitor: (range: ByteRange, offset: number) => boolean): void {
    let offset = from;
    while (offset < to) {
      const end = this.id === undefined ? to : Math.min(to, (partOf(offset) + 1) * PART_SIZE);
      if (visitor(this.range(offset, end), offset)) return;
      offset = end;
    }
  }

  #partRange(id: Buffer, from: number, to: number): ByteRange {
    const bytes = Buffer.alloc(to - from);
    for (let number = partOf(from); number * PART_SIZE < to; number++) {
      const part = viewPart(this.#db!.elements!, id, number);
      if (part === undefined) continue;
      const base = number * PART_SIZE;
      const first = Math.max(from - base, 0);
      const last = Math.min(to - base, part.end - part.start);
      if (first < last) part.buffer.copy(bytes, base + first - from, part.start + first, part.start + last);
    }
    return lend(bytes, 0, bytes.length);
  }
}

const found = new FoundString();

/** The string under a key; undefined when there is no such key. */
export function findString(db: Keyspace, bytes: Buffer, start: number, end: number): FoundString | undefined {
  const entry = db.view(bytes, start, end);
  if (entry === undefined) return undefined;
  if (typeOf(entry.tag) !== TYPE_STRING) throw new ReplyError(WRONG_TYPE);
  return found.set(db, entry);
}

/** The same where a key of another type counts as missing. */
export function findStringOrNothing(db: Keyspace, bytes: Buffer, start: number, end: number): FoundString | undefined {
  const entry = db.view(bytes, start, end);
  return entry === undefined || typeOf(entry.tag) !== TYPE_STRING ? undefined : found.set(db, entry);
}

/** The bytes of a string in memory of their own; none when there is no string. */
export function copyOf(string: FoundString | undefined): Buffer {
  if (string === undefined) return NOTHING;
  const { buffer, start, end } = string.range();
  return Buffer.from(buffer.subarray(start, end));
}

/** Set a string as a whole. `expiresAtMs` 0 means none. */
export function putString(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  value: Buffer,
  start: number,
  end: number,
  expiresAtMs: number,
): void {
  if (end - start > WHOLE_MAX_SIZE) putLong(db, key, keyStart, keyEnd, value, start, end, expiresAtMs);
  else db.put(key, keyStart, keyEnd, value, start, end, tagFor(value, start, end), expiresAtMs);
}

/** Set a string that a command has built of bytes: its label is `raw`. */
export function putBuilt(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  value: Buffer,
  expiresAtMs: number,
): void {
  if (value.length > WHOLE_MAX_SIZE) putLong(db, key, keyStart, keyEnd, value, 0, value.length, expiresAtMs);
  else db.put(key, keyStart, keyEnd, value, 0, value.length, TAG_RAW, expiresAtMs);
}

/** Set a string to the text of a number. An integer gets the label `int`; what INCRBYFLOAT counts never does. */
export function putNumber(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  text: string,
  kind: 'integer' | 'float',
  expiresAtMs: number,
): void {
  const size = numberText.write(text, 'latin1');
  const tag = kind === 'integer' ? TAG_INT : size <= EMBSTR_MAX_SIZE ? TAG_EMBSTR : TAG_RAW;
  db.put(key, keyStart, keyEnd, numberText, 0, size, tag, expiresAtMs);
}

/** The tag of a short string that is set as a whole. */
function tagFor(value: Buffer, start: number, end: number): number {
  if (isInteger(value, start, end)) return TAG_INT;
  return end - start <= EMBSTR_MAX_SIZE ? TAG_EMBSTR : TAG_RAW;
}

function putLong(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  value: Buffer,
  start: number,
  end: number,
  expiresAtMs: number,
): void {
  const elements = db.ensureElements();
  const id = db.newId();
  for (let at = start; at < end; at += PART_SIZE) {
    putPart(elements, id, partOf(at - start), value.subarray(at, Math.min(at + PART_SIZE, end)));
  }
  const size = partsValue(end - start);
  db.put(key, keyStart, keyEnd, size, 0, size.length, TAG_PARTS, expiresAtMs, id);
}

function lend(buffer: Buffer, start: number, end: number): ByteRange {
  lent.buffer = buffer;
  lent.start = start;
  lent.end = end;
  return lent;
}
