// superseded later: the whole file
/**
 * Database: keys and values in a directory. A change adds its record to the log and then tells the index (space-records.ts);
 * `get` asks the index where the record lies and reads it. Several changes happen together, all or none: batches,
 * transactions. Cursors and snapshots read as of one moment.
 *
 * Invariants: (1) the index says only what the log has accepted: the record comes first, whole;
 *             (2) a newer change has a higher seq, also across closing and opening;
 *             (3) a change that has thrown has not happened, now or later; only after a failed sync nobody knows;
 *             (4) one Database at a time has the directory.
 */

import { resolve } from 'node:path';
import { makeChanges, putChange } from './space/changes.ts';
import { Commit } from './log/commit.ts';
import { conditionOf } from './log/conditions.ts';
import { Cursor, type CursorSource, entryKey, entryPair, entryValue } from './scan/cursor.ts';
import { parseDataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import { toEngineError } from './disk/io-error.ts';
import { type Lock, lockDirectory } from './disk/lock-file.ts';
import { MANIFEST_NAME } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KeyIndex } from './keydir/key-index.ts';
import { type Entry, type Keydir, toKeyString } from './keydir/keydir.ts';
import { Snapshots } from './keydir/snapshots.ts';
import { Log } from './log/log.ts';
import { type EntryWithValue, Moment, type View } from './scan/moment.ts';
import { runOptimistic } from './transaction/optimistic.ts';
import {
  type ChangeOptions,
  type CheckOptions,
  checkDurability,
  checkNumber,
  checkSynchronous,
  type DatabaseOptions,
  DEFAULT_ATTEMPTS,
  type DeleteOptions,
  type DirectoryOptions,
  type Durability,
  type OptimisticOptions,
  type PutOptions,
  type ResolvedOptions,
  resolveOptions,
  type UpdateOptions,
} from './options.ts';
import { type Recovered, type RecoveryReport, recover } from './recovery/recovery.ts';
import { type RepairOptions, type RepairReport, repairDirectory } from './check/repair.ts';
import { type Range, toKey } from './scan/scan.ts';
import { Snapshot } from './scan/snapshot.ts';
import { SpaceRecords } from './space/space-records.ts';
import { type Transaction, Transactions } from './transaction/transaction.ts';
import { type VerifyReport, verifyDirectory } from './check/verify.ts';
import { type Operation, WriteBatch, writeOperations } from './transaction/write-batch.ts';

/** A key-value store in a directory of its own. */
export class Database {
  /** The directory, as it was given. */
  readonly directory: string;
  /** What opening has found. */
  readonly report: RecoveryReport;
  readonly #log: Log;
  readonly #commit: Commit;
  readonly #index: KeyIndex;
  readonly #snapshots = new Snapshots();
  readonly #records: SpaceRecords;
  readonly #transactions: Transactions;
  readonly #source: CursorSource = {
    open: owner => {
      const moment = this.#moment();
      this.#snapshots.closeWith(owner, moment.snapshot);
      return moment;
    },
    close: ({ snapshot }: Moment) => this.#snapshots.close(snapshot),
  };

  readonly #lock: Lock;
  #closing: Promise<void> | undefined;

  private constructor(directory: string, commit: Commit, recovered: Recovered, lock: Lock) {
    this.directory = directory;
    this.report = recovered.report;
    this.#log = commit.log;
    this.#commit = commit;
    this.#index = KeyIndex.build(recovered.keydir);
    this.#records = new SpaceRecords(this.#index, this.#snapshots, commit);
    this.#transactions = new Transactions(this.#records);
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

  /** The keys that there are now. Whoever only asks, asks here; whoever changes something tells the index. */
  get #keydir(): Keydir {
    return this.#index.keydir;
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

  /** The values of several keys, in their order; `undefined` for each that is absent. */
  getMany(keys: Iterable<Input>): (Buffer | undefined)[] {
    return Array.from(keys, key => this.get(key));
  }

  /** The value of `key` with its seq; `undefined` when the key is absent. */
  getEntry(key: Input): EntryWithValue | undefined {
    const entry = this.#records.find(toKey(key));
    return entry && { value: this.#log.read(entry).value, seq: entry.seq };
  }

  /** Whether `key` is there. */
  has(key: Input): boolean {
    this.#assertOpen();
    return this.#keydir.get(toKeyString(toBuffer(key))) !== undefined;
  }

  /**
   * Key and value of each key in the range, in the order of the keys' bytes, all as of the first step: for `for`, for
   * `for await`, or by hand with `next` and `seek`.
   */
  entries(range: Range = {}): Cursor<[Buffer, Buffer]> {
    return this.#cursor(range, entryPair);
  }

  /** The keys of {@link entries}. */
  keys(range: Range = {}): Cursor<Buffer> {
    return this.#cursor(range, entryKey);
  }

  /** The values of {@link entries}. */
  values(range: Range = {}): Cursor<Buffer> {
    return this.#cursor(range, entryValue);
  }

  #cursor<T>(range: Range, pick: (entry: Entry, view: View) => T): Cursor<T> {
    return new Cursor(this.#source, range, pick);
  }

  /** The whole database as it is now, to be read later. Close it when you are done: it keeps alive what it sees. */
  snapshot(): Snapshot {
    return new Snapshot(this.#snapshots, this.#moment());
  }

  /** The keys as they are now, for as long as the moment's snapshot is open. */
  #moment(): Moment {
    this.#assertOpen();
    return new Moment(this.#index, this.#snapshots.open(this.position), this.#commit);
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * At `durability: 'os'` the record has been handed to the operating system on return, at `'disk'` it is on the disk.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `CONFLICT`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, options: PutOptions = {}): number {
    const k = toBuffer(key);
    this.#assertCondition(k, options);
    return this.#records.put(k, toBuffer(value), this.#level(options));
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, options: DeleteOptions = {}): number | undefined {
    const k = toBuffer(key);
    this.#assertCondition(k, options);
    return this.#records.delete(k, this.#level(options));
  }

  #assertCondition(key: Buffer, options: Pick<PutOptions, 'ifAbsent' | 'ifSeq'>): void {
    const condition = conditionOf(options);
    if (condition !== undefined) this.#records.assertCondition(key, condition);
  }

  #level({ durability = this.durability }: ChangeOptions): Durability {
    checkDurability(durability);
    return durability;
  }

  /** Store these values, all or none; returns the seq of the last change. The options hold for each. */
  putMany(entries: Iterable<readonly [Input, Input]>, options: PutOptions = {}): number {
    const changes = Array.from(entries, ([key, value]) => putChange(this.#records, key, value, options));
    return makeChanges(changes, this.#commit, this.#level(options));
  }

  /**
   * Store what `change` makes of the value of `key`, which is `undefined` when the key is absent; when it makes
   * `undefined` of it, remove the key. Returns the seq of the change, or `undefined` when the key was absent and stays so.
   * @throws {EngineError} `CONFLICT` when `change` has itself changed the key. What `change` throws is passed on.
   */
  update(
    key: Input,
    change: (value: Buffer | undefined) => Input | undefined,
    options?: UpdateOptions,
  ): number | undefined {
    this.#commit.appendQueued();
    const older = this.getEntry(key);
    const value = change(older?.value);
    checkSynchronous(value, 'update');
    if (older === undefined) {
      return value === undefined ? undefined : this.put(key, value, { ...options, ifAbsent: true });
    }
    if (value === undefined) return this.delete(key, { ...options, ifSeq: older.seq });
    return this.put(key, value, { ...options, ifSeq: older.seq });
  }

  /** A new batch: changes to be made together, all or none. */
  batch(): WriteBatch {
    return new WriteBatch(this.#records);
  }

  /**
   * Make these changes, all or none, in the one append of this turn; resolves to the seq of the last, when they are as
   * safe as the level says. They are visible before the next change is made, and at the end of the turn at the latest.
   */
  async write(operations: Iterable<Operation>, options: ChangeOptions = {}): Promise<number> {
    return writeOperations(operations, options.durability ?? this.durability, this.#records);
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
    return runOptimistic(work, attempts, durability, this.#records);
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
    return this.#log.position;
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

  /** Write and sync everything, and let go of the directory. A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#commit.close().finally(() => this.#lock.release());
    return this.#closing;
  }

  #assertOpen(): void {
    if (this.#commit.isClosed) throw new EngineError('CLOSED', 'the database is closed');
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
