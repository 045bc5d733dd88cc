/**
 * DataFiles: all data files of a database: the active one, which is written to; retired ones, which wait to be synced and
 * sealed; and sealed ones, which are only read.
 *
 * Invariants: (1) no file is written to before the manifest on the disk lists it;
 *             (2) files are sealed in the order of their numbers, each after a sync that covers all of it;
 *             (3) a limited number of files is open at a time.
 * Left out: what is written, and when (log.ts, commit.ts).
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { DataFile } from './data-file.ts';
import { dataFileName, type FileId, MAX_FILE_ID } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { commitManifest, type LiveFile, type Manifest } from './manifest.ts';

/** The most data files kept open; beyond it the one opened first is closed. */
const MAX_OPEN_FILES = 256;

/** Permissions of a file that is sealed: everyone may read it, nobody may write. */
const READ_ONLY = 0o444;

/** A file that still grows, or waits to be synced and sealed. */
interface UnsealedFile {
  readonly file: DataFile;
  readonly live: LiveFile;
  /** Up to here the file is on the disk. */
  syncedSize: number;
}

/** The data files of one open database. */
export class DataFiles {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #manifest: Manifest;
  readonly #maxSize: number;
  /** Brings the seqs in the manifest up to date, before it is written. */
  readonly #stampSeqs: () => void;

  /** Told of files that have been sealed. */
  onSealed: (files: readonly LiveFile[]) => void = () => {};

  /** Oldest first; the last one is the active file. */
  readonly #unsealed: UnsealedFile[] = [];
  readonly #open = new Map<FileId, DataFile>();
  #active: UnsealedFile | undefined;
  /** The size of the active file at which a new one is tried for; above the maximum after a try that failed. */
  #rotateAt = 0;

  constructor(fs: FileSystem, directory: string, manifest: Manifest, maxSize: number, stampSeqs: () => void) {
    this.#fs = fs;
    this.#directory = directory;
    this.#manifest = manifest;
    this.#maxSize = maxSize;
    this.#stampSeqs = stampSeqs;
  }

  /** The file that is written to; undefined until something is. */
  get active(): DataFile | undefined {
    return this.#active?.file;
  }

  /** Bytes of all data files. */
  get totalSize(): number {
    const sealed = this.#manifest.files.reduce((sum, live) => sum + (live.sealedSize ?? 0), 0);
    return this.#unsealed.reduce((sum, { file }) => sum + file.size, sealed);
  }

  /** A data file, for reading. */
  get(id: FileId): DataFile {
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    const file = DataFile.open(this.#fs, this.#directory, id);
    this.#keepOpen(file);
    return file;
  }

  /** Have the next record go to a new file. */
  beginFile(position: number): void {
    if (this.#active === undefined) return; // It will.
    this.#rotateAt = 0;
    this.ensureActive(position);
  }

  /**
   * Make sure there is an active file, and a new one when the old one is full. `position` is the seq of the last record.
   * When no new one can be made the old one grows on: the limit is soft.
   */
  ensureActive(position: number): DataFile {
    const active = this.#active;
    if (active !== undefined && active.file.size < this.#rotateAt) return active.file;
    try {
      this.#active = this.#create(position);
      this.#rotateAt = Math.max(this.#maxSize, FILE_HEADER_SIZE + 1);
    } catch (error) {
      if (active === undefined) throw error;
      this.#rotateAt += this.#maxSize / 16;
    }
    return this.#active!.file;
  }

  #create(position: number): UnsealedFile {
    const id = this.#manifest.nextFileId as FileId;
    if (id > MAX_FILE_ID) throw outOfIds();
    this.#manifest.nextFileId++; // Whatever happens now, this number is not tried again.
    const file = DataFile.create(this.#fs, this.#directory, id, randomBytes(4).readUInt32LE());
    const live: LiveFile = { id, salt: file.salt, sealedSize: null, minSeq: position + 1, maxSeq: 0 };
    this.#manifest.files.push(live);
    try {
      this.#commitManifest();
    } catch (error) {
      this.#manifest.files.pop();
      file.close(); // The file stays: whether the manifest on the disk lists it is not known.
      throw error;
    }
    const unsealed = { file, live, syncedSize: 0 };
    this.#unsealed.push(unsealed);
    this.#keepOpen(file);
    return unsealed;
  }

  /** Append `bytes[0, size)` to the active file; `position` is the seq of the last record in them. */
  append(bytes: Buffer, size: number, position: number): void {
    const { file, live } = this.#active!;
    file.append(bytes, 0, size);
    live.maxSeq = position;
  }

  // ------------------------------------------------------------------------------------------------- sync and seal

  /** Whether a file waits to be synced and sealed although it is not written to any more. */
  get hasRetired(): boolean {
    return this.#unsealed.length > 1;
  }

  /** Return when everything written is on the disk. */
  sync(): void {
    for (const unsealed of this.#unsealed) {
      if (unsealed.syncedSize === unsealed.file.size) continue;
      unsealed.file.sync();
      unsealed.syncedSize = unsealed.file.size;
    }
  }

  /** The same without holding up the program: everything written before this call. */
  async syncLater(): Promise<void> {
    const behind = this.#unsealed.filter(unsealed => unsealed.syncedSize < unsealed.file.size);
    const sizes = behind.map(unsealed => unsealed.file.size);
    await Promise.all(behind.map(unsealed => unsealed.file.syncLater()));
    for (const [i, unsealed] of behind.entries()) unsealed.syncedSize = Math.max(unsealed.syncedSize, sizes[i]!);
  }

  /** Seal the files that are not written to any more, as far as they are on the disk. */
  sealRetired(): void {
    this.#seal(this.#unsealed.length - 1);
  }

  /** After the last write and sync: seal every file, the active one too. */
  sealAll(): void {
    this.#seal(this.#unsealed.length);
  }

  /** Seal the oldest files, at most `count`, and have the manifest say so. */
  #seal(count: number): void {
    const firstBehind = this.#unsealed.findIndex(({ file, syncedSize }) => syncedSize < file.size);
    const sealed = this.#unsealed.slice(0, firstBehind < 0 ? count : Math.min(count, firstBehind));
    if (sealed.length === 0) return;
    for (const { live, file } of sealed) live.sealedSize = file.size;
    try {
      this.#commitManifest();
    } catch (error) {
      for (const { live } of sealed) live.sealedSize = null;
      throw error;
    }
    this.#unsealed.splice(0, sealed.length);
    for (const { file } of sealed) makeReadOnly(this.#fs, this.#directory, file.id);
    this.onSealed(sealed.map(({ live }) => live));
  }

  // ------------------------------------------------------------------------------------------------------ merged files

  /** The files that are on the disk and only read from now on. */
  get sealed(): LiveFile[] {
    return this.#manifest.files.filter(live => live.sealedSize !== null);
  }

  /** Give away so many numbers for new files; returns the first. */
  takeIds(count: number): number {
    const first = this.#manifest.nextFileId;
    if (first + count > MAX_FILE_ID) throw outOfIds();
    this.#manifest.nextFileId += count;
    return first;
  }

  /**
   * From now on the sealed files `made` count, and `replaced` do not. When that cannot be written, both stay: which of them
   * the manifest on the disk lists is not known then, and each of them is enough.
   */
  replace(replaced: readonly LiveFile[], made: readonly LiveFile[]): void {
    const before = this.#manifest.files;
    const sealed = [...this.sealed.filter(live => !replaced.includes(live)), ...made];
    const growing = before.filter(live => live.sealedSize === null);
    this.#manifest.files = [...sealed.sort((a, b) => a.minSeq - b.minSeq), ...growing];
    try {
      this.#commitManifest();
    } catch (error) {
      this.#manifest.files = before;
      throw error;
    }
    for (const { id } of made) makeReadOnly(this.#fs, this.#directory, id);
  }

  /** Nobody reads this file any more. */
  forget(id: FileId): void {
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  #commitManifest(): void {
    this.#stampSeqs();
    commitManifest(this.#fs, this.#directory, this.#manifest);
  }

  #keepOpen(file: DataFile): void {
    if (this.#open.size >= MAX_OPEN_FILES) this.#closeOldest();
    this.#open.set(file.id, file);
  }

  /** Files that are not sealed yet stay: they may be under a sync. */
  #closeOldest(): void {
    const growing = new Set(this.#unsealed.map(unsealed => unsealed.file));
    for (const [id, file] of this.#open) {
      if (growing.has(file)) continue;
      this.#open.delete(id);
      file.close();
      return;
    }
  }
}

/** Guard a sealed file against other programs. Nothing depends on it, so a file system without modes is no error. */
export function makeReadOnly(fs: FileSystem, directory: string, id: FileId): void {
  try {
    fs.changeMode(join(directory, dataFileName(id)), READ_ONLY);
  } catch {}
}

function outOfIds(): EngineError {
  return new EngineError('UNSUPPORTED', 'the database has used up all numbers for data files');
}
