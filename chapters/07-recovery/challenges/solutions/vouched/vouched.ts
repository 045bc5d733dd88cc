/** Up to which seq something in a directory says that everything was synced. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { type FileId, parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { readManifest } from '../engine/src/disk/manifest.ts';
import { RecordReader } from '../engine/src/disk/record-reader.ts';

export function vouched(directory: string): number {
  let highest = readManifest(nodeFileSystem, directory)?.syncedTo ?? 0;
  for (const name of nodeFileSystem.list(directory)) {
    const id = parseDataFileName(name);
    if (id !== undefined) highest = Math.max(highest, vouchedIn(directory, id));
  }
  return highest;
}

function vouchedIn(directory: string, id: FileId): number {
  const file = DataFile.open(nodeFileSystem, directory, id);
  const reader = new RecordReader(file);
  let highest = 0;
  for (let record = reader.next(); typeof record === 'object'; record = reader.next()) {
    highest = Math.max(highest, record.syncedTo);
  }
  file.close();
  return highest;
}
