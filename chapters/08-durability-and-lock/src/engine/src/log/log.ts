// superseded later: imports, Change, Log, Log.beginUnit, Log.add, Log.flush, Log.isPending
/**
 * Log: the data files as one long sequence of records. New records wait in a buffer, go to the end of the active file in
 * one write, and can be read from either place.
 *
 * Invariants: (1) seqs rise along the log;
 *             (2) a failed write changes nothing: the file is cut back, the buffer keeps its bytes;
 *             (3) what is pending all goes to one file, at offsets known when it was encoded.
 * Left out: when to write and when to sync (commit.ts, log-writer.ts), and what the records mean (database.ts, replay.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { DataFiles } from '../disk/data-files.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { toEngineError } from '../disk/io-error.ts';
import type { Manifest } from '../disk/manifest.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { AppendBuffer } from '../format/append-buffer.ts';
import { decodeRecord, encodeRecord, type LogRecord, type RecordFields } from '../format/record.ts';

/** What a record says, without its place in history. */
export type Change = Pick<RecordFields, 'kind' | 'key' | 'value'>;

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

  // --------------------------------------------------------------------------------------------------- adding records

  /** Begin a change: from here on it is known in which file, and at which offset, its record will lie. */
  beginUnit(): void {
    if (this.#buffer.size === 0) this.#target = this.files.ensureActive(this.position);
  }

  /** Add a record, to be written by `flush`; returns where it will lie. Its seq is `position` then. */
  add(change: Change): Location {
    const file = this.#target!;
    const seq = this.#lastSeq + 1;
    const syncedTo = this.#buffer.size === 0 ? this.syncedSeq : 0; // The first record of an append says it for all.
    const recordOffset = file.size + this.#buffer.size;
    const record = encodeRecord({ ...change, seq, syncedTo }, file.salt, recordOffset);
    this.#buffer.add(record);
    this.#lastSeq = seq;
    this.position = seq;
    return { fileId: file.id, recordOffset, recordSize: record.length };
  }

  // -------------------------------------------------------------------------------------------------- write and sync

  /**
   * Hand all pending bytes to the operating system, in one write.
   * When that fails, the file is cut back to where it was and the bytes stay pending.
   * @throws {EngineError} `POISONED` when the file could not be cut back; else the error of the write.
   */
  flush(): void {
    const buffer = this.#buffer;
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

  // -------------------------------------------------------------------------------------------------- reading values

  /** Whether the record at this location has not been written to its file yet. */
  isPending({ fileId, recordOffset }: Location): boolean {
    const target = this.#target;
    return target !== undefined && fileId === target.id && recordOffset >= target.size;
  }
}
