// superseded later: the whole file
/**
 * Recovery: from the files in a directory to a keydir that knows every key. Each data file is read from its first record
 * to its last.
 *
 * Invariants: (1) of all records of a key, puts and tombstones, the one with the highest seq wins, in whatever order the
 *                 files are read;
 *             (2) recovery writes nothing.
 * Left out: a file that ends in the middle of a record is refused, and every file is read whole.
 */

import { DataFile } from '../disk/data-file.ts';
import { type FileId, parseDataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { asBuffer } from '../format/bytes.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { decodeRecord, KIND_PUT, KIND_TOMBSTONE, type LogRecord, type RecordFields } from '../format/record.ts';
import { type Entry, type Keydir, type KeyString, toKeyString } from '../keydir/keydir.ts';
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

/** What has been read so far. A key stands in one of the two or in none, with the highest seq of its records. */
interface Findings {
  /** The keys whose newest record is a put. */
  readonly keydir: Keydir;
  /** The keys whose newest record is a tombstone, and its seq: an older put of such a key may still be read. */
  readonly graves: Map<KeyString, number>;
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

/** The highest seq among the records of this key that have been read; 0 when there was none. */
function newestSeq(key: KeyString, { keydir, graves }: Findings): number {
  return keydir.get(key)?.seq ?? graves.get(key) ?? 0;
}

/** Let the keydir point at this record, unless something newer is known of its key. */
function applyPut(record: LogRecord, location: Location, found: Findings): void {
  const entry = entryOf(record, location);
  if (entry.seq < newestSeq(entry.key, found)) return;
  found.keydir.put(entry);
  found.graves.delete(entry.key);
}

/** Let the key be gone, unless something newer is known of it. */
function applyTombstone(record: LogRecord, found: Findings): void {
  const key = toKeyString(record.key);
  if (record.seq < newestSeq(key, found)) return;
  found.keydir.delete(key);
  found.graves.set(key, record.seq);
}

/** A whole record that we do not know what to do with was written by a newer program. */
function newerFormat(file: DataFile, offset: number): EngineError {
  const where = `${file.name} at offset ${offset}`;
  return new EngineError('NEWER_FORMAT', `${where} holds a record of a newer format: use a newer program`);
}

/** Apply every record of this file; returns the highest seq among them. */
function replay(file: DataFile, found: Findings): number {
  const bytes = file.read(0, file.size);
  let lastSeq = 0;
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(file.name, offset, `the record is ${record}`);
    const location = { fileId: file.id, recordOffset: offset, recordSize: record.size };
    if (record.kind === KIND_PUT) applyPut(record, location, found);
    else if (record.kind === KIND_TOMBSTONE) applyTombstone(record, found);
    else throw newerFormat(file, offset);
    lastSeq = Math.max(lastSeq, record.seq);
    offset += record.size;
  }
  return lastSeq;
}

/** The numbers of the data files in a directory, in no order. */
export function dataFileIds(fs: FileSystem, directory: string): FileId[] {
  return fs
    .list(directory)
    .map(parseDataFileName)
    .filter(id => id !== undefined);
}

/** Find out what `directory` holds. @throws {CorruptionError} at the first byte that is not what was written. */
export function recover(directory: string, { fs }: ResolvedOptions): Recovered {
  const files = new Map<FileId, DataFile>();
  const found: Findings = { keydir: new MapKeydir(), graves: new Map() };
  let lastSeq = 0;
  try {
    for (const id of dataFileIds(fs, directory)) {
      const file = DataFile.open(fs, directory, id);
      files.set(id, file);
      lastSeq = Math.max(lastSeq, replay(file, found));
    }
    return { files, keydir: found.keydir, lastSeq }; // Everything has been read: the graves are not needed any more.
  } catch (error) {
    for (const file of files.values()) file.close();
    throw error;
  }
}
