/**
 * Batch end: the record that makes the records before it count, all or none.
 *
 * The members of a batch are ordinary records with FLAG_BATCH, one after the other; then comes one record of kind
 * KIND_BATCH_END, without a key, whose value is
 *
 *    SIZE      FIELD   MEANING                                                    (all integers little-endian)
 *    varint    count   how many members
 *    varint    size    bytes of all members together
 *         4    crc     CRC-32 of these bytes, begun with crcStart(salt, offset of the first member)
 *
 * Invariants: a batch is written by one append and lies in one file; a single change needs no batch.
 */

import { crc32 } from './crc32.ts';
import { crcStart, KIND_BATCH_END, type LogRecord, MAX_HEADER_SIZE, writeRecord } from './record.ts';
import { MAX_VARINT_SIZE, readVarint, varintSize, writeVarint } from './varint.ts';

const CRC_SIZE = 4;

/** The most bytes a batch end takes. */
export const MAX_BATCH_END_SIZE: number = MAX_HEADER_SIZE + 2 * MAX_VARINT_SIZE + CRC_SIZE;

/** What a batch end says of the members before it. */
export interface BatchEnd {
  readonly count: number;
  /** Bytes of all members together. */
  readonly size: number;
  readonly crc: number;
}

const NO_KEY = Buffer.alloc(0);

/**
 * Write the end of the batch `bytes[start, end)` right behind it; returns the offset of the byte after it.
 * `fileOffset` is where the first member stands in the file, `seq` that of the last member.
 */
export function writeBatchEnd(
  bytes: Buffer,
  start: number,
  end: number,
  count: number,
  seq: number,
  salt: number,
  fileOffset: number,
): number {
  const value = Buffer.alloc(2 * MAX_VARINT_SIZE + CRC_SIZE);
  let next = writeVarint(value, 0, count);
  next = writeVarint(value, next, end - start);
  next = value.writeUInt32LE(crc32(bytes, start, end, crcStart(salt, fileOffset)), next);
  const fields = { kind: KIND_BATCH_END, seq, key: NO_KEY, value: value.subarray(0, next) };
  return writeRecord(bytes, end, fields, salt, fileOffset + end - start);
}

/** What the value of a batch end says; `undefined` when it is malformed. */
export function readBatchEnd(record: LogRecord): BatchEnd | undefined {
  const value = record.value;
  const count = readVarint(value, 0, value.length);
  if (count < 0) return undefined;
  const sizeAt = varintSize(count);
  const size = readVarint(value, sizeAt, value.length);
  if (size < 0) return undefined;
  const crcAt = sizeAt + varintSize(size);
  if (crcAt + CRC_SIZE !== value.length) return undefined;
  return { count, size, crc: value.readUInt32LE(crcAt) };
}
