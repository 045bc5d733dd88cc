// superseded later: imports, DatabaseOptions, ResolvedOptions, DEFAULT_OPTIONS, resolveOptions, checkNumber
/**
 * Options: what a caller can choose when opening a database, and what holds when nothing is chosen. Whatever comes from
 * outside is checked here.
 */

import { type FileSystem, nodeFileSystem } from './disk/file-system.ts';
import { EngineError } from './errors.ts';
import { MAX_KEY_SIZE, MAX_VALUE_SIZE } from './format/record.ts';

/** What a caller can choose when opening a database. */
export interface DatabaseOptions {
  /** Make the directory when it does not exist. Default: true. */
  readonly createIfMissing?: boolean;
  /** Refuse a directory that holds a database already. Default: false. */
  readonly errorIfExists?: boolean;
  /** A data file that has reached this size, in bytes, is followed by a new one. Default: 256 MiB. */
  readonly maxDataFileSize?: number;
  /** The file system to use. Default: this machine's. */
  readonly fs?: FileSystem;
}

/** Options with every choice made. */
export type ResolvedOptions = Required<DatabaseOptions>;

/** What holds when nothing is chosen. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  createIfMissing: true,
  errorIfExists: false,
  maxDataFileSize: 256 * MiB,
  fs: nodeFileSystem,
});

/**
 * The given options, with the defaults for all others.
 * @throws {EngineError} `INVALID_ARGUMENT` naming the option that makes no sense.
 */
export function resolveOptions(given: DatabaseOptions = {}): ResolvedOptions {
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: ResolvedOptions = { ...DEFAULT_OPTIONS, ...chosen };
  checkNumber('maxDataFileSize', options.maxDataFileSize, 1);
  return options;
}

function checkNumber(name: string, value: number, min: number): void {
  if (!(Number.isFinite(value) && value >= min)) throw invalidOption(name, `a number of at least ${min}`);
}
