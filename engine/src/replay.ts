/**
 * Replay: the records of the log, applied to the indexes of the spaces, unit by unit. A unit is a plain record, or the
 * records of a batch up to its end.
 *
 * Invariants: (1) of a batch nothing is applied before its end has been read and matches;
 *             (2) the record with the highest seq of its key wins, in whatever order files are read.
 */

import type { DataFile } from './disk/data-file.ts';
import type { RecordReader } from './disk/record-reader.ts';
import { CorruptionError, EngineError } from './errors.ts';
import { readBatchEnd } from './format/batch-end.ts';
import {
  crcStart,
  FLAG_COMPRESSED,
  KIND_BATCH_END,
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_RANGE_DELETE,
  KIND_SPACE_CREATE,
  KIND_SPACE_DROP,
  KIND_TOMBSTONE,
  type LogRecord,
} from './format/record.ts';
import { readVarint } from './format/varint.ts';
import { KeyIndex, orderOf } from './keydir/key-index.ts';
import { type Entry, toKeyString } from './keydir/keydir.ts';

/** What came of reading one unit. */
export type UnitResult = 'applied' | 'end' | 'torn' | 'corrupt';

/** One record of a batch, kept until the batch is known to be whole. */
interface Change {
  readonly kind: number;
  readonly space: number;
  readonly entry: Entry;
  /** The value, of the kinds whose value recovery reads; for the others it is empty. */
  readonly value: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Builds the indexes of all spaces from the records of the log. */
export class Replay {
  /** The spaces that exist, by id. */
  readonly indexes: Map<number, KeyIndex> = new Map();
  readonly #hashSeed: readonly [number, number];
  maxSpaceId = 0;
  /** The highest seq of all records applied. */
  lastSeq = 0;
  records = 0;

  constructor(hashSeed: readonly [number, number]) {
    this.#hashSeed = hashSeed;
    this.indexes.set(0, new KeyIndex('key', hashSeed));
  }

  /** Read the next unit of `file` and apply it. When it cannot be read, nothing of it has been applied. */
  unit(file: DataFile, reader: RecordReader): UnitResult {
    const start = reader.offset;
    const record = reader.next();
    if (typeof record === 'string') return record;
    assertKnown(record, file, start);
    if (record.batch) return this.#batch(file, reader, record, start);
    if (record.kind === KIND_BATCH_END) return 'corrupt'; // Its members are missing.
    this.#apply(record.kind, record.space, toEntry(record, file, start), record.value, file);
    return 'applied';
  }

  #batch(file: DataFile, reader: RecordReader, first: LogRecord, start: number): UnitResult {
    const changes: Change[] = [];
    let crc = crcStart(file.salt, start);
    for (let record = first, offset = start; record.batch; ) {
      const { kind, space } = record;
      const value = kind === KIND_PUT || kind === KIND_TOMBSTONE ? NOTHING : Buffer.from(record.value);
      changes.push({ kind, space, entry: toEntry(record, file, offset), value });
      crc = reader.crcOfLast(record, crc);
      offset = reader.offset;
      const next = reader.next();
      if (next === 'end') return 'torn';
      if (typeof next === 'string') return next;
      assertKnown(next, file, offset);
      record = next;
      if (record.kind === KIND_BATCH_END) {
        const end = readBatchEnd(record);
        const matches = end?.count === changes.length && end.size === offset - start && end.crc === crc;
        if (!matches) return 'corrupt';
        for (const { kind, space, entry, value } of changes) this.#apply(kind, space, entry, value, file);
        return 'applied';
      }
    }
    return 'corrupt'; // A plain record stands where a member or the end should.
  }

  #apply(kind: number, space: number, entry: Entry, value: Buffer, file: DataFile): void {
    this.records++;
    if (entry.seq > this.lastSeq) this.lastSeq = entry.seq;
    if (kind === KIND_SPACE_CREATE) {
      this.#createSpace(space, value, file, entry);
      return;
    }
    const index = this.indexes.get(space);
    if (index === undefined) throw new CorruptionError(file.name, entry.recordOffset, `there is no space ${space}`);
    if (kind === KIND_SPACE_DROP) this.indexes.delete(space);
    else applyToKey(index, kind, entry, value);
  }

  #createSpace(space: number, value: Buffer, file: DataFile, entry: Entry): void {
    const order = orderOf(value[0]);
    if (order === undefined) throw newerFormat(file, entry.recordOffset);
    this.indexes.set(space, new KeyIndex(order, this.#hashSeed));
    this.maxSpaceId = Math.max(this.maxSpaceId, space);
  }
}

function applyToKey(index: KeyIndex, kind: number, entry: Entry, value: Buffer): void {
  const older = index.keydir.get(entry.key);
  if (older !== undefined && older.seq > entry.seq) return;
  if (kind === KIND_PUT) index.put(entry);
  else if (kind === KIND_TOMBSTONE) index.delete(entry.key);
  else if (kind === KIND_EXPIRY_PATCH) {
    const valueSeq = entry.seq - readVarint(value, 0, value.length);
    if (older?.valueSeq === valueSeq) index.put({ ...older, seq: entry.seq, expiresAtMs: entry.expiresAtMs });
  }
}

function toEntry(record: LogRecord, file: DataFile, recordOffset: number): Entry {
  return {
    key: toKeyString(record.key),
    seq: record.seq,
    tag: record.tag,
    expiresAtMs: record.expiresAtMs,
    orderKey: record.orderKey === undefined ? undefined : Buffer.from(record.orderKey),
    valueSize: record.value.length,
    fileId: file.id,
    recordOffset,
    recordSize: record.size,
    valueSeq: record.seq,
  };
}

/** A whole record that we do not know what to do with was written by a newer program. */
function assertKnown(record: LogRecord, file: DataFile, offset: number): void {
  const isKnown = record.kind <= KIND_BATCH_END && record.kind !== KIND_RANGE_DELETE && record.flags < FLAG_COMPRESSED;
  if (!isKnown) throw newerFormat(file, offset);
}

function newerFormat(file: DataFile, offset: number): EngineError {
  const where = `${file.name} at offset ${offset}`;
  return new EngineError('NEWER_FORMAT', `${where} holds a record of a newer format: use a newer program`);
}
