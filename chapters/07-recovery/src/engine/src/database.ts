// superseded later: imports, Database, Database.open, Database.put, Database.delete, Database.sync, Database.close
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
import { Log } from './log/log.ts';
import { checkSizes, type DatabaseOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { type Recovered, type RecoveryReport, recover } from './recovery/recovery.ts';
import { entryOf } from './recovery/replay.ts';

/** A key-value store in a directory of its own. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  /** What opening has found. */
  readonly report: RecoveryReport;
  readonly #log: Log;
  readonly #keydir: Keydir;
  #closed = false;

  private constructor(directory: string, options: ResolvedOptions, recovered: Recovered) {
    this.directory = directory;
    this.report = recovered.report;
    this.#log = new Log(directory, recovered.manifest, options);
    this.#keydir = recovered.keydir;
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

  /** Have everything on the disk, and let go of all files. A second call does nothing; any other call after it throws `CLOSED`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#log.close();
  }
}
