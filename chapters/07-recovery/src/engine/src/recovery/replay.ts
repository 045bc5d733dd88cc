// superseded later: imports, Replay, Replay.unit, Replay.apply, Replay.finish, entryOf, assertKnown
/**
 * Replay: the records of the log, taken together to the state they lead to, one after the other.
 *
 * Invariant: the outcome does not depend on the order in which files are read (replayed-keys.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { RecordReader } from '../disk/record-reader.ts';
import { EngineError } from '../errors.ts';
import { asBuffer } from '../format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE, type LogRecord, type RecordFields } from '../format/record.ts';
import { type Entry, type Keydir, toKeyString } from '../keydir/keydir.ts';
import type { Location } from '../log/log.ts';
import { ReplayedKeys } from './replayed-keys.ts';

/** Takes the records of the log together. */
export class Replay {
  readonly #keys = new ReplayedKeys();
  /** The highest seq so far. */
  lastSeq = 0;
  records = 0;

  /** Read the next record of `file` and apply it. When it cannot be read, nothing has been applied. */
  unit(file: DataFile, reader: RecordReader): UnitResult {
    const start = reader.offset;
    const record = reader.next();
    if (typeof record === 'string') return record;
    assertKnown(record, file, start);
    this.apply(record, { fileId: file.id, recordOffset: start, recordSize: record.size });
    return 'applied';
  }

  /** Take one record's change into account. */
  apply(record: LogRecord, location: Location): void {
    this.records++;
    if (record.seq > this.lastSeq) this.lastSeq = record.seq;
    if (record.kind === KIND_PUT) this.#keys.put(entryOf(record, location));
    else this.#keys.delete(toKeyString(record.key), record.seq);
  }

  /** Everything has been read: the keydir. */
  finish(): Keydir {
    return this.#keys.finish();
  }
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
  const isKnown = record.kind <= KIND_TOMBSTONE && !record.batch;
  if (!isKnown) throw newerFormat(file.id, offset);
}
