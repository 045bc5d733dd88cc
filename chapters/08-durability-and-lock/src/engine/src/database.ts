// superseded later: imports, Database, Database.open, Database.put, Database.delete, Database.position, Database.close
/**
 * Database: keys and values in a directory. `put` adds a record to the log and then lets the keydir point at it; `get`
 * asks the keydir where the record lies and reads it; `delete` adds a tombstone and then lets the keydir forget the key.
 *
 * Invariants: (1) the keydir says only what the log has accepted: the record comes first, whole;
 *             (2) a newer change has a higher seq, also across closing and opening;
 *             (3) a change that has thrown has not happened, now or later; only after a failed sync nobody knows;
 *             (4) one Database at a time has the directory.
 */

import { resolve } from 'node:path';
import { Commit } from './log/commit.ts';
import { parseDataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import { toEngineError } from './disk/io-error.ts';
import { type Lock, lockDirectory } from './disk/lock-file.ts';
import { MANIFEST_NAME } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './format/record.ts';
import { type Keydir, toKeyString } from './keydir/keydir.ts';
import { type Change, type Location, Log } from './log/log.ts';
import {
  type ChangeOptions,
  type CheckOptions,
  checkDurability,
  checkSizes,
  type DatabaseOptions,
  type DirectoryOptions,
  type Durability,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
import { type Recovered, type RecoveryReport, recover } from './recovery/recovery.ts';
import { type RepairOptions, type RepairReport, repairDirectory } from './check/repair.ts';
import { entryOf } from './recovery/replay.ts';
import { type VerifyReport, verifyDirectory } from './check/verify.ts';

/** A key-value store in a directory of its own. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  /** What opening has found. */
  readonly report: RecoveryReport;
  readonly #log: Log;
  readonly #commit: Commit;
  readonly #keydir: Keydir;
  readonly #lock: Lock;
  #closing: Promise<void> | undefined;

  private constructor(directory: string, commit: Commit, recovered: Recovered, lock: Lock) {
    this.directory = directory;
    this.report = recovered.report;
    this.#log = commit.log;
    this.#commit = commit;
    this.#keydir = recovered.keydir;
    this.#lock = lock;
  }

  /**
   * Open the database in `directory`, or make one there.
   * @throws {EngineError} `LOCKED`, `NOT_FOUND`, `EXISTS`, `CORRUPT`, `NEWER_FORMAT`, `DISK_FULL`, `IO`.
   */
  static async open(directory: string, options?: DatabaseOptions): Promise<Database> {
    const resolved = resolveOptions(options);
    const root = resolve(directory); // The program may change its working directory meanwhile.
    try {
      prepareDirectory(root, resolved);
      const lock = await lockDirectory(root, resolved.lockTimeoutMs);
      try {
        const recovered = await recover(root, resolved);
        const log = new Log(root, recovered.manifest, resolved);
        return new Database(directory, new Commit(log, resolved), recovered, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw toEngineError(error, `open the database in ${directory}`);
    }
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * At `durability: 'os'` the record has been handed to the operating system on return, at `'disk'` it is on the disk.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, { durability }: ChangeOptions = {}): number {
    this.#assertOpen();
    const change = { kind: KIND_PUT, key: toBuffer(key), value: toBuffer(value) };
    checkSizes(change.key.length, change.value.length);
    const location = this.#append(change, durability);
    this.#keydir.put(entryOf({ ...change, seq: this.position }, location));
    return this.position;
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, { durability }: ChangeOptions = {}): number | undefined {
    this.#assertOpen();
    const bytes = toBuffer(key);
    if (this.#keydir.get(toKeyString(bytes)) === undefined) return undefined;
    this.#append({ kind: KIND_TOMBSTONE, key: bytes, value: NO_VALUE }, durability);
    this.#keydir.delete(toKeyString(bytes));
    return this.position;
  }

  /** The seq of the newest change. */
  get position(): number {
    return this.#log.position;
  }

  // ----------------------------------------------------------------------------------------------------------- ending

  /** Write and sync everything, and let go of the directory. A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#commit.close().finally(() => this.#lock.release());
    return this.#closing;
  }
}
