// superseded later: the whole file
/**
 * Database: the public class. It opens a directory, hands out spaces, and passes every call on to the part that does it.
 *
 * Reads and single changes are synchronous and are those of the default space; what waits for the disk is a promise.
 */

import { resolve } from 'node:path';
import { Clock } from './clock.ts';
import { Commit } from './log/commit.ts';
import type { Cursor } from './scan/cursor.ts';
import { parseDataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import { toEngineError } from './disk/io-error.ts';
import { type Lock, lockDirectory } from './disk/lock-file.ts';
import { MANIFEST_NAME } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import type { Input } from './format/bytes.ts';
import { FILE_HEADER_SIZE } from './format/file-header.ts';
import { Housekeeping } from './housekeeping.ts';
import type { SpaceOrder } from './keydir/key-index.ts';
import { Log } from './log/log.ts';
import type { MergeReport } from './merge/merger.ts';
import type { EntryWithValue } from './scan/moment.ts';
import { runOptimistic } from './transaction/optimistic.ts';
import {
  type ChangeOptions,
  type CheckOptions,
  checkDurability,
  checkMergeOptions,
  checkNumber,
  type DatabaseOptions,
  DEFAULT_ATTEMPTS,
  type DeleteOptions,
  type DirectoryOptions,
  type Durability,
  type MergeOptions,
  type OptimisticOptions,
  type PutOptions,
  type ResolvedOptions,
  resolveOptions,
  type UpdateOptions,
} from './options.ts';
import { type Recovered, type RecoveryReport, recover } from './recovery/recovery.ts';
import { type RepairOptions, type RepairReport, repairDirectory } from './check/repair.ts';
import type { KeyRange, Range } from './scan/scan.ts';
import type { Snapshot } from './scan/snapshot.ts';
import type { Space } from './space/space.ts';
import { Spaces } from './space/spaces.ts';
import { type Transaction, Transactions } from './transaction/transaction.ts';
import { type VerifyReport, verifyDirectory, verifyOpen } from './check/verify.ts';
import { type Operation, WriteBatch, writeOperations } from './transaction/write-batch.ts';

/** Counts and sizes of an open database. */
export interface DatabaseStats {
  /** Keys in all spaces. */
  readonly keys: number;
  readonly spaces: number;
  readonly dataFiles: number;
  /** Bytes of all data files, those included that are not written yet. */
  readonly dataBytes: number;
  /** Bytes of the records that keys have now. */
  readonly liveBytes: number;
  /** All other bytes but file headers: what was replaced or deleted, and what says so. A merge wins most of them back. */
  readonly deadBytes: number;
  /** Bytes accepted and not handed to the operating system yet. */
  readonly pendingBytes: number;
  /** Shared fdatasyncs so far. */
  readonly syncs: number;
  /** Merges so far that went well, those included that the store began by itself. */
  readonly merges: number;
  /** Snapshots that are open, and cursors that are under way. */
  readonly snapshots: number;
  /** Versions of keys that were replaced or removed, and that those may still see. */
  readonly oldVersions: number;
}

/** An open database: its default space, and the way to all else. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  /** What opening has found. */
  readonly report: RecoveryReport;
  readonly #commit: Commit;
  readonly #spaces: Spaces;
  readonly #main: Space;
  readonly #transactions: Transactions;
  readonly #lock: Lock;
  readonly #fs: FileSystem;
  readonly #housekeeping: Housekeeping;
  #closing: Promise<void> | undefined;

  private constructor(directory: string, root: string, options: ResolvedOptions, recovered: Recovered, lock: Lock) {
    this.directory = directory;
    this.report = recovered.report;
    this.#lock = lock;
    this.#fs = options.fs;
    this.#commit = new Commit(new Log(root, recovered.manifest, options), options);
    const clock = new Clock(options.now);
    this.#spaces = new Spaces(recovered.indexes, this.#commit, clock, options.expiry === 'engine');
    this.#main = this.#spaces.find(0)!;
    this.#transactions = new Transactions(this.#spaces, this.#commit);
    this.#housekeeping = new Housekeeping(this.#commit, this.#spaces, options);
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
        return new Database(directory, root, resolved, await recover(root, resolved), lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw toEngineError(error, `open the database in ${directory}`);
    }
  }

  /**
   * Read every record of the database in `directory`, which nobody has open, and say what is wrong. Nothing is changed.
   * @throws {EngineError} `LOCKED`, `NOT_FOUND`, `NEWER_FORMAT`, `IO`; what is wrong is in the report.
   */
  static verify(directory: string, options: CheckOptions & DirectoryOptions = {}): Promise<VerifyReport> {
    return whileLocked(directory, options, fs => verifyDirectory(fs, directory, options));
  }

  /**
   * Mend the database in `directory`, which nobody has open: keep every record that can be read, and put files that had
   * damage in them into lost/. Where nothing is wrong nothing is changed.
   * @throws {EngineError} `LOCKED`, `NOT_FOUND`, `NEWER_FORMAT`, `DISK_FULL`, `IO`: then nothing has changed.
   */
  static repair(directory: string, options: RepairOptions = {}): Promise<RepairReport> {
    return whileLocked(directory, options, fs => repairDirectory(fs, directory, options));
  }

  // ------------------------------------------------------------------------------------------------------------ reads

  /** The number of keys of the default space. */
  get size(): number {
    return this.#main.size;
  }

  /** The value of `key`; `undefined` when the key is absent. */
  get(key: Input): Buffer | undefined {
    return this.#main.get(key);
  }

  /** The values of several keys, in their order; `undefined` for each that is absent. */
  getMany(keys: Iterable<Input>): (Buffer | undefined)[] {
    return this.#main.getMany(keys);
  }

  /** Whether `key` is there. */
  has(key: Input): boolean {
    return this.#main.has(key);
  }

  /** The value of `key` with its seq, tag, expiry and order key; `undefined` when the key is absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    return this.#main.getEntry(key);
  }

  /**
   * Key and value of each key in the range, in the order of the keys' bytes, all as of the first step: for `for`, for
   * `for await`, or by hand with `next` and `seek`.
   */
  entries(range?: Range): Cursor<[Buffer, Buffer]> {
    return this.#main.entries(range);
  }

  /** The keys of {@link entries}. */
  keys(range?: Range): Cursor<Buffer> {
    return this.#main.keys(range);
  }

  /** The values of {@link entries}. */
  values(range?: Range): Cursor<Buffer> {
    return this.#main.values(range);
  }

  /** The whole database as it is now, to be read later. Close it when you are done: it keeps alive what it sees. */
  snapshot(): Snapshot {
    return this.#spaces.snapshot();
  }

  // ---------------------------------------------------------------------------------------------------------- changes

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * At `durability: 'os'` the record has been handed to the operating system on return, at `'disk'` it is on the disk.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, options?: PutOptions): number {
    return this.#main.put(key, value, options);
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, options?: DeleteOptions): number | undefined {
    return this.#main.delete(key, options);
  }

  /** Store these values, all or none; returns the seq of the last change. The options hold for each. */
  putMany(entries: Iterable<readonly [Input, Input]>, options?: PutOptions): number {
    return this.#main.putMany(entries, options);
  }

  /**
   * Store what `change` makes of the value of `key` (`undefined`: absent); when that is `undefined`, remove the key.
   * Tag, expiry and order key stay as they are where the options name no others. See {@link Space.update}.
   */
  update(
    key: Input,
    change: (value: Buffer | undefined) => Input | undefined,
    options?: UpdateOptions,
  ): number | undefined {
    return this.#main.update(key, change, options);
  }

  /** Have `key` go away at this time, or stay when it is `undefined`. The value is not written again. */
  expireAt(key: Input, expiresAtMs: number | undefined, options?: ChangeOptions): number | undefined {
    return this.#main.expireAt(key, expiresAtMs, options);
  }

  /** Have `key` go away in so many milliseconds. The value is not written again. */
  expire(key: Input, ttlMs: number, options?: ChangeOptions): number | undefined {
    return this.#main.expire(key, ttlMs, options);
  }

  /** Have `key` stay; returns the seq of the change, or `undefined` when the key is absent or had no expiry. */
  persist(key: Input, options?: ChangeOptions): number | undefined {
    return this.#main.persist(key, options);
  }

  /** In how many milliseconds `key` goes away: `Infinity` when it stays, `undefined` when it is absent. */
  ttl(key: Input): number | undefined {
    return this.#main.ttl(key);
  }

  /**
   * Remove every key of the range, with one record however many there are; returns the seq of the change, or `undefined`
   * when there was no key and nothing was written.
   */
  deleteRange(range: KeyRange, options?: ChangeOptions): number | undefined {
    return this.#main.deleteRange(range, options);
  }

  /** Remove every key of the default space; as {@link deleteRange} else. */
  clear(options?: ChangeOptions): number | undefined {
    return this.#main.clear(options);
  }

  /** A new batch: changes to be made together, all or none. */
  batch(): WriteBatch {
    return new WriteBatch(this.#commit, this.#spaces);
  }

  /**
   * Make these changes, all or none, in the one append of this turn; resolves to the seq of the last, when they are as
   * safe as the level says. They are visible before the next change is made, and at the end of the turn at the latest.
   */
  async write(operations: Iterable<Operation>, options: ChangeOptions = {}): Promise<number> {
    return writeOperations(operations, options.durability ?? this.durability, this.#commit, this.#spaces);
  }

  /**
   * Run `work` as a transaction: its changes happen all or none, and its reads, through `tx`, see them. When it throws,
   * nothing has changed and the error is passed on; else its result is returned. `work` is synchronous, and nothing else
   * can be changed while it runs. Within it, another `transaction` is a part that can be taken back by itself.
   * @throws {TypeError} when `work` returns a promise: then nothing has changed.
   */
  transaction<T>(work: (tx: Transaction) => T, options: ChangeOptions = {}): T {
    const level = options.durability ?? this.durability;
    checkDurability(level);
    return this.#transactions.run(work, level);
  }

  /**
   * Run `work`, which may wait, as a transaction over a snapshot; everybody else goes on meanwhile. Its changes happen at
   * its end, all or none, if nobody has changed meanwhile what it read (keys, absent ones too, and ranges) or changes;
   * else it is run again, on a new snapshot, so it should have no effect but through `tx`. One that changes nothing has
   * seen one moment, and is never run again. Resolves to its result when the changes are as safe as the level says.
   * @throws {EngineError} `CONFLICT` when others were faster in each of the `attempts`. What `work` throws is passed on.
   */
  async optimistic<T>(work: (tx: Transaction) => T | PromiseLike<T>, options: OptimisticOptions = {}): Promise<T> {
    const { attempts = DEFAULT_ATTEMPTS, durability = this.durability } = options;
    checkDurability(durability);
    checkNumber('attempts', attempts, 1);
    return runOptimistic(work, attempts, durability, this.#spaces, this.#commit);
  }

  // ----------------------------------------------------------------------------------------------------------- spaces

  /** Make a new space. Its id is never used again. */
  createSpace({ order }: { readonly order: SpaceOrder }): Space {
    return this.#spaces.create(order);
  }

  /** The space with this id; `undefined` when there is none. */
  space(id: number): Space | undefined {
    return this.#spaces.find(id);
  }

  /** All spaces, the default one with id 0 first. */
  spaces(): Space[] {
    return this.#spaces.all();
  }

  /** Remove a space with all its keys; returns the seq of the change. One record, however many keys there are. */
  dropSpace(id: number): number {
    return this.#spaces.drop(id);
  }

  // ------------------------------------------------------------------------------------------------------- durability

  /** The level of every change that names no other. It may be changed at any time. */
  get durability(): Durability {
    return this.#commit.durability;
  }

  /** Have every change that names no other level be as safe as this from now on; waits for nothing. */
  set durability(level: Durability) {
    this.#commit.writer.durability = level;
  }

  /** Resolves when every change before this call is on the disk. */
  sync(): Promise<void> {
    return this.#commit.sync();
  }

  /** The seq of the newest change. */
  get position(): number {
    return this.#commit.log.position;
  }

  /** Append the changes of this turn as one batch. Without it that happens at the end of the turn. Never throws. */
  commitTurn(): void {
    this.#commit.commitTurn();
  }

  /** Whether every change up to this seq is as safe as the store's level says. */
  isDurable(position: number): boolean {
    return this.#commit.writer.isDurable(position);
  }

  /** Resolves when {@link isDurable} says yes; rejects when that will never be. */
  durable(position: number): Promise<void> {
    return this.#commit.writer.waitFor(position, this.durability);
  }

  // ----------------------------------------------------------------------------------------------------------- ending

  /**
   * Win back the room that dead records take: the live ones are copied to new files, which take the place of the old ones.
   * Reads and changes go on meanwhile. Merges run one after the other; the store also begins some by itself.
   * @throws {EngineError} `CORRUPT`, `DISK_FULL`, `IO`, `POISONED`, `CLOSED`, or the signal's reason: nothing has changed.
   */
  merge(options: MergeOptions = {}): Promise<MergeReport> {
    checkMergeOptions(options);
    return this.#housekeeping.merger.merge(options);
  }

  /** Bytes accepted and not handed to the operating system yet. Costs nothing to ask, unlike {@link stats}. */
  get pendingBytes(): number {
    return this.#commit.log.pendingSize;
  }

  /** Counts and sizes, as of now. */
  get stats(): DatabaseStats {
    const { log, writer } = this.#commit;
    const dataFiles = log.manifest.files.length;
    const dataBytes = log.files.totalSize + log.pendingSize;
    const liveBytes = this.#spaces.liveBytes;
    return {
      keys: this.#spaces.keyCount,
      spaces: this.#spaces.all().length,
      dataFiles,
      dataBytes,
      liveBytes,
      deadBytes: dataBytes - liveBytes - dataFiles * FILE_HEADER_SIZE,
      pendingBytes: this.pendingBytes,
      syncs: writer.queue.rounds,
      merges: this.#housekeeping.merger.count,
      snapshots: this.#spaces.snapshots.size,
      oldVersions: this.#spaces.oldVersionCount,
    };
  }

  /**
   * Read every record that has been written, and compare each entry of the index with its record, while the database is
   * used. What is wrong is in the report. @throws {EngineError} `CLOSED`; the reason of `signal`, once that says: give up.
   */
  verify(options: CheckOptions = {}): Promise<VerifyReport> {
    const { log } = this.#commit;
    const isClosed = (): boolean => this.#commit.isClosed;
    return verifyOpen({ fs: this.#fs, log, indexes: () => this.#spaces.indexes(), isClosed }, options);
  }

  /**
   * Write and sync everything, and let go of the directory. A second call waits for the first.
   * @throws {EngineError} when that fails; a database that was poisoned before closes without an error, as that was said then.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => this.#lock.release());
    return this.#closing;
  }

  async #close(): Promise<void> {
    const ended = this.#housekeeping.close();
    try {
      await this.#commit.close();
    } finally {
      await ended;
    }
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Do this with a directory that holds a database, while nobody has that open. */
async function whileLocked<T>(
  directory: string,
  options: CheckOptions & DirectoryOptions,
  work: (fs: FileSystem) => Promise<T>,
): Promise<T> {
  const { fs, lockTimeoutMs, signal } = options;
  const resolved = resolveOptions({ ...(fs && { fs }), ...(lockTimeoutMs !== undefined && { lockTimeoutMs }) });
  try {
    prepareDirectory(directory, { ...resolved, createIfMissing: false });
    const lock = await lockDirectory(directory, resolved.lockTimeoutMs);
    try {
      return await work(resolved.fs);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw signal?.aborted ? error : toEngineError(error, `check the database in ${directory}`);
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
    return fs.list(directory).some(name => name === MANIFEST_NAME || parseDataFileName(name) !== undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
