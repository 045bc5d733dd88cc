/**
 * Manifest: the only truth about which files are live. A data file that is not listed here does not count.
 *
 * It is a text of two lines, a JSON object and its CRC-32, so that a person can read it too:
 *
 *    {"format":1,"files":[{"id":1,"salt":7,"sealedSize":4096,"minSeq":1,"maxSeq":90}],"nextFileId":2,"lastSeq":90, ...}
 *    crc32 1b851995
 *
 * A new version is written beside the old one, synced, and renamed over it; then the directory is synced. So there is
 * always a whole manifest. The one before is kept as MANIFEST.previous.
 * Invariant: what the object in memory says is on the disk only after `commit` has returned.
 */

import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { crc32 } from '../format/crc32.ts';
import { readFully, writeFully } from './data-file.ts';
import type { FileId } from './file-names.ts';
import type { FileSystem } from './file-system.ts';

export const MANIFEST_NAME = 'MANIFEST';
export const PREVIOUS_NAME = 'MANIFEST.previous';
export const TEMPORARY_NAME = 'MANIFEST.tmp';

/** The form of the manifest that this code writes, and the newest it can read. */
const MANIFEST_FORMAT = 1;

/** What the manifest says of one data file. */
export interface LiveFile {
  readonly id: FileId;
  readonly salt: number;
  /** The size up to which the file counts, once it is synced and will not grow; null: it may still grow. */
  sealedSize: number | null;
  /** One above the seq of the record before this file; 0: not known. */
  minSeq: number;
  /** The highest seq in a sealed file; means nothing while it may grow. */
  maxSeq: number;
}

/** What the manifest says. */
export interface Manifest {
  /** Oldest first. */
  files: LiveFile[];
  nextFileId: number;
  /** Every seq up to this one has been given away. */
  lastSeq: number;
  /** Every record up to this seq had been synced when the manifest was written. */
  syncedTo: number;
  /** Space ids up to this one have been given away. */
  maxSpaceId: number;
  /** Two random numbers of 32 bits that the order of hashed keys begins with. */
  hashSeed: readonly [number, number];
}

/** The manifest of a database that has nothing in it yet. */
export function emptyManifest(hashSeed: readonly [number, number]): Manifest {
  return { files: [], nextFileId: 1, lastSeq: 0, syncedTo: 0, maxSpaceId: 0, hashSeed };
}

/** The manifest as text. */
export function encodeManifest(manifest: Manifest): Buffer {
  const line = `${JSON.stringify({ format: MANIFEST_FORMAT, ...manifest })}\n`;
  return Buffer.from(`${line}crc32 ${crcInHex(Buffer.from(line))}\n`);
}

/**
 * The manifest in these bytes; `undefined` when they are damaged.
 * @throws {EngineError} `NEWER_FORMAT` when it is whole, and written for a newer program.
 */
export function decodeManifest(bytes: Buffer): Manifest | undefined {
  const lineEnd = bytes.indexOf('\n') + 1;
  const line = bytes.subarray(0, lineEnd);
  if (bytes.toString('utf8', lineEnd) !== `crc32 ${crcInHex(line)}\n`) return undefined;
  const { format, ...manifest } = JSON.parse(line.toString('utf8')) as Manifest & { format: number };
  if (format > MANIFEST_FORMAT) {
    throw new EngineError('NEWER_FORMAT', `the database has manifest format ${format}: use a newer program to open it`);
  }
  return manifest;
}

function crcInHex(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** The manifest of a directory; `undefined` when it is missing or damaged. @throws {EngineError} `NEWER_FORMAT`. */
export function readManifest(fs: FileSystem, directory: string): Manifest | undefined {
  const bytes = readFile(fs, join(directory, MANIFEST_NAME));
  return bytes && decodeManifest(bytes);
}

/** Write the manifest so that it takes the place of the one before, whatever happens on the way. */
export function commitManifest(fs: FileSystem, directory: string, manifest: Manifest): void {
  const older = readFile(fs, join(directory, MANIFEST_NAME));
  const isWhole = older !== undefined && decodeManifest(older) !== undefined;
  if (isWhole) writeFile(fs, join(directory, PREVIOUS_NAME), older, false);
  writeFile(fs, join(directory, TEMPORARY_NAME), encodeManifest(manifest), true);
  fs.rename(join(directory, TEMPORARY_NAME), join(directory, MANIFEST_NAME));
  fs.syncDirectory(directory);
}

/** Have the manifest before this one say the same as this one, so that nothing needs what only the older one listed. */
export function keepAsPrevious(fs: FileSystem, directory: string): void {
  const bytes = readFile(fs, join(directory, MANIFEST_NAME));
  if (bytes === undefined) throw new EngineError('IO', `${MANIFEST_NAME} is missing in ${directory}`);
  writeFile(fs, join(directory, PREVIOUS_NAME), bytes, true);
  fs.syncDirectory(directory);
}

/** The bytes of a small file; `undefined` when there is none. */
export function readFile(fs: FileSystem, path: string): Buffer | undefined {
  try {
    const file = fs.open(path, 'read');
    try {
      const bytes = Buffer.alloc(file.size());
      return bytes.subarray(0, readFully(file, bytes, 0, bytes.length, 0));
    } finally {
      file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Write a small file anew. */
export function writeFile(fs: FileSystem, path: string, bytes: Uint8Array, sync: boolean): void {
  removeIfThere(fs, path);
  const file = fs.open(path, 'create');
  try {
    writeFully(file, bytes, 0, bytes.length, 0);
    if (sync) file.syncData();
  } finally {
    file.close();
  }
}

/** Remove a file that may be gone already. */
export function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.remove(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
