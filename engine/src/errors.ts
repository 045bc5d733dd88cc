/**
 * Errors: the one class the engine throws, told apart by its code.
 *
 * A key that is absent is no error: reads answer `undefined`. An error that another error caused carries it as `cause`.
 * Every code has a line in engine/README.md.
 */

/** What went wrong, for programs; the message says it for people. */
export type EngineErrorCode =
  | 'CORRUPT'
  | 'LOCKED'
  | 'CLOSED'
  | 'KEY_TOO_LARGE'
  | 'VALUE_TOO_LARGE'
  | 'INVALID_ARGUMENT'
  | 'CONFLICT'
  | 'NOT_FOUND'
  | 'EXISTS'
  | 'DISK_FULL'
  | 'IO'
  | 'POISONED'
  | 'NEWER_FORMAT'
  | 'UNSUPPORTED'
  | 'NO_SPACE_WITH_ID';

/** Every error the engine throws on purpose. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Bytes on the disk are not the bytes that were written. `file` and `offset` say where. */
export class CorruptionError extends EngineError {
  override readonly name: string = 'CorruptionError';
  /** The file's name inside the database directory. */
  readonly file: string;
  /** Where the damaged record begins, in bytes from the start of the file. */
  readonly offset: number;

  constructor(file: string, offset: number, problem: string, options?: ErrorOptions) {
    super('CORRUPT', `${file} is damaged at offset ${offset}: ${problem}`, options);
    this.file = file;
    this.offset = offset;
  }
}
