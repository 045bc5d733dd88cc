/**
 * Options: what a caller can choose when opening a database and when changing a key, and what holds when nothing is
 * chosen. Whatever comes from outside is checked here.
 */

import { type FileSystem, nodeFileSystem } from './disk/file-system.ts';
import { EngineError } from './errors.ts';
import { MAX_KEY_SIZE, MAX_VALUE_SIZE, ORDER_KEY_SIZE } from './format/record.ts';

/**
 * When a change counts as safe: `'memory'`: it is in our buffer, handed to the operating system at the end of the turn;
 * `'os'`: the operating system has it, so it survives the end of this process; `{ intervalMs }`: as `'os'`, and it is on
 * the disk at most that much later; `'disk'`: it is on the disk, and survives a power cut. See docs/durability.md.
 */
export type Durability = 'memory' | 'os' | 'disk' | { readonly intervalMs: number };

/** When a store merges its files by itself, and how fast it does. */
export interface MergeSettings {
  /** Whether it does. Default: true. */
  readonly auto?: boolean;
  /** A file is merged when this share of it is dead. Lower: less room on the disk, more copying. Default: 0.5. */
  readonly deadShare?: number;
  /** A merge must win back this many bytes. Default: 16 MiB. */
  readonly minDeadBytes?: number;
  /** The most bytes a merge reads in a second, so that it leaves some of the disk to others. Default: no limit. */
  readonly bytesPerSecond?: number;
}

/** How far {@link Database.open} has come. */
export interface OpenProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly recordsRead: number;
}

/** What a caller can choose when opening a database. */
export interface DatabaseOptions {
  /** Make the directory when it does not exist. Default: true. */
  readonly createIfMissing?: boolean;
  /** Refuse a directory that holds a database already. Default: false. */
  readonly errorIfExists?: boolean;
  /** When a change counts as safe. Default: `'os'`. Safer is slower: `'disk'` waits for the disk in each call. */
  readonly durability?: Durability;
  /**
   * `'call'`: each change is appended by the call that makes it. `'turn'`: changes take effect at once and are appended
   * together, by `commitTurn()` or at the end of the turn; for servers. Default: `'call'`.
   */
  readonly commit?: 'call' | 'turn';
  /** Who removes keys whose expiry has passed: the engine on first sight, or only the caller. Default: `'engine'`. */
  readonly expiry?: 'engine' | 'caller';
  /** A data file that has reached this size, in bytes, is followed by a new one. Default: 256 MiB. */
  readonly maxDataFileSize?: number;
  /** Memory for values that were read lately, in bytes; 0 for none. Default: 32 MiB. */
  readonly cacheBytes?: number;
  /** How long to wait, in milliseconds, for a database that another process has open. Default: 0. */
  readonly lockTimeoutMs?: number;
  /** When the store merges its files by itself. */
  readonly merge?: MergeSettings;
  /** The file system to use. Default: this machine's. */
  readonly fs?: FileSystem;
  /** The time of day, in milliseconds since the Unix epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Called now and then while the database opens. */
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** What work that reads every file may be given. */
export interface CheckOptions {
  /** To give up. */
  readonly signal?: AbortSignal;
  /** Called now and then, to say how far the work has come. */
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** Which directory, of which file system, and whether to wait for it, as in {@link DatabaseOptions}. */
export type DirectoryOptions = Pick<DatabaseOptions, 'fs' | 'lockTimeoutMs'>;

/** Options with every choice made. */
export type ResolvedOptions = Required<Omit<DatabaseOptions, 'merge'>> & { readonly merge: Required<MergeSettings> };

const MiB = 1024 * 1024;

/** What holds when nothing is chosen. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  createIfMissing: true,
  errorIfExists: false,
  durability: 'os',
  commit: 'call',
  expiry: 'engine',
  maxDataFileSize: 256 * MiB,
  cacheBytes: 32 * MiB,
  lockTimeoutMs: 0,
  merge: Object.freeze({
    auto: true,
    deadShare: 0.5,
    minDeadBytes: 16 * MiB,
    bytesPerSecond: Number.POSITIVE_INFINITY,
  }),
  fs: nodeFileSystem,
  now: Date.now,
  onProgress: () => {},
});

/**
 * The given options, with the defaults for all others.
 * @throws {EngineError} `INVALID_ARGUMENT` naming the option that makes no sense.
 */
export function resolveOptions(given: DatabaseOptions = {}): ResolvedOptions {
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merge = { ...DEFAULT_OPTIONS.merge, ...given.merge };
  const options: ResolvedOptions = { ...DEFAULT_OPTIONS, ...chosen, merge };
  checkDurability(options.durability);
  checkNumber('maxDataFileSize', options.maxDataFileSize, 1);
  checkNumber('cacheBytes', options.cacheBytes, 0);
  checkNumber('lockTimeoutMs', options.lockTimeoutMs, 0);
  checkNumber('merge.deadShare', merge.deadShare, 0);
  checkNumber('merge.minDeadBytes', merge.minDeadBytes, 0);
  checkSpeed('merge.bytesPerSecond', merge.bytesPerSecond);
  if (options.commit !== 'call' && options.commit !== 'turn') throw invalidOption('commit', "'call' or 'turn'");
  if (options.expiry !== 'engine' && options.expiry !== 'caller') throw invalidOption('expiry', "'engine' or 'caller'");
  return options;
}

/** @throws {EngineError} `INVALID_ARGUMENT` when this is no durability level. */
export function checkDurability(level: Durability): void {
  if (level === 'memory' || level === 'os' || level === 'disk') return;
  if (typeof level === 'object' && level !== null && level.intervalMs >= 0) return;
  throw invalidOption('durability', "'memory', 'os', 'disk' or { intervalMs: a number of milliseconds }");
}

/** @throws {EngineError} `INVALID_ARGUMENT` when an option is no number, or too low. */
export function checkNumber(name: string, value: number, min: number): void {
  if (!(Number.isFinite(value) && value >= min)) throw invalidOption(name, `a number of at least ${min}`);
}

function checkSpeed(name: string, bytesPerSecond: number): void {
  if (!(bytesPerSecond > 0)) throw invalidOption(name, 'a number above 0');
}

function invalidOption(name: string, wanted: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', `the option ${name} must be ${wanted}`);
}

/** What a `merge` may be given. */
export interface MergeOptions {
  /** Ends the merge, which rejects with the signal's reason; the store is as it was before. */
  readonly signal?: AbortSignal;
  /** Called now and then. */
  readonly onProgress?: (progress: MergeProgress) => void;
  /** The most bytes to read in a second. Default: that of the store. */
  readonly bytesPerSecond?: number;
}

/** How far a merge has come, in bytes of the files that it reads. */
export interface MergeProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** @throws {EngineError} `INVALID_ARGUMENT`. */
export function checkMergeOptions({ bytesPerSecond }: MergeOptions): void {
  if (bytesPerSecond !== undefined) checkSpeed('bytesPerSecond', bytesPerSecond);
}

/** What a `put` may be given beside key and value. */
export interface PutOptions {
  /** A byte of the caller's own, 0 to 255, that can be read without the value. Default: 0. */
  readonly tag?: number;
  /** When the key goes away, in milliseconds since the Unix epoch. Default: never. */
  readonly expiresAtMs?: number;
  /** Eight bytes of the caller's own, that can be read without the value. */
  readonly orderKey?: Uint8Array;
  /** Put only a key that is absent, else throw `CONFLICT`. */
  readonly ifAbsent?: boolean;
  /** Put only if the newest change of the key has this seq, else throw `CONFLICT`. */
  readonly ifSeq?: number;
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}

/** What an `expireAt` or a commit may be given. */
export interface ChangeOptions {
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}

/** How often an optimistic transaction is tried when nothing is chosen. */
export const DEFAULT_ATTEMPTS = 5;

/** What an `optimistic` transaction may be given. */
export interface OptimisticOptions extends ChangeOptions {
  /** How often the function is run at most, when others change what it depends on. Default: 5. */
  readonly attempts?: number;
}

/** What an `update` may be given. */
export type UpdateOptions = Omit<PutOptions, 'ifAbsent' | 'ifSeq'>;

/** What a `delete` may be given. */
export interface DeleteOptions extends ChangeOptions {
  /** Remove the key only if its newest change has this seq, else throw `CONFLICT`. */
  readonly ifSeq?: number;
}

/** @throws {EngineError} `KEY_TOO_LARGE` or `VALUE_TOO_LARGE`. */
export function checkSizes(keySize: number, valueSize: number): void {
  if (keySize > MAX_KEY_SIZE) {
    throw new EngineError('KEY_TOO_LARGE', `the key has ${keySize} bytes, at most ${MAX_KEY_SIZE} are possible`);
  }
  if (valueSize > MAX_VALUE_SIZE) {
    throw new EngineError(
      'VALUE_TOO_LARGE',
      `the value has ${valueSize} bytes, at most ${MAX_VALUE_SIZE} are possible`,
    );
  }
}

/** @throws {EngineError} `INVALID_ARGUMENT` naming the option that makes no sense. */
export function checkPutOptions({ tag = 0, expiresAtMs, orderKey }: PutOptions): void {
  if (!(Number.isInteger(tag) && tag >= 0 && tag <= 255)) throw invalid('tag must be a whole number from 0 to 255');
  if (expiresAtMs !== undefined) checkExpiry(expiresAtMs);
  if (orderKey !== undefined && orderKey.length !== ORDER_KEY_SIZE) throw invalid('orderKey must have 8 bytes');
}

/** @throws {TypeError} when a function that was given to `caller` has returned a promise. */
export function checkSynchronous(result: unknown, caller: string): void {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
  throw new TypeError(`the function given to ${caller}() must be synchronous, and this one has returned a promise`);
}

/** @throws {EngineError} `INVALID_ARGUMENT` when this is no time a key can have. */
export function checkExpiry(expiresAtMs: number): void {
  if (Number.isSafeInteger(expiresAtMs) && expiresAtMs > 0) return;
  throw invalid('expiresAtMs must be a whole number of milliseconds since 1970, above 0');
}

function invalid(message: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', message);
}
