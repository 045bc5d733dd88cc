// superseded later: DatabaseOptions, DEFAULT_OPTIONS, resolveOptions

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

/** What holds when nothing is chosen. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  createIfMissing: true,
  errorIfExists: false,
  durability: 'os',
  commit: 'call',
  expiry: 'engine',
  maxDataFileSize: 256 * MiB,
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
  checkNumber('lockTimeoutMs', options.lockTimeoutMs, 0);
  checkNumber('merge.deadShare', merge.deadShare, 0);
  checkNumber('merge.minDeadBytes', merge.minDeadBytes, 0);
  checkSpeed('merge.bytesPerSecond', merge.bytesPerSecond);
  if (options.commit !== 'call' && options.commit !== 'turn') throw invalidOption('commit', "'call' or 'turn'");
  if (options.expiry !== 'engine' && options.expiry !== 'caller') throw invalidOption('expiry', "'engine' or 'caller'");
  return options;
}
