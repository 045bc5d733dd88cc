// superseded later: imports, Change, Replay.apply, toChange, assertKnown
/**
 * Replay: the records of the log, taken together to the state they lead to. They are read unit by unit: a unit is a plain
 * record, or the records of a batch up to its end.
 *
 * Invariants: (1) of a batch nothing is applied before its end has been read and matches;
 *             (2) the outcome does not depend on the order in which files are read (replayed-keys.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { RecordReader } from '../disk/record-reader.ts';
import { EngineError } from '../errors.ts';
import { readBatchEnd } from '../format/batch-end.ts';
import { asBuffer } from '../format/bytes.ts';
import {
  crcStart,
  KIND_BATCH_END,
  KIND_PUT,
  KIND_TOMBSTONE,
  type LogRecord,
  type RecordFields,
} from '../format/record.ts';
import { type Entry, type Keydir, toKeyString } from '../keydir/keydir.ts';
import type { Location } from '../log/log.ts';
import { ReplayedKeys } from './replayed-keys.ts';

/** What recovery needs of one record. */
export interface Change {
  readonly kind: number;
  readonly entry: Entry;
}
class Replay {

  /** Take one record's change into account. */
  apply({ kind, entry }: Change): void {
    this.records++;
    if (entry.seq > this.lastSeq) this.lastSeq = entry.seq;
    if (kind === KIND_PUT) this.#keys.put(entry);
    else this.#keys.delete(entry.key, entry.seq);
  }
}

function toChange(record: LogRecord, file: DataFile, recordOffset: number): Change {
  const location = { fileId: file.id, recordOffset, recordSize: record.size };
  return { kind: record.kind, entry: entryOf(record, location) };
}

/** A whole record that we do not know what to do with was written by a newer program. */
export function assertKnown(record: LogRecord, file: DataFile, offset: number): void {
  const isKnown = record.kind <= KIND_TOMBSTONE || record.kind === KIND_BATCH_END;
  if (!isKnown) throw newerFormat(file.id, offset);
}
