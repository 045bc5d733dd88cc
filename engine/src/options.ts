/**
 * Options: what a caller can choose when opening a database, and what holds when nothing is chosen.
 */

import { type FileSystem, nodeFileSystem } from './disk/file-system.ts';
import { EngineError } from './errors.ts';

/**
 * When a change counts as safe: `'memory'`: it is in our buffer, handed to the operating system at the end of the turn;
 * `'os'`: the operating system has it, so it survives the end of this process; `{ intervalMs }`: as `'os'`, and it is on
 * the disk at most that much later; `'disk'`: it is on the disk, and survives a power cut. See docs/durability.md.
 */
export type Durability = 'memory' | 'os' | 'disk' | { readonly intervalMs: number };

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
  /** The file system to use. Default: this machine's. */
  readonly fs?: FileSystem;
  /** The time of day, in milliseconds since the Unix epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Called now and then while the database opens. */
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** Options with every choice made. */
export type ResolvedOptions = Required<DatabaseOptions>;

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
  const options: ResolvedOptions = { ...DEFAULT_OPTIONS, ...chosen };
  checkDurability(options.durability);
  checkNumber('maxDataFileSize', options.maxDataFileSize, 1);
  checkNumber('cacheBytes', options.cacheBytes, 0);
  checkNumber('lockTimeoutMs', options.lockTimeoutMs, 0);
  if (options.commit !== 'call' && options.commit !== 'turn') throw invalid('commit', "'call' or 'turn'");
  if (options.expiry !== 'engine' && options.expiry !== 'caller') throw invalid('expiry', "'engine' or 'caller'");
  return options;
}

/** @throws {EngineError} `INVALID_ARGUMENT` when this is no durability level. */
export function checkDurability(level: Durability): void {
  if (level === 'memory' || level === 'os' || level === 'disk') return;
  if (typeof level === 'object' && level !== null && level.intervalMs >= 0) return;
  throw invalid('durability', "'memory', 'os', 'disk' or { intervalMs: a number of milliseconds }");
}

function checkNumber(name: string, value: number, min: number): void {
  if (!(Number.isFinite(value) && value >= min)) throw invalid(name, `a number of at least ${min}`);
}

function invalid(name: string, wanted: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', `the option ${name} must be ${wanted}`);
}
