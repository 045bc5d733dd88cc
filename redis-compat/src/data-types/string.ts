/**
 * Strings: the value of SET, of counters and of bitmaps. Knows no RESP.
 *
 * Layout "whole": the bytes are the record's value. The label (OBJECT ENCODING) follows Redis: a string set as a whole is
 * `int` when it spells a 64-bit integer, else `embstr` up to 44 bytes, else `raw`; one that was built piece by piece is
 * `raw` whatever it holds, and stays so.
 * Invariant: a slice of a string lies in the engine's memory; it holds until the next call into the keyspace, so bytes
 *            that are written back are copied out first.
 * Left out: strings in parts (layout 1), which will let APPEND and SETBIT of long strings write less.
 */
import type { EntryView } from '@zerocask/engine';
import type { Keyspace } from '../keyspace.ts';
import { ReplyError, WRONG_TYPE } from '../protocol/errors.ts';
import { isInteger } from '../protocol/numbers.ts';
import {
  LABEL_EMBSTR,
  LABEL_INT,
  LABEL_RAW,
  LAYOUT_WHOLE,
  labelOf,
  makeTag,
  TYPE_STRING,
  typeOf,
} from '../value-tag.ts';

/** Longest string that Redis embeds in its object header. */
const EMBSTR_MAX_SIZE = 44;
/** Memory kept for building values; longer values get memory of their own. */
const SCRATCH_SIZE = 64 * 1024;

const TAG_RAW = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_RAW);
const TAG_EMBSTR = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_EMBSTR);
const TAG_INT = makeTag(TYPE_STRING, LAYOUT_WHOLE, LABEL_INT);

const scratch = Buffer.alloc(SCRATCH_SIZE);

/** The string under a key; undefined when there is no such key. Its bytes are `buffer[start, end)`. */
export function findString(db: Keyspace, bytes: Buffer, start: number, end: number): EntryView | undefined {
  const entry = db.view(bytes, start, end);
  if (entry !== undefined && typeOf(entry.tag) !== TYPE_STRING) throw new ReplyError(WRONG_TYPE);
  return entry;
}

/** The tag of a string that is set as a whole. */
function tagFor(value: Buffer, start: number, end: number): number {
  if (isInteger(value, start, end)) return TAG_INT;
  return end - start <= EMBSTR_MAX_SIZE ? TAG_EMBSTR : TAG_RAW;
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
  db.put(key, keyStart, keyEnd, value, start, end, tagFor(value, start, end), expiresAtMs);
}

/** Set a string that a command has built of bytes: its label is `raw`. */
export function putBuilt(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  value: Buffer,
  size: number,
  expiresAtMs: number,
): void {
  db.put(key, keyStart, keyEnd, value, 0, size, TAG_RAW, expiresAtMs);
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
  const size = scratch.write(text, 'latin1');
  const tag = kind === 'integer' ? TAG_INT : size <= EMBSTR_MAX_SIZE ? TAG_EMBSTR : TAG_RAW;
  db.put(key, keyStart, keyEnd, scratch, 0, size, tag, expiresAtMs);
}

/**
 * A copy of a string that may be changed and put back, grown with zeros to at least `size` bytes. The copy may lie in
 * memory that is used again by the next call.
 */
export function editableCopy(entry: EntryView | undefined, size: number): Buffer {
  const oldSize = entry === undefined ? 0 : entry.end - entry.start;
  const newSize = Math.max(oldSize, size);
  const copy = newSize <= SCRATCH_SIZE ? scratch.subarray(0, newSize) : Buffer.allocUnsafe(newSize);
  if (entry !== undefined) entry.buffer.copy(copy, 0, entry.start, entry.end);
  copy.fill(0, oldSize);
  return copy;
}

/**
 * Write piece[start, end) over a string from `offset` on; what lies between its end and `offset` becomes zeros.
 * Returns the new size. The expiry stays.
 */
export function writeAt(
  db: Keyspace,
  key: Buffer,
  keyStart: number,
  keyEnd: number,
  entry: EntryView | undefined,
  offset: number,
  piece: Buffer,
  start: number,
  end: number,
): number {
  const expiresAtMs = entry === undefined ? 0 : entry.expiresAtMs;
  const copy = editableCopy(entry, offset + end - start);
  piece.copy(copy, offset, start, end);
  putBuilt(db, key, keyStart, keyEnd, copy, copy.length, expiresAtMs);
  return copy.length;
}

/** Was the string built of bytes? Redis makes one so even where a command changes nothing in it. */
export const isBuilt = (entry: EntryView): boolean => labelOf(entry.tag) === LABEL_RAW;
