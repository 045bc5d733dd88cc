// superseded later: the whole file
/**
 * Log: the data files as one long sequence of records. New records wait in a buffer, go to the end of the active file in
 * one write, and can be read from either place.
 *
 * Invariants: (1) seqs rise along the log;
 *             (2) a failed write changes nothing: the file is cut back, the buffer keeps its bytes;
 *             (3) what is pending all goes to one file, at offsets known when it was encoded;
 *             (4) only whole units are written.
 * Left out: when to write and when to sync (commit.ts, log-writer.ts), and what the records mean (space-records.ts, replay.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { DataFiles } from '../disk/data-files.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { toEngineError } from '../disk/io-error.ts';
import type { Manifest } from '../disk/manifest.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { AppendBuffer } from '../format/append-buffer.ts';
import { MAX_BATCH_END_SIZE } from '../format/batch-end.ts';
import { decodeRecord, type LogRecord, MAX_HEADER_SIZE, type RecordFields } from '../format/record.ts';

/** Where a record lies, or will. */
export interface Location {
  readonly fileId: FileId;
  /** Where the record begins in its file. */
  readonly recordOffset: number;
  readonly recordSize: number;
}

/** What a record says, without its place in history. */
export type Change = Omit<RecordFields, 'seq' | 'batch' | 'syncedTo'>;

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
  readonly #buffer = new AppendBuffer();

  /** The newest seq given away. */
  #lastSeq: number;
  /** The seq of the newest record. */
  position: number;
  /** The newest record that the operating system has. */
  writtenSeq: number;
  /** The newest record that is on the disk, with all before it. */
  syncedSeq: number;
  /** The file that pending records go to. */
  #target: DataFile | undefined;

  /** `manifest` is that of a database in which every file is sealed, as recovery leaves it. */
  constructor(directory: string, manifest: Manifest, { fs, maxDataFileSize }: LogOptions) {
    this.directory = directory;
    this.manifest = manifest;
    this.#lastSeq = manifest.lastSeq;
    this.position = manifest.syncedTo;
    this.writtenSeq = manifest.syncedTo;
    this.syncedSeq = manifest.syncedTo;
    this.files = new DataFiles(fs, directory, manifest, maxDataFileSize, () => {
      manifest.lastSeq = this.#lastSeq;
      manifest.syncedTo = this.syncedSeq;
    });
  }

  /** The file that the record added last lies in. */
  get activeId(): FileId {
    return this.#target!.id;
  }

  get pendingSize(): number {
    return this.#buffer.size;
  }

  /** Whether a unit has begun and not ended. */
  get isUnitOpen(): boolean {
    return this.#buffer.isUnitOpen;
  }

  // --------------------------------------------------------------------------------------------------- adding records

  /** The seq that the next record will have. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** Have the next record go to a new file. Only while nothing is pending. */
  beginFile(): void {
    this.files.beginFile(this.position);
  }

  /** Begin a unit: one record, or several that count all or none. */
  beginUnit(): void {
    if (this.#buffer.size === 0) {
      this.#target = this.files.ensureActive(this.position);
      this.#buffer.aim(this.#target.salt, this.#target.size);
    }
    this.#buffer.beginUnit();
  }

  /** Have room for this many records with so many bytes of keys and values. @throws {EngineError} `VALUE_TOO_LARGE`. */
  reserve(count: number, size: number): void {
    this.#buffer.reserve(count * MAX_HEADER_SIZE + size + MAX_BATCH_END_SIZE);
  }

  /** Add a record to the open unit; returns where it will lie. Its seq is `position` then. */
  add(change: Change): Location {
    const seq = this.nextSeq;
    const syncedTo = this.#buffer.size === 0 ? this.syncedSeq : 0; // The first record of an append says it for all.
    const start = this.#buffer.add({ ...change, seq, syncedTo });
    this.#lastSeq = seq;
    this.position = seq;
    const recordOffset = this.#target!.size + start;
    return { fileId: this.activeId, recordOffset, recordSize: this.#buffer.size - start };
  }

  endUnit(): void {
    this.#buffer.endUnit(this.position);
  }

  /** Forget the pending bytes from `size` on; the newest record is then the one with seq `position`. */
  cutPending(size: number, position: number): void {
    this.#buffer.cutTo(size);
    this.position = position;
  }

  // -------------------------------------------------------------------------------------------------- write and sync

  /**
   * End the open unit, and hand all pending bytes to the operating system, in one write.
   * When that fails, the file is cut back to where it was and the bytes stay pending.
   * @throws {EngineError} `POISONED` when the file could not be cut back; else the error of the write.
   */
  flush(): void {
    const buffer = this.#buffer;
    buffer.endUnit(this.position);
    if (buffer.size === 0) return;
    try {
      this.files.append(buffer.bytes, buffer.size, this.position);
    } catch (error) {
      this.#cutBack(this.#target!);
      throw error;
    }
    this.writtenSeq = this.position;
    buffer.cutTo(0);
  }

  #cutBack(file: DataFile): void {
    try {
      file.cutBack();
    } catch (cause) {
      throw new EngineError('POISONED', `${file.name} could not be cut back after a failed write`, { cause });
    }
  }

  /** Return when everything written is on the disk. */
  sync(): void {
    this.files.sync();
    this.syncedSeq = this.writtenSeq;
  }

  /** The same without holding up the program; resolves to the seq of the newest record written before this call. */
  async syncLater(): Promise<number> {
    const target = this.writtenSeq;
    await this.files.syncLater();
    return target;
  }

  // -------------------------------------------------------------------------------------------------- reading values

  /** Whether the record at this location has not been written to its file yet. */
  isPending({ fileId, recordOffset }: Location): boolean {
    const target = this.#target;
    return target !== undefined && fileId === target.id && recordOffset >= target.size;
  }

  /** The record at this location, written or pending. @throws {CorruptionError} when its bytes are not what was put there. */
  read(location: Location): LogRecord {
    const { fileId, recordOffset, recordSize } = location;
    try {
      const file = this.files.get(fileId);
      const pending = recordOffset - file.size;
      const bytes = this.isPending(location)
        ? Buffer.from(this.#buffer.bytes.subarray(pending, pending + recordSize))
        : file.read(recordOffset, recordSize);
      const record = decodeRecord(bytes, 0, file.salt, recordOffset);
      if (typeof record === 'object') return record;
      throw new CorruptionError(file.name, recordOffset, `the record is ${record}`);
    } catch (error) {
      throw toEngineError(error, `read ${dataFileName(fileId)} at offset ${recordOffset}`);
    }
  }
}
