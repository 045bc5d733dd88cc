/**
 * Make a directory so that it stays: like a file's, its name is on the disk when the directory above has been synced. Without
 * that a power cut can take a new database as a whole, with everything in it that was synced.
 */

import { dirname } from 'node:path';
import type { FileSystem } from './file-system.ts';

/** Make a directory, and those above it that lack. On return their names are on the disk. */
export function makeDirectory(fs: FileSystem, directory: string): void {
  const parent = dirname(directory);
  if (!exists(fs, parent)) makeDirectory(fs, parent);
  fs.makeDirectory(directory);
  try {
    fs.syncDirectory(parent);
  } catch (error) {
    // Who may make a name there may not always open the directory to sync it: then that is up to the system.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
}

function exists(fs: FileSystem, directory: string): boolean {
  try {
    fs.list(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
