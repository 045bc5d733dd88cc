// superseded later: imports, Recovered, applyPut, replay, recover
/**
 * Recovery: from the files in a directory to a keydir that knows every key. Each data file is read from its first record
 * to its last.
 *
 * Invariants: (1) of all records of a key the one with the highest seq wins, in whatever order the files are read;
 *             (2) recovery writes nothing.
 * Left out: a file that ends in the middle of a record is refused, and every file is read whole.
 */

import { DataFile } from '../disk/data-file.ts';
import { type FileId, parseDataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { asBuffer } from '../format/bytes.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { decodeRecord, KIND_PUT, type LogRecord, type RecordFields } from '../format/record.ts';
import { type Entry, type Keydir, toKeyString } from '../keydir/keydir.ts';
import { MapKeydir } from '../keydir/map-keydir.ts';
import type { Location } from '../log/log.ts';
import type { ResolvedOptions } from '../options.ts';

/** What the data files of a directory say. */
export interface Recovered {
  /** Every data file, open for reading. */
  readonly files: Map<FileId, DataFile>;
  readonly keydir: Keydir;
  /** The highest seq in any record; 0 when there is none. */
  readonly lastSeq: number;
}

/** Let the keydir point at this record, unless it knows a newer one of the same key. */
function applyPut(record: LogRecord, location: Location, keydir: Keydir): void {
  const entry = entryOf(record, location);
  const older = keydir.get(entry.key);
  if (older === undefined || older.seq < entry.seq) keydir.put(entry);
}

/** Bring every record of this file into the keydir; returns the highest seq among them. */
function replay(file: DataFile, keydir: Keydir): number {
  const bytes = file.read(0, file.size);
  let lastSeq = 0;
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(file.name, offset, `the record is ${record}`);
    if (record.kind !== KIND_PUT) throw newerFormat(file, offset);
    applyPut(record, { fileId: file.id, recordOffset: offset, recordSize: record.size }, keydir);
    lastSeq = Math.max(lastSeq, record.seq);
    offset += record.size;
  }
  return lastSeq;
}

/** Find out what `directory` holds. @throws {CorruptionError} at the first byte that is not what was written. */
export function recover(directory: string, { fs }: ResolvedOptions): Recovered {
  const files = new Map<FileId, DataFile>();
  const keydir = new MapKeydir();
  let lastSeq = 0;
  try {
    for (const id of dataFileIds(fs, directory)) {
      const file = DataFile.open(fs, directory, id);
      files.set(id, file);
      lastSeq = Math.max(lastSeq, replay(file, keydir));
    }
    return { files, keydir, lastSeq };
  } catch (error) {
    for (const file of files.values()) file.close();
    throw error;
  }
}
