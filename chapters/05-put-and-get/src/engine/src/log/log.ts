// superseded later: the whole file
/**
 * Log: the data files as one long sequence of records. A record goes to the end of the active file in one write, and can
 * be read again from the place where it lies.
 *
 * Invariants: (1) only the active file is written, and this Log made it: a file that was there before stays as it is;
 *             (2) a record lies in one file, whole;
 *             (3) a failed write changes nothing: the file is cut back to where it was.
 * Left out: what the records mean (database.ts, recovery.ts), and the wait for the disk.
 */

import { randomBytes } from 'node:crypto';
import { DataFile } from '../disk/data-file.ts';
import { type FileId, MAX_FILE_ID } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { CorruptionError, EngineError } from '../errors.ts';
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

/** The data files of a database, and the place where the next record goes. */
export class Log {
  readonly directory: string;
  readonly #fs: FileSystem;
  readonly #maxDataFileSize: number;
  readonly #openFiles: Map<FileId, DataFile>;
  /** The file that new records go to; there is none until the first comes. */
  #active: DataFile | undefined;
  #nextFileId: number;

  constructor(directory: string, files: Map<FileId, DataFile>, options: LogOptions) {
    this.directory = directory;
    this.#fs = options.fs;
    this.#maxDataFileSize = options.maxDataFileSize;
    this.#openFiles = files;
    this.#nextFileId = Math.max(0, ...files.keys()) + 1;
  }

  /** The record at this location. @throws {CorruptionError} when the bytes there are not the record that was written. */
  read({ fileId, recordOffset, recordSize }: Location): LogRecord {
    const file = this.#openFiles.get(fileId)!;
    const bytes = file.read(recordOffset, recordSize);
    const record = decodeRecord(bytes, 0, file.salt, recordOffset);
    if (typeof record === 'string') throw new CorruptionError(file.name, recordOffset, `the record is ${record}`);
    return record;
  }

  /** No calls after this one. */
  close(): void {
    for (const file of this.#openFiles.values()) file.close();
    this.#openFiles.clear();
  }

  #createFile(): DataFile {
    const id = this.#nextFileId as FileId;
    if (id > MAX_FILE_ID) throw new EngineError('UNSUPPORTED', 'the database has used up all numbers for data files');
    const file = DataFile.create(this.#fs, this.directory, id, randomBytes(4).readUInt32LE());
    this.#openFiles.set(id, file);
    this.#nextFileId++;
    return file;
  }

  /** The file for the next record: a new one when there is none, or when the old one is full. */
  #ensureActive(): DataFile {
    if (this.#active === undefined || this.#active.size >= this.#maxDataFileSize) this.#active = this.#createFile();
    return this.#active;
  }

  /** Write a record at the end of the log, in one write; returns where it lies. When it throws, nothing was written. */
  append(fields: RecordFields): Location {
    const file = this.#ensureActive();
    const record = encodeRecord(fields, file.salt, file.size);
    try {
      const recordOffset = file.append(record);
      return { fileId: file.id, recordOffset, recordSize: record.length };
    } catch (error) {
      file.cutBack();
      throw error;
    }
  }
}
