// superseded later: DatabaseOptions, DEFAULT_OPTIONS

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
  /** Called now and then while the database opens. */
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** What holds when nothing is chosen. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  createIfMissing: true,
  errorIfExists: false,
  maxDataFileSize: 256 * MiB,
  fs: nodeFileSystem,
  onProgress: () => {},
});
