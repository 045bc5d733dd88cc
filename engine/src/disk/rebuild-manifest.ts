/**
 * Rebuild the manifest: for a directory whose manifest is missing or damaged. Every data file counts again, in the order
 * of their numbers; what the manifest before said of sealed files still holds, as sealing is for ever.
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
  const sealed = new Map(previous.files.filter(live => live.sealedSize !== null).map(live => [live.id, live]));
  const ids = new Set([...sealed.keys(), ...dataFileIds(fs, directory)]);
  const files = [...ids].sort((a, b) => a - b).map(id => sealed.get(id) ?? growingFile(fs, directory, id));
  const nextFileId = Math.max(previous.nextFileId, (files.at(-1)?.id ?? 0) + 1);
  return { ...previous, files, nextFileId };
}

/** The numbers of the data files in a directory, in no order. */
export function dataFileIds(fs: FileSystem, directory: string): FileId[] {
  return fs
    .list(directory)
    .map(parseDataFileName)
    .filter(id => id !== undefined);
}

/** A file that nothing is known of but its header. Recovery finds out whether that can be read, and where it ends. */
function growingFile(fs: FileSystem, directory: string, id: FileId): LiveFile {
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
