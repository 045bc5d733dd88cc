/**
 * Replay: the records of the log, taken together to the state they lead to. They are read unit by unit: a unit is a plain
 * record, or the records of a batch up to its end.
 *
 * Invariants: (1) of a batch nothing is applied before its end has been read and matches;
 *             (2) the outcome does not depend on the order in which files are read (replayed-keys.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { HintBuilder } from '../disk/hint-file.ts';
import type { RecordReader } from '../disk/record-reader.ts';
import { EngineError } from '../errors.ts';
import { readBatchEnd } from '../format/batch-end.ts';
import { type HintRecord, readsValue } from '../format/hint-record.ts';
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
} from '../format/record.ts';
import { readVarint } from '../format/varint.ts';
import { type KeyIndex, orderOf, type SpaceOrder } from '../keydir/key-index.ts';
import { type Entry, toKeyString } from '../keydir/keydir.ts';
import type { ReplayedKeys } from './replayed-keys.ts';
import { ReplayedSpaces } from './replayed-spaces.ts';

/** What came of reading one unit. */
export type UnitResult = 'applied' | 'end' | 'torn' | 'corrupt';

/** What recovery needs of one record. */
export interface Change {
  readonly kind: number;
  readonly space: number;
  readonly entry: Entry;
  /** The value, of the kinds whose value recovery reads; for the others it is empty. */
  readonly value: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Takes the records of the log together. */
export class Replay {
  readonly #spaces = new ReplayedSpaces();
  /** The highest seq so far. */
  lastSeq = 0;
  records = 0;
  /** Told of every record that is read, while it is set: the hint of the file that is being read. */
  hint: HintBuilder | undefined;

  /** The highest id that a space has had. */
  get maxSpaceId(): number {
    return this.#spaces.maxId;
  }

  /** Read the next unit of `file` and apply it. When it cannot be read, nothing of it has been applied. */
  unit(file: DataFile, reader: RecordReader): UnitResult {
    const start = reader.offset;
    const record = reader.next();
    if (typeof record === 'string') return record;
    assertKnown(record, file, start);
    if (record.batch) return this.#batch(file, reader, record, start);
    if (record.kind === KIND_BATCH_END) return 'corrupt'; // Its members are missing.
    this.apply(toChange(record, file, start));
    return 'applied';
  }

  #batch(file: DataFile, reader: RecordReader, first: LogRecord, start: number): UnitResult {
    const changes: Change[] = [];
    let crc = crcStart(file.salt, start);
    for (let record = first, offset = start; record.batch; ) {
      changes.push(toChange(record, file, offset));
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
        for (const change of changes) this.apply(change);
        return 'applied';
      }
    }
    return 'corrupt'; // A plain record stands where a member or the end should.
  }

  /** Take one record's change into account. */
  apply(change: Change): void {
    const { kind, space, entry, value } = change;
    this.records++;
    this.hint?.add(toHintRecord(change));
    if (entry.seq > this.lastSeq) this.lastSeq = entry.seq;
    if (kind === KIND_SPACE_CREATE) this.#spaces.create(space, toSpaceOrder(entry, value), entry);
    else if (kind === KIND_SPACE_DROP) this.#spaces.drop(space, entry);
    else applyToKeys(this.#spaces.keysOf(space, entry), kind, entry, value);
  }

  /**
   * Everything has been read: the indexes of all spaces, by the space's id.
   * @throws {CorruptionError} when records of a space are there, and the one that makes it is not.
   */
  finish(hashSeed: readonly [number, number]): Map<number, KeyIndex> {
    return this.#spaces.finish(hashSeed);
  }
}

function applyToKeys(keys: ReplayedKeys, kind: number, entry: Entry, value: Buffer): void {
  const { key, seq, expiresAtMs } = entry;
  if (kind === KIND_PUT) keys.put(entry);
  else if (kind === KIND_TOMBSTONE) keys.delete(key, seq);
  else if (kind === KIND_RANGE_DELETE) keys.deleteRange(key, value.length > 0 ? toKeyString(value) : undefined, seq);
  else if (kind === KIND_EXPIRY_PATCH) {
    keys.patch({ key, seq, valueSeq: seq - readVarint(value, 0, value.length), expiresAtMs });
  }
}

function toSpaceOrder(entry: Entry, value: Buffer): SpaceOrder {
  const order = orderOf(value[0]);
  if (order === undefined) throw newerFormat(entry.fileId, entry.recordOffset);
  return order;
}

function toChange(record: LogRecord, file: DataFile, recordOffset: number): Change {
  const { kind, space } = record;
  const value = readsValue(kind) ? Buffer.from(record.value) : NOTHING;
  return { kind, space, entry: toEntry(record, file, recordOffset), value };
}

function toHintRecord({ kind, space, entry, value }: Change): HintRecord {
  const { key, seq, tag, expiresAtMs, orderKey, valueSize, recordOffset, recordSize } = entry;
  return {
    kind,
    space,
    seq,
    tag,
    expiresAtMs,
    orderKey,
    key,
    valueSize,
    value,
    offset: recordOffset,
    size: recordSize,
  };
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

/** A whole record that we do not know what to do with was written by a newer program. @throws `NEWER_FORMAT`. */
export function assertKnown(record: LogRecord, file: DataFile, offset: number): void {
  const isKnown = record.kind <= KIND_BATCH_END && record.flags < FLAG_COMPRESSED;
  if (!isKnown) throw newerFormat(file.id, offset);
}

function newerFormat(fileId: FileId, offset: number): EngineError {
  const where = `${dataFileName(fileId)} at offset ${offset}`;
  return new EngineError('NEWER_FORMAT', `${where} holds a record of a newer format: use a newer program`);
}
