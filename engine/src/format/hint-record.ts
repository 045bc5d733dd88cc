/**
 * Hint record: what recovery needs of one record of a data file, without the value.
 *
 *    SIZE       FIELD      MEANING                                                (all integers little-endian)
 *         1     kind       as in the record
 *         1     flags      EXPIRY and ORDER_KEY, as in the record
 *         1     tag        as in the record
 *    varint     space
 *    varint     seq
 *    varint     offset     where the record begins in the data file
 *    varint     size       bytes of the whole record
 *    varint     keySize
 *    varint     valueSize
 *    varint     expiresAt  with EXPIRY
 *         8     orderKey   with ORDER_KEY
 *    keySize    key
 *    valueSize  value      of the kinds whose value recovery reads: all but puts and tombstones
 *
 * Left out: a checksum: the hint file has one for all of them.
 */

import { FLAG_EXPIRY, FLAG_ORDER_KEY, KIND_PUT, KIND_TOMBSTONE, ORDER_KEY_SIZE } from './record.ts';
import { MAX_VARINT_SIZE, readVarint, varintSize, writeVarint } from './varint.ts';

/** Kind, flags and tag. */
const FIXED_SIZE = 3;

/** The most bytes that stand before the key. */
export const MAX_HINT_HEADER_SIZE: number = FIXED_SIZE + 7 * MAX_VARINT_SIZE + ORDER_KEY_SIZE;

/** What recovery needs of one record. */
export interface HintRecord {
  readonly kind: number;
  readonly space: number;
  readonly seq: number;
  readonly tag: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly orderKey: Buffer | Uint8Array | undefined;
  /** The key's bytes as latin-1 characters. */
  readonly key: string;
  readonly valueSize: number;
  /** Where the record begins in the data file. */
  readonly offset: number;
  readonly size: number;
  /** Empty for the kinds whose value recovery does not read. */
  readonly value: Buffer;
}

/** A hint record as read, and how many bytes it took. */
export interface DecodedHintRecord extends HintRecord {
  readonly hintSize: number;
}

const NOTHING = Buffer.alloc(0);

/** Whether recovery needs the value of records of this kind. */
export function readsValue(kind: number): boolean {
  return kind !== KIND_PUT && kind !== KIND_TOMBSTONE;
}

/** Write a hint record at `target[at]`, which must have room for it; returns the offset of the byte after it. */
export function writeHintRecord(target: Buffer, at: number, record: HintRecord): number {
  const { kind, expiresAtMs, orderKey, key, value } = record;
  target[at] = kind;
  target[at + 1] = (expiresAtMs !== 0 ? FLAG_EXPIRY : 0) | (orderKey !== undefined ? FLAG_ORDER_KEY : 0);
  target[at + 2] = record.tag;
  let next = writeVarint(target, at + FIXED_SIZE, record.space);
  next = writeVarint(target, next, record.seq);
  next = writeVarint(target, next, record.offset);
  next = writeVarint(target, next, record.size);
  next = writeVarint(target, next, key.length);
  next = writeVarint(target, next, record.valueSize);
  if (expiresAtMs !== 0) next = writeVarint(target, next, expiresAtMs);
  if (orderKey !== undefined) {
    target.set(orderKey, next);
    next += ORDER_KEY_SIZE;
  }
  next += target.write(key, next, 'latin1');
  if (readsValue(kind)) next += value.copy(target, next);
  return next;
}

/** The hint record at `bytes[at]`; `undefined` when there is none that ends before `end`. Copies what it returns. */
export function readHintRecord(bytes: Buffer, at: number, end: number): DecodedHintRecord | undefined {
  if (at + FIXED_SIZE > end) return undefined;
  const kind = bytes[at]!;
  const flags = bytes[at + 1]!;
  let next = at + FIXED_SIZE;
  const space = readVarint(bytes, next, end);
  if (space < 0) return undefined;
  next += varintSize(space);
  const seq = readVarint(bytes, next, end);
  if (seq < 0) return undefined;
  next += varintSize(seq);
  const offset = readVarint(bytes, next, end);
  if (offset < 0) return undefined;
  next += varintSize(offset);
  const size = readVarint(bytes, next, end);
  if (size < 0) return undefined;
  next += varintSize(size);
  const keySize = readVarint(bytes, next, end);
  if (keySize < 0) return undefined;
  next += varintSize(keySize);
  const valueSize = readVarint(bytes, next, end);
  if (valueSize < 0) return undefined;
  next += varintSize(valueSize);
  const expiresAtMs = flags & FLAG_EXPIRY ? readVarint(bytes, next, end) : 0;
  if (expiresAtMs < 0) return undefined;
  if (flags & FLAG_EXPIRY) next += varintSize(expiresAtMs);
  const orderKeyAt = next;
  if (flags & FLAG_ORDER_KEY) next += ORDER_KEY_SIZE;
  const valueAt = next + keySize;
  const hintEnd = readsValue(kind) ? valueAt + valueSize : valueAt;
  if (hintEnd > end) return undefined;
  return {
    kind,
    space,
    seq,
    tag: bytes[at + 2]!,
    expiresAtMs,
    orderKey: flags & FLAG_ORDER_KEY ? Buffer.from(bytes.subarray(orderKeyAt, next)) : undefined,
    key: bytes.toString('latin1', next, valueAt),
    valueSize,
    offset,
    size,
    value: readsValue(kind) ? Buffer.from(bytes.subarray(valueAt, hintEnd)) : NOTHING,
    hintSize: hintEnd - at,
  };
}
