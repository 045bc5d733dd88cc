// superseded later: DatabaseOptions, DEFAULT_OPTIONS, resolveOptions, PutOptions, ChangeOptions

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
  /** A data file that has reached this size, in bytes, is followed by a new one. Default: 256 MiB. */
  readonly maxDataFileSize?: number;
  /** How long to wait, in milliseconds, for a database that another process has open. Default: 0. */
  readonly lockTimeoutMs?: number;
  /** The file system to use. Default: this machine's. */
  readonly fs?: FileSystem;
  /** Called now and then while the database opens. */
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** What holds when nothing is chosen. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  createIfMissing: true,
  errorIfExists: false,
  durability: 'os',
  commit: 'call',
  maxDataFileSize: 256 * MiB,
  lockTimeoutMs: 0,
  fs: nodeFileSystem,
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
  checkNumber('lockTimeoutMs', options.lockTimeoutMs, 0);
  if (options.commit !== 'call' && options.commit !== 'turn') throw invalidOption('commit', "'call' or 'turn'");
  return options;
}

/** What a `put` may be given beside key and value. */
export interface PutOptions {
  /** Put only a key that is absent, else throw `CONFLICT`. */
  readonly ifAbsent?: boolean;
  /** Put only if the newest change of the key has this seq, else throw `CONFLICT`. */
  readonly ifSeq?: number;
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}

/** What a commit may be given. */
export interface ChangeOptions {
  /** The level of this change, if not the store's. */
  readonly durability?: Durability;
}
