/**
 * Lost: bytes that do not count any more are not thrown away. They are copied to a folder of their own, lost/, before
 * anything happens to the file that they stand in, and whoever opened the database is told.
 */

import { join } from 'node:path';
import { copyTail } from '../disk/copy-records.ts';
import type { FileSystem } from '../disk/file-system.ts';

/** The folder for bytes that do not count any more. */
export const LOST = 'lost';

/** Bytes that do not count any more, because a write did not end before the program or the machine did. */
export interface CutTail {
  /** The data file's name. */
  readonly file: string;
  /** Where the log ends in it. */
  readonly offset: number;
  readonly bytes: number;
  /** The copy, as a path inside the database directory. */
  readonly keptAs: string;
}

/** Copy what stands in a file from `offset` on to lost/; `undefined` when nothing does. On return the copy is on the disk. */
export function keepTail(fs: FileSystem, directory: string, file: string, offset: number): CutTail | undefined {
  if (!fs.list(directory).includes(file)) return undefined;
  const folder = join(directory, LOST);
  const keptAs = join(LOST, `${file}.${offset}`);
  fs.makeDirectory(folder);
  const bytes = copyTail(fs, join(directory, file), offset, join(directory, keptAs));
  fs.syncDirectory(folder);
  fs.syncDirectory(directory); // It has the name of the folder, which may be new.
  if (bytes > 0) return { file, offset, bytes, keptAs };
  fs.remove(join(directory, keptAs));
  return undefined;
}
