// superseded later: the whole file
/**
 * DataFiles: all data files of a database: the active one, which is written to, and sealed ones, which are only read.
 *
 * Invariants: (1) no file is written to before the manifest on the disk lists it;
 *             (2) a file is sealed after a sync that covers all of it, and never written to again;
 *             (3) a limited number of files is open at a time.
 * Left out: what is written, and when (log.ts).
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { DataFile } from './data-file.ts';
import { dataFileName, type FileId, MAX_FILE_ID } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { commitManifest, type LiveFile, type Manifest } from './manifest.ts';

/** The most data files kept open; beyond it the one opened first is closed. */
const MAX_OPEN_FILES = 256;

/** Permissions of a file that is sealed: everyone may read it, nobody may write. */
const READ_ONLY = 0o444;

/** The file that grows. */
interface ActiveFile {
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

  readonly #open = new Map<FileId, DataFile>();
  #active: ActiveFile | undefined;

  constructor(fs: FileSystem, directory: string, manifest: Manifest, maxSize: number, stampSeqs: () => void) {
    this.#fs = fs;
    this.#directory = directory;
    this.#manifest = manifest;
    this.#maxSize = maxSize;
    this.#stampSeqs = stampSeqs;
  }

  /** A data file, for reading. */
  get(id: FileId): DataFile {
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    const file = DataFile.open(this.#fs, this.#directory, id);
    this.#keepOpen(file);
    return file;
  }

  /** Whether the active file takes no more records: it has to be sealed, and a new one begun. */
  get isFull(): boolean {
    return this.#active !== undefined && this.#active.file.size >= this.#maxSize;
  }

  /** Make sure there is an active file. `position` is the seq of the last record. */
  ensureActive(position: number): DataFile {
    this.#active ??= this.#create(position);
    return this.#active.file;
  }

  #create(position: number): ActiveFile {
    const id = this.#manifest.nextFileId as FileId;
    if (id > MAX_FILE_ID) throw new EngineError('UNSUPPORTED', 'the database has used up all numbers for data files');
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
    this.#keepOpen(file);
    return { file, live, syncedSize: 0 };
  }

  /** Append `bytes[0, size)` to the active file; `position` is the seq of the last record in them. */
  append(bytes: Buffer, size: number, position: number): void {
    const { file, live } = this.#active!;
    file.append(bytes, 0, size);
    live.maxSeq = position;
  }

  /** Return when everything written is on the disk. */
  sync(): void {
    const active = this.#active;
    if (active === undefined || active.syncedSize === active.file.size) return;
    active.file.sync();
    active.syncedSize = active.file.size;
  }

  /** After a sync: have the manifest say that the active file ends here, for good. */
  seal(): void {
    const active = this.#active;
    if (active === undefined) return;
    active.live.sealedSize = active.file.size;
    try {
      this.#commitManifest();
    } catch (error) {
      active.live.sealedSize = null;
      throw error;
    }
    this.#active = undefined;
    makeReadOnly(this.#fs, this.#directory, active.file.id);
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

  #closeOldest(): void {
    for (const [id, file] of this.#open) {
      if (file === this.#active?.file) continue;
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
