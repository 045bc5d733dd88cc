/**
 * Settle: leave a directory so that new files can be added to it. What recovery has read is made durable, the manifest says
 * so, and files that do not count go.
 *
 * Invariant: the manifest is written when all that it lists is on the disk, and nothing goes before it is written.
 */

import { join } from 'node:path';
import { rewriteFile } from '../disk/copy-records.ts';
import { makeReadOnly } from '../disk/data-files.ts';
import {
  dataFileName,
  type FileId,
  hintFileName,
  isHintFileName,
  isMergingFileName,
  parseDataFileName,
} from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { commitManifest, type LiveFile, type Manifest, readFile, removeIfThere } from '../disk/manifest.ts';
import { POISONED_NAME } from '../log/log-writer.ts';

/**
 * Make `kept`, the files of the manifest that were still growing, durable, and commit the manifest. Returns whether they
 * may be trusted as they are: after a failed sync the system's memory may hold what the disk does not, and no later sync
 * would tell, so such files are written anew.
 */
export function settle(fs: FileSystem, directory: string, manifest: Manifest, kept: readonly LiveFile[]): boolean {
  const mark = join(directory, POISONED_NAME);
  const mayTrust = kept.length === 0 || readFile(fs, mark) === undefined;
  if (mayTrust) for (const live of kept) syncFile(fs, directory, live);
  else rewriteFiles(fs, directory, manifest, kept);
  commitManifest(fs, directory, manifest);
  for (const live of manifest.files.slice(manifest.files.length - kept.length)) makeReadOnly(fs, directory, live.id);
  removeIfThere(fs, mark);
  return mayTrust;
}

function syncFile(fs: FileSystem, directory: string, live: LiveFile): void {
  const file = fs.open(join(directory, dataFileName(live.id)), 'write');
  try {
    file.syncData();
  } finally {
    file.close();
  }
}

function rewriteFiles(fs: FileSystem, directory: string, manifest: Manifest, kept: readonly LiveFile[]): void {
  const written = kept.map(live => rewriteFile(fs, directory, live, manifest.nextFileId++ as FileId));
  manifest.files = [...manifest.files.slice(0, manifest.files.length - kept.length), ...written];
  fs.syncDirectory(directory); // The new files have to have names before the manifest lists them.
}

/** Remove files of ours that the manifest does not list. What cannot be removed is tried again by the next open. */
export function sweep(fs: FileSystem, directory: string, manifest: Manifest): void {
  const listed = new Set(manifest.files.flatMap(live => [dataFileName(live.id), hintFileName(live.id)]));
  for (const name of fs.list(directory)) {
    const isOurs = parseDataFileName(name) !== undefined || isMergingFileName(name) || isHintFileName(name);
    if (!isOurs || listed.has(name)) continue;
    try {
      fs.remove(join(directory, name));
    } catch {}
  }
}
