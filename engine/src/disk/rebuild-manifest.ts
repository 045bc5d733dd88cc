/**
 * Rebuild the manifest: for a directory whose manifest is missing or damaged. What the manifest before says of its files
 * still holds: a sealed file stays as it is, and no file that it lists goes before it too says so. Files made later count
 * as well, in the order of their numbers.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { DataFile } from './data-file.ts';
import { type FileId, parseDataFileName } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { decodeManifest, emptyManifest, type LiveFile, type Manifest, PREVIOUS_NAME, readFile } from './manifest.ts';

/** A manifest that lists every data file of the directory; an empty one where there are none. */
export function rebuildManifest(fs: FileSystem, directory: string): Manifest {
  const bytes = readFile(fs, join(directory, PREVIOUS_NAME));
  const previous = (bytes && decodeManifest(bytes)) ?? emptyManifest(newHashSeed());
  // Of lower numbers, files that are not listed have been replaced, or were left behind when something did not end.
  const later = dataFileIds(fs, directory).filter(id => id >= previous.nextFileId);
  const unknown = later.sort((a, b) => a - b).map(id => unknownFile(fs, directory, id));
  const nextFileId = Math.max(previous.nextFileId, (unknown.at(-1)?.id ?? 0) + 1);
  return { ...previous, files: [...previous.files, ...unknown], nextFileId };
}

/** The numbers of the data files in a directory, in no order. */
export function dataFileIds(fs: FileSystem, directory: string): FileId[] {
  return fs
    .list(directory)
    .map(parseDataFileName)
    .filter(id => id !== undefined);
}

/** A file that nothing is known of but its header. Recovery finds out whether that can be read, and where it ends. */
function unknownFile(fs: FileSystem, directory: string, id: FileId): LiveFile {
  return { id, salt: saltOf(fs, directory, id), sealedSize: null, minSeq: 0, maxSeq: 0 };
}

function saltOf(fs: FileSystem, directory: string, id: FileId): number {
  try {
    const file = DataFile.open(fs, directory, id);
    file.close();
    return file.salt;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CORRUPT') return 0;
    throw error;
  }
}

function newHashSeed(): readonly [number, number] {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
}
