/** I/O errors: what the operating system reports, as errors of ours that say what to do. */

import { EngineError } from '../errors.ts';

/** Codes of the operating system that mean: there is no room. */
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT'];

/** The error to throw when `error` ended the attempt to do `what`. An error of ours stays as it is. */
export function toEngineError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (FULL.includes(code)) {
    return new EngineError('DISK_FULL', `could not ${what}: no space left; free some and try again`, { cause: error });
  }
  return new EngineError('IO', `could not ${what}: ${message}`, { cause: error });
}
