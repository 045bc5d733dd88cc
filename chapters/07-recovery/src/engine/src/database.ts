// superseded later: the whole file
/**
 * Database: keys and values in a directory. `put` appends a record to the log and then lets the keydir point at it; `get`
 * asks the keydir where the record lies and reads it; `delete` appends a tombstone and then lets the keydir forget the key.
 *
 * Invariants: (1) the keydir says only what the log says: the record comes first, whole;
 *             (2) a newer change has a higher seq, also across closing and opening;
 *             (3) a change that has thrown has not happened, now or later.
 * Left out: a second program that opens the same directory.
 */

import { parseDataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import { MANIFEST_NAME } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './format/record.ts';
import { type Keydir, toKeyString } from './keydir/keydir.ts';
import { Log } from './log.ts';
import {
  type CheckOptions,
  checkSizes,
  type DatabaseOptions,
  type DirectoryOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
import { type Recovered, type RecoveryReport, recover } from './recovery.ts';
import { type RepairOptions, type RepairReport, repairDirectory } from './repair.ts';
import { entryOf } from './replay.ts';
import { type VerifyReport, verifyDirectory, verifyOpen } from './verify.ts';

/** The value of a tombstone. */
const NO_VALUE = Buffer.alloc(0);

/** A key-value store in a directory of its own. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  /** What opening has found. */
  readonly report: RecoveryReport;
  readonly #log: Log;
  readonly #keydir: Keydir;
  readonly #fs: FileSystem;
  #closed = false;

  private constructor(directory: string, options: ResolvedOptions, recovered: Recovered) {
    this.directory = directory;
    this.report = recovered.report;
    this.#log = new Log(directory, recovered.manifest, options);
    this.#keydir = recovered.keydir;
    this.#fs = options.fs;
  }

  /**
   * Open the database in `directory`, or make one there.
   * @throws {EngineError} `INVALID_ARGUMENT`, `NOT_FOUND`, `EXISTS`; `CORRUPT` at the first record that was on the disk once
   *   and cannot be read; `NEWER_FORMAT` at one that is whole and of a kind that is not known.
   */
  static async open(directory: string, options?: DatabaseOptions): Promise<Database> {
    const resolved = resolveOptions(options);
    prepareDirectory(directory, resolved);
    return new Database(directory, resolved, await recover(directory, resolved));
  }

  /**
   * Read every record of the database in `directory`, which nobody has open, and say what is wrong. Nothing is changed.
   * @throws {EngineError} `NOT_FOUND`, `NEWER_FORMAT`; what is wrong is in the report.
   */
  static async verify(directory: string, options: CheckOptions & DirectoryOptions = {}): Promise<VerifyReport> {
    return verifyDirectory(existing(directory, options), directory, options);
  }

  /**
   * Mend the database in `directory`, which nobody has open: keep every record that can be read, and put files that had
   * damage in them into lost/. Where nothing is wrong nothing is changed.
   * @throws {EngineError} `NOT_FOUND`, `NEWER_FORMAT`: then nothing has changed.
   */
  static async repair(directory: string, options: RepairOptions = {}): Promise<RepairReport> {
    return repairDirectory(existing(directory, options), directory, options);
  }

  /** The number of keys. */
  get size(): number {
    this.#assertOpen();
    return this.#keydir.size;
  }

  /** The value of `key`; `undefined` when the key is absent. */
  get(key: Input): Buffer | undefined {
    this.#assertOpen();
    const entry = this.#keydir.get(toKeyString(toBuffer(key)));
    return entry === undefined ? undefined : this.#log.read(entry).value;
  }

  /** Whether `key` is there. */
  has(key: Input): boolean {
    this.#assertOpen();
    return this.#keydir.get(toKeyString(toBuffer(key))) !== undefined;
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * On return the operating system has the record: it survives the end of this process, and a power cut after `sync`.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`; also the error of a failed write. Then nothing has changed.
   */
  put(key: Input, value: Input): number {
    this.#assertOpen();
    const record = { kind: KIND_PUT, seq: this.#log.nextSeq, key: toBuffer(key), value: toBuffer(value) };
    checkSizes(record.key.length, record.value.length);
    const location = this.#log.append(record);
    this.#keydir.put(entryOf(record, location));
    return record.seq;
  }

  /**
   * Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written.
   * @throws the error of a failed write. Then nothing has changed, and the key is still there.
   */
  delete(key: Input): number | undefined {
    this.#assertOpen();
    const bytes = toBuffer(key);
    if (this.#keydir.get(toKeyString(bytes)) === undefined) return undefined;
    const record = { kind: KIND_TOMBSTONE, seq: this.#log.nextSeq, key: bytes, value: NO_VALUE };
    this.#log.append(record);
    this.#keydir.delete(toKeyString(bytes));
    return record.seq;
  }

  /** Resolves when every change before this call is on the disk. */
  async sync(): Promise<void> {
    this.#assertOpen();
    this.#log.sync();
  }

  /**
   * Read every record that has been written, and compare each entry of the index with its record, while the database is
   * used. What is wrong is in the report. @throws {EngineError} `CLOSED`; the reason of `signal`, once that says: give up.
   */
  verify(options: CheckOptions = {}): Promise<VerifyReport> {
    const parts = { fs: this.#fs, log: this.#log, keydir: this.#keydir, isClosed: () => this.#closed };
    return verifyOpen(parts, options);
  }

  /** Have everything on the disk, and let go of all files. A second call does nothing; any other call after it throws `CLOSED`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#log.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new EngineError('CLOSED', 'the database is closed');
  }
}

/** The file system of a directory that holds a database. @throws {EngineError} `NOT_FOUND` when it holds none. */
function existing(directory: string, { fs }: DirectoryOptions): FileSystem {
  const resolved = resolveOptions({ createIfMissing: false, ...(fs && { fs }) });
  prepareDirectory(directory, resolved);
  return resolved.fs;
}

/** See to it that there is a directory, and that a database is in it, or not, as the options say. */
function prepareDirectory(directory: string, { fs, createIfMissing, errorIfExists }: ResolvedOptions): void {
  const exists = holdsDatabase(directory, fs);
  if (exists && errorIfExists) throw new EngineError('EXISTS', `${directory} holds a database already`);
  if (!exists && !createIfMissing) {
    throw new EngineError('NOT_FOUND', `there is no database in ${directory}; createIfMissing would make one`);
  }
  fs.makeDirectory(directory);
}

function holdsDatabase(directory: string, fs: FileSystem): boolean {
  try {
    return fs.list(directory).some(name => name === MANIFEST_NAME || parseDataFileName(name) !== undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
