// superseded later: imports, settle, sweep
/**
 * Settle: leave a directory so that new files can be added to it. What recovery has read is made durable, the manifest says
 * so, and files that do not count go.
 *
 * Invariant: the manifest is written when all that it lists is on the disk, and nothing goes before it is written.
 */

import { join } from 'node:path';
import { makeReadOnly } from '../disk/data-files.ts';
import { dataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { commitManifest, type LiveFile, type Manifest } from '../disk/manifest.ts';
import { dataFileIds } from '../disk/rebuild-manifest.ts';

/** Make `kept`, the files of the manifest that were still growing, durable, and commit the manifest. */
export function settle(fs: FileSystem, directory: string, manifest: Manifest, kept: readonly LiveFile[]): void {
  for (const live of kept) syncFile(fs, directory, live);
  commitManifest(fs, directory, manifest);
  for (const live of kept) makeReadOnly(fs, directory, live.id);
}

/** Remove data files that the manifest does not list. What cannot be removed is tried again by the next open. */
export function sweep(fs: FileSystem, directory: string, manifest: Manifest): void {
  const listed = new Set(manifest.files.map(live => live.id));
  for (const id of dataFileIds(fs, directory)) {
    if (listed.has(id)) continue;
    try {
      fs.remove(join(directory, dataFileName(id)));
    } catch {}
  }
}
