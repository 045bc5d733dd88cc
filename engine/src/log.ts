/**
 * Log: the data files as one long sequence of records. New records wait in a buffer, go to the end of the active file in
 * one write, and can be read from either place.
 *
 * Invariants: (1) seqs rise along the log;
 *             (2) nothing is written to a file before the manifest lists it, and to none but the active file;
 *             (3) a failed write changes nothing: the file is cut back, the buffer keeps its bytes;
 *             (4) files are sealed in the order of their ids, each after a sync that covers all of it.
 * Left out: when to write and when to sync (commit.ts), and what the records mean (space.ts, recovery.ts).
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DataFile } from './disk/data-file.ts';
import { dataFileName, type FileId, MAX_FILE_ID } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import { toEngineError } from './disk/io-error.ts';
import { commitManifest, type LiveFile, type Manifest } from './disk/manifest.ts';
import { RecordCache } from './disk/record-cache.ts';
import { CorruptionError, EngineError } from './errors.ts';
import { AppendBuffer } from './format/append-buffer.ts';
import { FILE_HEADER_SIZE } from './format/file-header.ts';
import { isSealed, type RecordHeader } from './format/record.ts';
import type { Entry } from './keydir/keydir.ts';

/** The most data files kept open for reading; beyond it the one opened first is closed. */
const MAX_OPEN_FILES = 256;

/** Records up to this size are read into memory that is used again and again. */
const SCRATCH_SIZE = 64 * 1024;

/** Permissions of a file that is sealed: everyone may read it, nobody may write. */
const READ_ONLY = 0o444;

/** A file that still grows, or waits to be synced and sealed. */
interface UnsealedFile {
  readonly file: DataFile;
  readonly live: LiveFile;
  /** Up to here the file is on the disk. */
  syncedSize: number;
}

/** Where a value lies in memory; belongs to the log, and is overwritten by the next call into it. */
export interface ValueView {
  buffer: Buffer;
  start: number;
  end: number;
}

/** What {@link Log} needs to know when it begins. */
export interface LogOptions {
  readonly fs: FileSystem;
  readonly maxDataFileSize: number;
  readonly cacheBytes: number;
}

export class Log {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly cache: RecordCache;
  readonly #fs: FileSystem;
  readonly #maxDataFileSize: number;

  /** Oldest first; the last one is the active file. */
  readonly #unsealed: UnsealedFile[] = [];
  readonly #openFiles = new Map<FileId, DataFile>();
  #active: UnsealedFile | undefined;
  /** The size of the active file at which a new one is tried for; more than the option says after a failed try. */
  #rotateAt = 0;

  readonly #buffer = new AppendBuffer();
  readonly #header: RecordHeader = {
    kind: 0,
    seq: 0,
    space: 0,
    tag: 0,
    batch: false,
    expiresAtMs: 0,
    orderKey: undefined,
    syncedTo: 0,
  };
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
  readonly #view: ValueView = { buffer: Buffer.alloc(0), start: 0, end: 0 };

  #lastSeq: number;
  /** The seq of the newest record. */
  position: number;
  /** The newest record that the operating system has. */
  writtenSeq: number;
  /** The newest record that is on the disk, with all before it. */
  syncedSeq: number;
  /** Where the record added last lies. */
  lastOffset = 0;
  lastSize = 0;

  constructor(directory: string, manifest: Manifest, options: LogOptions) {
    this.directory = directory;
    this.manifest = manifest;
    this.cache = new RecordCache(options.cacheBytes);
    this.#fs = options.fs;
    this.#maxDataFileSize = options.maxDataFileSize;
    this.#lastSeq = manifest.lastSeq;
    this.position = manifest.syncedTo;
    this.writtenSeq = manifest.syncedTo;
    this.syncedSeq = manifest.syncedTo;
  }

  /** The file that new records go to. Only after a unit was begun. */
  get activeId(): FileId {
    return this.#active!.file.id;
  }

  get pendingSize(): number {
    return this.#buffer.size;
  }

  /** Bytes of all data files. */
  get totalSize(): number {
    const sealed = this.manifest.files.reduce((sum, file) => sum + (file.sealedSize ?? 0), 0);
    return this.#unsealed.reduce((sum, { file }) => sum + file.size, sealed) + this.#buffer.size;
  }

  /** The seq that the next record will have. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** A seq that no record has and none will have. */
  reserveSeq(): number {
    // Once a growing file is listed, the next open that follows no clean close leaves a gap in the seqs.
    if (this.#active === undefined) this.#ensureActive();
    return ++this.#lastSeq;
  }

  // ------------------------------------------------------------------------------------------------ adding records

  /** Begin a unit: one record, or several that count all or none. */
  beginUnit(): void {
    if (this.#buffer.size === 0) {
      this.#ensureActive();
      this.#buffer.aim(this.#active!.file.salt, this.#active!.file.size);
    }
    this.#buffer.beginUnit();
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
    this.lastOffset = this.#active!.file.size + start;
    this.lastSize = this.#buffer.size - start;
    this.#lastSeq = header.seq;
    this.position = header.seq;
    return header.seq;
  }

  endUnit(): void {
    this.#buffer.endUnit(this.position);
  }

  /** Forget the pending bytes from `size` on; the newest record is then the one with this seq. */
  cutPending(size: number, position: number): void {
    this.#buffer.cutTo(size);
    this.position = position;
  }

  /**
   * Hand all pending bytes to the operating system, in one write.
   * When that fails, the file is cut back to where it was and the bytes stay pending.
   * @throws {EngineError} `POISONED` when the file could not be cut back; else the error of the write.
   */
  flush(): void {
    const buffer = this.#buffer;
    if (buffer.size === 0) return;
    const { file, live } = this.#active!;
    try {
      file.append(buffer.bytes, 0, buffer.size);
    } catch (error) {
      this.#cutBack(file);
      throw error;
    }
    live.maxSeq = this.position;
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

  // ------------------------------------------------------------------------------------------------- reading values

  /** The value of this entry, in memory of the log. @throws {CorruptionError} when its record does not check out. */
  view(entry: Entry): ValueView {
    const active = this.#active?.file;
    if (active !== undefined && entry.fileId === active.id && entry.recordOffset >= active.size) {
      const start = entry.recordOffset - active.size;
      return this.#viewOf(this.#buffer.bytes, start + entry.recordSize - entry.valueSize, entry.valueSize);
    }
    const cached = this.cache.get(entry);
    if (cached !== undefined) return this.#viewOf(cached.chunk.bytes, cached.start, entry.valueSize);
    return this.#readFromFile(entry);
  }

  #readFromFile(entry: Entry): ValueView {
    const { recordSize, valueSize } = entry;
    const bytes = recordSize <= SCRATCH_SIZE ? this.#scratch : Buffer.allocUnsafeSlow(recordSize);
    this.#readRecord(entry, bytes);
    this.cache.add(entry, bytes, recordSize - valueSize, recordSize);
    return this.#viewOf(bytes, recordSize - valueSize, valueSize);
  }

  #readRecord({ fileId, recordOffset, recordSize }: Entry, target: Buffer): void {
    try {
      const file = this.#fileOf(fileId);
      file.readInto(target, 0, recordOffset, recordSize);
      if (isSealed(target, 0, recordSize, file.salt, recordOffset)) return;
      throw new CorruptionError(file.name, recordOffset, 'the record does not match its checksum');
    } catch (error) {
      throw toEngineError(error, `read ${dataFileName(fileId)} at offset ${recordOffset}`);
    }
  }

  #viewOf(buffer: Buffer, start: number, size: number): ValueView {
    const view = this.#view;
    view.buffer = buffer;
    view.start = start;
    view.end = start + size;
    return view;
  }

  #fileOf(id: FileId): DataFile {
    const open = this.#openFiles.get(id);
    if (open !== undefined) return open;
    const file = DataFile.open(this.#fs, this.directory, id);
    this.#keepOpen(file);
    return file;
  }

  #keepOpen(file: DataFile): void {
    if (this.#openFiles.size >= MAX_OPEN_FILES) this.#closeOldestFile();
    this.#openFiles.set(file.id, file);
  }

  /** Files that are not sealed yet stay: they may be under a sync. */
  #closeOldestFile(): void {
    for (const [id, file] of this.#openFiles) {
      if (this.#unsealed.some(unsealed => unsealed.file === file)) continue; // A handful at most.
      this.#openFiles.delete(id);
      file.close();
      return;
    }
  }

  // ------------------------------------------------------------------------------------------------------- rotation

  /** Make sure there is an active file, and a new one when the old one is full. */
  #ensureActive(): void {
    const active = this.#active;
    if (active !== undefined && active.file.size < this.#rotateAt) return;
    try {
      this.#active = this.#createFile();
      this.#rotateAt = Math.max(this.#maxDataFileSize, FILE_HEADER_SIZE + 1);
    } catch (error) {
      if (active === undefined) throw error;
      this.#rotateAt += this.#maxDataFileSize / 16; // The limit is soft: go on in the old file, and try again later.
    }
  }

  #createFile(): UnsealedFile {
    const id = this.manifest.nextFileId as FileId;
    if (id > MAX_FILE_ID) throw new EngineError('UNSUPPORTED', 'the database has used up all numbers for data files');
    this.manifest.nextFileId++; // Whatever happens now, this number is not tried again.
    const file = DataFile.create(this.#fs, this.directory, id, randomBytes(4).readUInt32LE());
    const live: LiveFile = { id, salt: file.salt, sealedSize: null, minSeq: this.position + 1, maxSeq: 0 };
    this.manifest.files.push(live);
    try {
      this.#commitManifest();
    } catch (error) {
      this.manifest.files.pop();
      file.close(); // The file stays: whether the manifest on the disk lists it is not known.
      throw error;
    }
    const unsealed = { file, live, syncedSize: 0 };
    this.#unsealed.push(unsealed);
    this.#keepOpen(file);
    return unsealed;
  }

  #commitManifest(): void {
    this.manifest.lastSeq = this.#lastSeq;
    this.manifest.syncedTo = this.syncedSeq;
    commitManifest(this.#fs, this.directory, this.manifest);
  }

  // ---------------------------------------------------------------------------------------------- syncing, sealing

  /** Whether a file waits to be synced and sealed although it is not written to any more. */
  get hasRetired(): boolean {
    return this.#unsealed.length > 1;
  }

  /** Return when everything written is on the disk. */
  sync(): void {
    const target = this.writtenSeq;
    for (const unsealed of this.#unsealed) {
      if (unsealed.syncedSize === unsealed.file.size) continue;
      unsealed.file.sync();
      unsealed.syncedSize = unsealed.file.size;
    }
    this.syncedSeq = target;
  }

  /** The same without holding up the program: everything written before this call. */
  async syncLater(): Promise<void> {
    const target = this.writtenSeq;
    const behind = this.#unsealed.filter(unsealed => unsealed.syncedSize < unsealed.file.size);
    const sizes = behind.map(unsealed => unsealed.file.size);
    await Promise.all(behind.map(unsealed => unsealed.file.syncLater()));
    for (const [i, unsealed] of behind.entries()) unsealed.syncedSize = Math.max(unsealed.syncedSize, sizes[i]!);
    this.syncedSeq = Math.max(this.syncedSeq, target);
  }

  /** Seal the files that are not written to any more and are on the disk whole. */
  sealRetired(): void {
    this.#seal(this.#unsealed.length - 1);
  }

  /** After the last write and sync: seal every file, the active one too. */
  sealAll(): void {
    this.#seal(this.#unsealed.length);
  }

  closeFiles(): void {
    for (const file of this.#openFiles.values()) file.close();
    this.#openFiles.clear();
  }

  /** Seal the oldest files, at most `count`, and have the manifest say so. */
  #seal(count: number): void {
    const sealed: UnsealedFile[] = [];
    for (const unsealed of this.#unsealed.slice(0, count)) {
      if (unsealed.syncedSize < unsealed.file.size) break;
      sealed.push(unsealed);
    }
    if (sealed.length === 0) return;
    for (const { live, file } of sealed) live.sealedSize = file.size;
    try {
      this.#commitManifest();
    } catch (error) {
      for (const { live } of sealed) live.sealedSize = null;
      throw error;
    }
    this.#unsealed.splice(0, sealed.length);
    for (const { file } of sealed) makeReadOnly(this.#fs, this.directory, file.id);
  }
}

/** Guard a sealed file against other programs. Nothing depends on it, so a file system without modes is no error. */
export function makeReadOnly(fs: FileSystem, directory: string, id: FileId): void {
  try {
    fs.changeMode(join(directory, dataFileName(id)), READ_ONLY);
  } catch {}
}
