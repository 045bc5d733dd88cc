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
import { RecordCache } from '../disk/record-cache.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { AppendBuffer } from '../format/append-buffer.ts';
import { MAX_BATCH_END_SIZE } from '../format/batch-end.ts';
import { isSealed, MAX_HEADER_SIZE, type RecordHeader } from '../format/record.ts';
import type { Entry } from '../keydir/keydir.ts';

/** Records up to this size, in bytes, are read into memory that is used again and again. */
const SCRATCH_SIZE = 64 * 1024;

/** Where a value lies in memory. It belongs to the log, and is overwritten by the next call into it. */
export interface ValueView {
  buffer: Buffer;
  start: number;
  end: number;
}

/** What a {@link Log} needs to know when it begins. */
export interface LogOptions {
  readonly fs: FileSystem;
  readonly maxDataFileSize: number;
  readonly cacheBytes: number;
}

/** The log of one open database. */
export class Log {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly files: DataFiles;
  readonly cache: RecordCache;
  readonly #buffer = new AppendBuffer();
  readonly #header: RecordHeader = plainHeader();
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
  readonly #view: ValueView = { buffer: Buffer.alloc(0), start: 0, end: 0 };

  /** The newest seq given away, to a record or to a caller. */
  #lastSeq: number;
  /** The seq of the newest record. */
  position: number;
  /** The newest record that the operating system has. */
  writtenSeq: number;
  /** The newest record that is on the disk, with all before it. */
  syncedSeq: number;
  /** The file that pending records go to. */
  #target: DataFile | undefined;
  /** Where the record added last lies in that file. */
  lastOffset = 0;
  lastSize = 0;

  /** `manifest` is that of a database in which every file is sealed, as recovery leaves it. */
  constructor(directory: string, manifest: Manifest, { fs, maxDataFileSize, cacheBytes }: LogOptions) {
    this.directory = directory;
    this.manifest = manifest;
    this.cache = new RecordCache(cacheBytes);
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

  /** A seq that no record has and none will have. */
  reserveSeq(): number {
    // Once a growing file is listed, the next open that follows no clean close leaves a gap in the seqs.
    if (this.files.active === undefined) this.files.ensureActive(this.position);
    return ++this.#lastSeq;
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

  /** Add a record to the open unit; returns its seq. Where it lies is in `activeId`, `lastOffset` and `lastSize`. */
  add(
    kind: number,
    space: number,
    tag: number,
    expiresAtMs: number,
    orderKey: Uint8Array | undefined,
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
  ): number {
    const header = this.#header;
    header.kind = kind;
    header.seq = this.#lastSeq + 1;
    header.space = space;
    header.tag = tag;
    header.expiresAtMs = expiresAtMs;
    header.orderKey = orderKey;
    header.syncedTo = this.#buffer.size === 0 ? this.syncedSeq : 0;
    const start = this.#buffer.add(header, key, keyStart, keyEnd, value, valueStart, valueEnd);
    this.lastOffset = this.#target!.size + start;
    this.lastSize = this.#buffer.size - start;
    this.#lastSeq = header.seq;
    this.position = header.seq;
    return header.seq;
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

  /** Whether the record of this entry has not been written to its file yet. */
  isPending({ fileId, recordOffset }: Entry): boolean {
    const target = this.#target;
    return target !== undefined && fileId === target.id && recordOffset >= target.size;
  }

  /** The value of this entry, in memory of the log. @throws {CorruptionError} when its record does not check out. */
  view(entry: Entry): ValueView {
    if (this.isPending(entry)) {
      const recordEnd = entry.recordOffset - this.#target!.size + entry.recordSize;
      return this.#viewOf(this.#buffer.bytes, recordEnd - entry.valueSize, recordEnd);
    }
    const { fileId, recordOffset, valueSize } = entry;
    if (!this.cache.find(fileId, recordOffset, valueSize)) return this.#readFromFile(entry);
    return this.#viewOf(this.cache.bytes, this.cache.start, this.cache.start + valueSize);
  }

  #readFromFile(entry: Entry): ValueView {
    const { fileId, recordOffset, recordSize, valueSize } = entry;
    const bytes = recordSize <= SCRATCH_SIZE ? this.#scratch : Buffer.allocUnsafeSlow(recordSize);
    this.#readRecord(entry, bytes);
    this.cache.add(fileId, recordOffset, bytes, recordSize - valueSize, recordSize);
    return this.#viewOf(bytes, recordSize - valueSize, recordSize);
  }

  #readRecord({ fileId, recordOffset, recordSize }: Entry, target: Buffer): void {
    try {
      const file = this.files.get(fileId);
      file.readInto(target, 0, recordOffset, recordSize);
      if (isSealed(target, 0, recordSize, file.salt, recordOffset)) return;
      throw new CorruptionError(file.name, recordOffset, 'the record does not match its checksum');
    } catch (error) {
      throw toEngineError(error, `read ${dataFileName(fileId)} at offset ${recordOffset}`);
    }
  }

  #viewOf(buffer: Buffer, start: number, end: number): ValueView {
    const view = this.#view;
    view.buffer = buffer;
    view.start = start;
    view.end = end;
    return view;
  }
}

function plainHeader(): RecordHeader {
  return { kind: 0, seq: 0, space: 0, tag: 0, batch: false, expiresAtMs: 0, orderKey: undefined, syncedTo: 0 };
}
