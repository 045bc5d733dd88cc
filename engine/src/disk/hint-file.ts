/**
 * Hint file: what recovery needs of a sealed data file, so that it need not read the values. It stands beside the data file
 * and can be made from it again at any time: losing one costs time, nothing else.
 *
 *    OFFSET  SIZE  FIELD             MEANING                                      (all integers little-endian)
 *         0     8  magic             "ZEROHINT"
 *         8     2  version           of the format, as written
 *        10     2  minReaderVersion  a reader of a lower version must not try
 *        12     4  fileId            of the data file
 *        16     4  salt              of the data file
 *        20     8  dataSize          up to where the data file counts
 *        28     4  count             how many hint records follow
 *        32        hint records      in the order of the data file (format/hint-record.ts)
 *               4  crc               CRC-32 of every byte before
 *
 * Invariant: a hint counts only for the data file with this number, salt and size, and only as a whole.
 */

import { join } from 'node:path';
import { crc32 } from '../format/crc32.ts';
import {
  type HintRecord,
  MAX_HINT_HEADER_SIZE,
  readHintRecord,
  readsValue,
  writeHintRecord,
} from '../format/hint-record.ts';
import type { LogRecord } from '../format/record.ts';
import { hintFileName } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { type LiveFile, readFile, writeFile } from './manifest.ts';

const MAGIC = Buffer.from('ZEROHINT', 'latin1');
/** The format that this code writes, and the newest it can read. */
const HINT_VERSION = 1;
const VERSION_OFFSET = 8;
const MIN_READER_OFFSET = 10;
const FILE_ID_OFFSET = 12;
const SALT_OFFSET = 16;
const DATA_SIZE_OFFSET = 20;
const COUNT_OFFSET = 28;
const HEADER_SIZE = 32;
const CRC_SIZE = 4;

const NOTHING = Buffer.alloc(0);
const FIRST_CAPACITY = 64 * 1024;
/** A hint that would be larger is not written: a data file with so many keys is read as a whole. */
const MAX_HINT_SIZE = 1024 * 1024 * 1024;

/** Collects hint records, and writes them as a hint file. */
export class HintBuilder {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #size = HEADER_SIZE;
  #count = 0;

  /** The next record of the data file. */
  add(record: HintRecord): void {
    if (this.#size >= MAX_HINT_SIZE) return;
    this.#reserve(MAX_HINT_HEADER_SIZE + record.key.length + record.value.length + CRC_SIZE);
    this.#size = writeHintRecord(this.#bytes, this.#size, record);
    this.#count++;
  }

  /** {@link add} for a record as it was read at this offset of the data file. */
  addRecord(record: LogRecord, offset: number): void {
    const { kind, space, seq, tag, expiresAtMs, orderKey, size } = record;
    const key = record.key.toString('latin1');
    const valueSize = record.value.length;
    const value = readsValue(kind) ? record.value : NOTHING;
    this.add({ kind, space, seq, tag, expiresAtMs, orderKey, key, valueSize, offset, size, value });
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#size + size));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }

  /** All records of this data file have been added: write its hint. Nothing depends on it, so nothing is thrown. */
  write(fs: FileSystem, directory: string, live: LiveFile): void {
    if (this.#size >= MAX_HINT_SIZE) return;
    const bytes = this.#bytes;
    bytes.fill(0, 0, HEADER_SIZE);
    MAGIC.copy(bytes);
    bytes.writeUInt16LE(HINT_VERSION, VERSION_OFFSET);
    bytes.writeUInt16LE(HINT_VERSION, MIN_READER_OFFSET);
    bytes.writeUInt32LE(live.id, FILE_ID_OFFSET);
    bytes.writeUInt32LE(live.salt, SALT_OFFSET);
    bytes.writeBigUInt64LE(BigInt(live.sealedSize!), DATA_SIZE_OFFSET);
    bytes.writeUInt32LE(this.#count, COUNT_OFFSET);
    const end = bytes.writeUInt32LE(crc32(bytes, 0, this.#size), this.#size);
    const path = join(directory, hintFileName(live.id));
    try {
      writeFile(fs, path, bytes.subarray(0, end), false);
    } catch {
      removeIfPossible(fs, path); // A part of it would only take up space, on a disk that may have none left.
    }
  }
}

/** The hint of a sealed data file; `undefined` when there is none; why it cannot be used when it is there and does not fit. */
export function readHint(fs: FileSystem, directory: string, live: LiveFile): Hint | string | undefined {
  const bytes = readIfPossible(fs, join(directory, hintFileName(live.id)));
  if (bytes === undefined || typeof bytes === 'string') return bytes;
  if (bytes.length < HEADER_SIZE + CRC_SIZE) return 'it is cut short';
  const end = bytes.length - CRC_SIZE;
  if (bytes.readUInt32LE(end) !== crc32(bytes, 0, end)) return 'it does not match its checksum';
  if (MAGIC.compare(bytes, 0, MAGIC.length) !== 0) return 'it is no hint';
  if (bytes.readUInt16LE(MIN_READER_OFFSET) > HINT_VERSION) return 'it has a newer format';
  const isOfThisFile = bytes.readUInt32LE(FILE_ID_OFFSET) === live.id && bytes.readUInt32LE(SALT_OFFSET) === live.salt;
  if (!isOfThisFile) return 'it is that of another file';
  if (Number(bytes.readBigUInt64LE(DATA_SIZE_OFFSET)) !== live.sealedSize) return 'the data file has another size';
  const hint = new Hint(bytes, end);
  return hint.isWhole(live.sealedSize) ? hint : 'it makes no sense';
}

function removeIfPossible(fs: FileSystem, path: string): void {
  try {
    fs.remove(path);
  } catch {}
}

function readIfPossible(fs: FileSystem, path: string): Buffer | string | undefined {
  try {
    return readFile(fs, path);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The records of a hint file whose checksum is right. */
export class Hint {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number = HEADER_SIZE;

  constructor(bytes: Buffer, end: number) {
    this.#bytes = bytes;
    this.#end = end;
  }

  /** Whether every record makes sense, for a data file of this size. A checksum only says that it was written like this. */
  isWhole(dataSize: number): boolean {
    let at = HEADER_SIZE;
    let count = 0;
    for (; at < this.#end; count++) {
      const record = readHintRecord(this.#bytes, at, this.#end);
      if (record === undefined || record.offset + record.size > dataSize) return false;
      at += record.hintSize;
    }
    return count === this.#bytes.readUInt32LE(COUNT_OFFSET);
  }

  /** The next record of a hint that is whole; `'end'` after the last. */
  next(): HintRecord | 'end' {
    if (this.#at === this.#end) return 'end';
    const record = readHintRecord(this.#bytes, this.#at, this.#end)!;
    this.#at += record.hintSize;
    return record;
  }
}
