/** I/O errors: what the operating system reports, as errors of ours that say what to do. */

import { EngineError } from '../errors.ts';

/** Codes of the operating system that mean: there is no room. */
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT'];

/** What to do about other codes, where that is not plain from the system's own words. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'let this user read and write there, or use another directory',
  EPERM: 'let this user read and write there, or use another directory',
  EROFS: 'the file system is read-only; use another directory',
  EMFILE: 'the process has too many files open; raise its limit (ulimit -n)',
  ENFILE: 'the system has too many files open',
  EFBIG: 'the file system or a limit (ulimit -f) allows no larger files; use a smaller maxDataFileSize',
};

/**
 * The error to throw when `error` ended the attempt to do `what`. An error of ours stays as it is.
 * @throws the error itself when it is none of the operating system's, as a mistake in a program is no trouble with a disk.
 */
export function toEngineError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  if (FULL.includes(code)) {
    return new EngineError('DISK_FULL', `could not ${what}: no space left; free some and try again`, { cause: error });
  }
  const advice = ADVICE[code ?? ''];
  const text = advice === undefined ? message : `${message}; ${advice}`;
  return new EngineError('IO', `could not ${what}: ${text}`, { cause: error });
}
