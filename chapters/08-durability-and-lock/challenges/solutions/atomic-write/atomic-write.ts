/** A file put in the place of an older one: whoever looks, at any time and after any end, finds the old one or the new one. */
import { dirname } from 'node:path';
import type { FileSystem } from '../engine/src/disk/file-system.ts';

/** Put `bytes` in the place of the file at `path`. On return they are on the disk, under that name. */
export function writeFileAtomically(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const aside = `${path}.new`;
  try {
    fs.remove(aside); // Left behind by somebody who did not come to the end.
  } catch {}
  const file = fs.open(aside, 'create');
  try {
    for (let done = 0; done < bytes.length; ) done += file.write(bytes, done, bytes.length - done, done);
    file.syncData(); // Before the rename: else the name may be there and the bytes not.
  } finally {
    file.close();
  }
  fs.rename(aside, path);
  fs.syncDirectory(dirname(path)); // Else a power cut brings back the old one, after we have returned.
}
