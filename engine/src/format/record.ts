/**
 * Record: one change of one key, as bytes. A data file is a header and then records, one after the other.
 *
 *    OFFSET  SIZE      FIELD      MEANING                                            (all integers little-endian)
 *         0     4      crc        CRC-32 of every byte after this field, begun with crcStart(salt, offset in the file)
 *         4     1      kind       put, tombstone, expiry patch ... Zero never occurs: a tail of zeroes is no record
 *         5     1      flags      which optional fields follow, and whether the record belongs to a batch
 *         6     1      tag        a byte of the caller's own
 *         7     varint space      the key space the key lives in
 *               varint seq        number of the change; the record with the highest seq of its key wins
 *               varint keySize    in bytes
 *               varint valueSize  in bytes
 *               varint expiresAt  with EXPIRY: milliseconds since the Unix epoch
 *               8      orderKey   with ORDER_KEY: eight bytes of the caller's own
 *               varint synced     with SYNCED_TO: seq - syncedTo
 *               keySize    key
 *               valueSize  value
 *
 *    flags: 1 BATCH, 2 EXPIRY, 4 ORDER_KEY, 8 SYNCED_TO
 *    crcStart(salt, offset) = salt XOR low XOR (high * 0x9e3779b1 mod 2^32), offset = high * 2^32 + low
 *
 * Invariants: (1) sizes come before all they count, and are checked before they are used;
 *             (2) the checksum is valid at one offset of one file: a record that was moved, or is left over from an
 *                 older use of the disk, does not match.
 * Left out: what a record means to its neighbours, and to the index.
 */

import { crc32 } from './crc32.ts';
import { MAX_VARINT_SIZE, readVarint, VARINT_TORN, varintSize, writeVarint } from './varint.ts';

/** The largest key, in bytes: 16 MiB. */
export const MAX_KEY_SIZE: number = 16 * 1024 * 1024;

/** The largest value, in bytes: one less than 1 GiB. */
export const MAX_VALUE_SIZE: number = 1024 * 1024 * 1024 - 1;

// Kinds and flags are on disk: a number keeps its meaning for ever, and a number that is free now stays free until a
// newer format takes it.

/** The key has this value. */
export const KIND_PUT = 1;
/** The key has been deleted. */
export const KIND_TOMBSTONE = 2;
/** The key's expiry changes, its value stays. The value is varint(seq - seq of the put it belongs to). */
export const KIND_EXPIRY_PATCH = 3;
/** A key space begins. The value is one byte: how its keys are ordered. */
export const KIND_SPACE_CREATE = 4;
/** A key space ends, with all its keys. */
export const KIND_SPACE_DROP = 5;
/** Reserved: every key from `key` up to `value` has been deleted. */
export const KIND_RANGE_DELETE = 6;
/** The records of a batch end here. */
export const KIND_BATCH_END = 7;

/** The record is a member of a batch: it counts only if the batch is whole. */
export const FLAG_BATCH = 1;
/** The record has an expiry. */
export const FLAG_EXPIRY = 2;
/** The record has an order key. */
export const FLAG_ORDER_KEY = 4;
/** The record says up to which seq everything had been synced when it was written. */
export const FLAG_SYNCED_TO = 8;
/** Reserved: the value is compressed. This flag and all higher ones add nothing to the header. */
export const FLAG_COMPRESSED = 16;
/** Reserved: the value lies in a file of its own. */
export const FLAG_BLOB = 32;

/** Size of an order key, in bytes. */
export const ORDER_KEY_SIZE = 8;

const CRC_SIZE = 4;
const KIND_OFFSET = CRC_SIZE;
/** Where the flags stand in a record. */
export const FLAGS_OFFSET: number = KIND_OFFSET + 1;
const TAG_OFFSET = FLAGS_OFFSET + 1;
/** Bytes whose place does not depend on the record: crc, kind, flags, tag. */
const FIXED_SIZE = TAG_OFFSET + 1;

/** The most bytes that stand before a key: the fixed ones, six varints and an order key. */
export const MAX_HEADER_SIZE: number = FIXED_SIZE + 6 * MAX_VARINT_SIZE + ORDER_KEY_SIZE;

/** Everything in a record but its key and its value. */
export interface RecordHeader {
  /** One of the KIND_ constants. */
  kind: number;
  seq: number;
  /** 0 is the default space. */
  space: number;
  /** 0 to 255. */
  tag: number;
  /** Whether the record is a member of a batch. */
  batch: boolean;
  /** Milliseconds since the Unix epoch; 0: never. */
  expiresAtMs: number;
  orderKey: Uint8Array | undefined;
  /** Every change up to this seq had been synced when the record was written; 0: the record does not say. */
  syncedTo: number;
}

/** What {@link encodeRecord} needs: a kind, a seq, a key and a value; all else has a plain default. */
export type RecordFields = Partial<RecordHeader> &
  Pick<RecordHeader, 'kind' | 'seq'> & { readonly key: Uint8Array; readonly value: Uint8Array };

/** A record as read. `key` and `value` are views of the bytes it was read from. */
export interface LogRecord extends RecordHeader {
  /** The flags as they stand on disk, those of newer formats included. */
  flags: number;
  key: Buffer;
  value: Buffer;
  /** Bytes of the whole record; the next one begins there. */
  size: number;
}

const PLAIN_HEADER = { space: 0, tag: 0, batch: false, expiresAtMs: 0, orderKey: undefined, syncedTo: 0 };

/** The value a record's CRC begins with: it ties the record to its file, by the file's random salt, and to its offset. */
export function crcStart(salt: number, fileOffset: number): number {
  const high = Math.floor(fileOffset / 2 ** 32);
  return (salt ^ fileOffset ^ Math.imul(high, 0x9e37_79b1)) >>> 0;
}

function flagsOf(header: RecordHeader): number {
  return (
    (header.batch ? FLAG_BATCH : 0) |
    (header.expiresAtMs !== 0 ? FLAG_EXPIRY : 0) |
    (header.orderKey !== undefined ? FLAG_ORDER_KEY : 0) |
    (header.syncedTo !== 0 ? FLAG_SYNCED_TO : 0)
  );
}

/** Write all that stands between the CRC and the key; returns the offset where the key goes. */
export function writeHeader(
  target: Buffer,
  at: number,
  header: RecordHeader,
  keySize: number,
  valueSize: number,
): number {
  target[at + KIND_OFFSET] = header.kind;
  target[at + FLAGS_OFFSET] = flagsOf(header);
  target[at + TAG_OFFSET] = header.tag;
  let next = writeVarint(target, at + FIXED_SIZE, header.space);
  next = writeVarint(target, next, header.seq);
  next = writeVarint(target, next, keySize);
  next = writeVarint(target, next, valueSize);
  if (header.expiresAtMs !== 0) next = writeVarint(target, next, header.expiresAtMs);
  if (header.orderKey !== undefined) {
    target.set(header.orderKey, next);
    next += ORDER_KEY_SIZE;
  }
  if (header.syncedTo !== 0) next = writeVarint(target, next, header.seq - header.syncedTo);
  return next;
}

/** Put the CRC in front of the record `bytes[at, end)`, now that all else stands in it. */
export function sealRecord(bytes: Buffer, at: number, end: number, salt: number, fileOffset: number): void {
  bytes.writeUInt32LE(crc32(bytes, at + CRC_SIZE, end, crcStart(salt, fileOffset)), at);
}

/** Write a record at `target[at]`, which must have room for it; returns the offset of the byte after it. */
export function writeRecord(
  target: Buffer,
  at: number,
  fields: RecordFields,
  salt: number,
  fileOffset: number,
): number {
  const keyAt = writeHeader(target, at, { ...PLAIN_HEADER, ...fields }, fields.key.length, fields.value.length);
  target.set(fields.key, keyAt);
  target.set(fields.value, keyAt + fields.key.length);
  const end = keyAt + fields.key.length + fields.value.length;
  sealRecord(target, at, end, salt, fileOffset);
  return end;
}

/**
 * The bytes of a record that will stand at `fileOffset` of the file with this salt. `fields` has kind, seq, key and value;
 * space, tag, batch, expiresAtMs, orderKey and syncedTo where they are not the default.
 */
export function encodeRecord(fields: RecordFields, salt: number, fileOffset: number): Buffer {
  const bytes = Buffer.allocUnsafe(MAX_HEADER_SIZE + fields.key.length + fields.value.length);
  return bytes.subarray(0, writeRecord(bytes, 0, fields, salt, fileOffset));
}

/** Whether the CRC of the record `bytes[at, end)` is the one it must have at this offset of this file. */
export function isSealed(bytes: Buffer, at: number, end: number, salt: number, fileOffset: number): boolean {
  return bytes.readUInt32LE(at) === crc32(bytes, at + CRC_SIZE, end, crcStart(salt, fileOffset));
}

function badVarint(answer: number): 'torn' | 'corrupt' {
  return answer === VARINT_TORN ? 'torn' : 'corrupt';
}

/** The fields of a record, its CRC not looked at. Every size is checked before it is used. */
export function parseRecord(bytes: Buffer, at: number, end: number): LogRecord | 'torn' | 'corrupt' {
  if (at + FIXED_SIZE > end) return 'torn';
  const kind = bytes[at + KIND_OFFSET]!;
  const flags = bytes[at + FLAGS_OFFSET]!;
  if (kind === 0) return 'corrupt';

  let next = at + FIXED_SIZE;
  const space = readVarint(bytes, next, end);
  if (space < 0) return badVarint(space);
  next += varintSize(space);
  const seq = readVarint(bytes, next, end);
  if (seq < 0) return badVarint(seq);
  next += varintSize(seq);
  const keySize = readVarint(bytes, next, end);
  if (keySize < 0) return badVarint(keySize);
  next += varintSize(keySize);
  const valueSize = readVarint(bytes, next, end);
  if (valueSize < 0) return badVarint(valueSize);
  next += varintSize(valueSize);
  if (keySize > MAX_KEY_SIZE || valueSize > MAX_VALUE_SIZE) return 'corrupt';

  let expiresAtMs = 0;
  if (flags & FLAG_EXPIRY) {
    expiresAtMs = readVarint(bytes, next, end);
    if (expiresAtMs < 0) return badVarint(expiresAtMs);
    next += varintSize(expiresAtMs);
  }
  let orderKey: Buffer | undefined;
  if (flags & FLAG_ORDER_KEY) {
    orderKey = bytes.subarray(next, next + ORDER_KEY_SIZE);
    next += ORDER_KEY_SIZE;
  }
  let syncedTo = 0;
  if (flags & FLAG_SYNCED_TO) {
    const distance = readVarint(bytes, next, end);
    if (distance < 0) return badVarint(distance);
    if (distance > seq) return 'corrupt';
    syncedTo = seq - distance;
    next += varintSize(distance);
  }

  const valueAt = next + keySize;
  const recordEnd = valueAt + valueSize;
  if (recordEnd > end) return 'torn';
  const tag = bytes[at + TAG_OFFSET]!;
  const batch = (flags & FLAG_BATCH) !== 0;
  const key = bytes.subarray(next, valueAt);
  const value = bytes.subarray(valueAt, recordEnd);
  const size = recordEnd - at;
  return { kind, flags, seq, space, tag, batch, expiresAtMs, orderKey, syncedTo, key, value, size };
}

/**
 * The record at `bytes[at]`, which stands at `fileOffset` of the file with this salt.
 * `'torn'`: the bytes end before the record does. `'corrupt'`: these bytes are no record.
 * A record has all the fields that `encodeRecord` takes, and its `flags` and its `size` in bytes.
 */
export function decodeRecord(
  bytes: Buffer,
  at: number,
  salt: number,
  fileOffset: number,
  end: number = bytes.length,
): LogRecord | 'torn' | 'corrupt' {
  const record = parseRecord(bytes, at, end);
  if (typeof record === 'string') return record;
  return isSealed(bytes, at, at + record.size, salt, fileOffset) ? record : 'corrupt';
}
