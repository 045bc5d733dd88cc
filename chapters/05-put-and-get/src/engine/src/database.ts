// superseded later: imports, Database, Database.open, Database.size, Database.get, Database.has, Database.put, Database.close, Database.#assertOpen, prepareDirectory, holdsDatabase
/**
 * Database: keys and values in a directory. `put` appends a record to the log and then lets the keydir point at it; `get`
 * asks the keydir where the record lies and reads it.
 *
 * Invariants: (1) the keydir points at a record only when the log has it, whole;
 *             (2) a newer change has a higher seq, also across closing and opening;
 *             (3) what `put` has thrown for is not there, now or later.
 * Left out: delete, a log that ends in half a record, a second program that opens the same directory.
 */

import type { FileSystem } from './disk/file-system.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KIND_PUT } from './format/record.ts';
import { type Keydir, toKeyString } from './keydir/keydir.ts';
import { Log } from './log/log.ts';
import { checkSizes, type DatabaseOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { dataFileIds, entryOf, type Recovered, recover } from './recovery/recovery.ts';

/** A key-value store in a directory of its own. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  readonly #log: Log;
  readonly #keydir: Keydir;
  #lastSeq: number;
  #closed = false;

  private constructor(directory: string, options: ResolvedOptions, { files, keydir, lastSeq }: Recovered) {
    this.directory = directory;
    this.#log = new Log(directory, files, options);
    this.#keydir = keydir;
    this.#lastSeq = lastSeq;
  }

  /**
   * Open the database in `directory`, or make one there.
   * @throws {EngineError} `INVALID_ARGUMENT`, `NOT_FOUND`, `EXISTS`; `CORRUPT` at the first record that is torn or damaged;
   *   `NEWER_FORMAT` at one that is whole and of a kind that is not known.
   */
  static async open(directory: string, options?: DatabaseOptions): Promise<Database> {
    const resolved = resolveOptions(options);
    prepareDirectory(directory, resolved);
    return new Database(directory, resolved, recover(directory, resolved));
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
   * On return the operating system has the record: it survives the end of this process, not yet a power cut.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`; also the error of a failed write. Then nothing has changed.
   */
  put(key: Input, value: Input): number {
    this.#assertOpen();
    const record = { kind: KIND_PUT, seq: this.#lastSeq + 1, key: toBuffer(key), value: toBuffer(value) };
    checkSizes(record.key.length, record.value.length);
    const location = this.#log.append(record);
    this.#keydir.put(entryOf(record, location));
    this.#lastSeq = record.seq;
    return record.seq;
  }

  /** Let go of all files. A second call does nothing; any other call after it throws `CLOSED`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#log.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new EngineError('CLOSED', 'the database is closed');
  }
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
    return dataFileIds(fs, directory).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
