// superseded later: the whole file
/**
 * Replay: the records of the log, taken together to the state they lead to. They are read unit by unit: a unit is a plain
 * record, or the records of a batch up to its end.
 *
 * Invariants: (1) of a batch nothing is applied before its end has been read and matches;
 *             (2) the outcome does not depend on the order in which files are read (replayed-keys.ts).
 */

import type { DataFile } from './disk/data-file.ts';
import { dataFileName, type FileId } from './disk/file-names.ts';
import type { RecordReader } from './disk/record-reader.ts';
import { EngineError } from './errors.ts';
import { readBatchEnd } from './format/batch-end.ts';
import { asBuffer } from './format/bytes.ts';
import {
  crcStart,
  KIND_BATCH_END,
  KIND_PUT,
  KIND_TOMBSTONE,
  type LogRecord,
  type RecordFields,
} from './format/record.ts';
import { type Entry, type Keydir, toKeyString } from './keydir/keydir.ts';
import type { Location } from './log.ts';
import { ReplayedKeys } from './replayed-keys.ts';

/** What came of reading one unit. */
export type UnitResult = 'applied' | 'end' | 'torn' | 'corrupt';

/** What recovery needs of one record. */
export interface Change {
  readonly kind: number;
  readonly entry: Entry;
}

/** Takes the records of the log together. */
export class Replay {
  readonly #keys = new ReplayedKeys();
  /** The highest seq so far. */
  lastSeq = 0;
  records = 0;

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
  apply({ kind, entry }: Change): void {
    this.records++;
    if (entry.seq > this.lastSeq) this.lastSeq = entry.seq;
    if (kind === KIND_PUT) this.#keys.put(entry);
    else this.#keys.delete(entry.key, entry.seq);
  }

  /** Everything has been read: the keydir. */
  finish(): Keydir {
    return this.#keys.finish();
  }
}

function toChange(record: LogRecord, file: DataFile, recordOffset: number): Change {
  const location = { fileId: file.id, recordOffset, recordSize: record.size };
  return { kind: record.kind, entry: entryOf(record, location) };
}

/** The keydir's entry for a put that lies at `location`. */
export function entryOf(record: RecordFields, location: Location): Entry {
  return {
    key: toKeyString(asBuffer(record.key)),
    seq: record.seq,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    valueSize: record.value.length,
    ...location,
    valueSeq: record.seq,
  };
}

/** A whole record that we do not know what to do with was written by a newer program. */
export function assertKnown(record: LogRecord, file: DataFile, offset: number): void {
  const isKnown = record.kind <= KIND_TOMBSTONE || record.kind === KIND_BATCH_END;
  if (!isKnown) throw newerFormat(file.id, offset);
}

function newerFormat(fileId: FileId, offset: number): EngineError {
  const where = `${dataFileName(fileId)} at offset ${offset}`;
  return new EngineError('NEWER_FORMAT', `${where} holds a record of a newer format: use a newer program`);
}
