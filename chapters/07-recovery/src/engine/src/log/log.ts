// superseded later: the whole file
/**
 * Log: the data files as one long sequence of records. A record goes to the end of the active file in one write, and can
 * be read again from the place where it lies.
 *
 * Invariants: (1) seqs rise along the log;
 *             (2) a record lies in one file, whole;
 *             (3) a failed write changes nothing: the file is cut back to where it was.
 * Left out: what the records mean (database.ts, replay.ts), and what to do after a sync that failed.
 */

import { DataFiles } from '../disk/data-files.ts';
import type { FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { Manifest } from '../disk/manifest.ts';
import { CorruptionError } from '../errors.ts';
import { decodeRecord, encodeRecord, type LogRecord, type RecordFields } from '../format/record.ts';

/** Where a record lies. */
export interface Location {
  readonly fileId: FileId;
  /** Where the record begins in its file. */
  readonly recordOffset: number;
  readonly recordSize: number;
}

/** What {@link Log} needs to know when it begins. */
export interface LogOptions {
  readonly fs: FileSystem;
  readonly maxDataFileSize: number;
}

/** The log of one open database. */
export class Log {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly files: DataFiles;

  /** The newest seq given away. */
  #lastSeq: number;
  /** The seq of the newest record. */
  position: number;
  /** The newest record that is on the disk, with all before it. */
  syncedSeq: number;

  /** `manifest` is that of a database in which every file is sealed, as recovery leaves it. */
  constructor(directory: string, manifest: Manifest, { fs, maxDataFileSize }: LogOptions) {
    this.directory = directory;
    this.manifest = manifest;
    this.#lastSeq = manifest.lastSeq;
    this.position = manifest.syncedTo;
    this.syncedSeq = manifest.syncedTo;
    this.files = new DataFiles(fs, directory, manifest, maxDataFileSize, () => {
      manifest.lastSeq = this.#lastSeq;
      manifest.syncedTo = this.syncedSeq;
    });
  }

  /** The seq that the next record will have. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** The record at this location. @throws {CorruptionError} when the bytes there are not the record that was written. */
  read({ fileId, recordOffset, recordSize }: Location): LogRecord {
    const file = this.files.get(fileId);
    const bytes = file.read(recordOffset, recordSize);
    const record = decodeRecord(bytes, 0, file.salt, recordOffset);
    if (typeof record === 'string') throw new CorruptionError(file.name, recordOffset, `the record is ${record}`);
    return record;
  }

  /** Write a record at the end of the log, in one write; returns where it lies. When it throws, nothing was written. */
  append(fields: RecordFields): Location {
    if (this.files.isFull) this.seal();
    const file = this.files.ensureActive(this.position);
    const recordOffset = file.size;
    const record = encodeRecord({ ...fields, syncedTo: this.syncedSeq }, file.salt, recordOffset);
    try {
      this.files.append(record, record.length, fields.seq);
    } catch (error) {
      file.cutBack();
      throw error;
    }
    this.#lastSeq = fields.seq;
    this.position = fields.seq;
    return { fileId: file.id, recordOffset, recordSize: record.length };
  }

  /** Return when everything written is on the disk. */
  sync(): void {
    this.files.sync();
    this.syncedSeq = this.position;
  }

  /** Have the active file on the disk, and never write to it again. */
  seal(): void {
    this.sync();
    this.files.seal();
  }

  /** Seal the active file, and let go of all files. No calls after this one. */
  close(): void {
    try {
      this.seal();
    } finally {
      this.files.close();
    }
  }
}
