/** Two data files in which a put stands behind the tombstone that it is older than, as after a merge or a restored backup. */
import { mkdirSync, rmSync } from 'node:fs';
import { DataFile } from '../engine/src/disk/data-file.ts';
import type { FileId } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { encodeRecord, KIND_PUT, KIND_TOMBSTONE } from '../engine/src/format/record.ts';

const DIRECTORY = 'zerocask-data/moved-put';

function write(id: number, changes: [kind: number, seq: number, key: string, value: string][]): void {
  const file = DataFile.create(nodeFileSystem, DIRECTORY, id as FileId, 1000 + id);
  for (const [kind, seq, key, value] of changes) {
    const fields = { kind, seq, key: Buffer.from(key), value: Buffer.from(value) };
    file.append(encodeRecord(fields, file.salt, file.size));
  }
  file.close();
}

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY, { recursive: true });
write(1, [
  [KIND_TOMBSTONE, 9, 'city', ''],
  [KIND_PUT, 5, 'river', 'Spree'],
]);
write(2, [
  [KIND_PUT, 4, 'city', 'Bonn'],
  [KIND_TOMBSTONE, 3, 'river', ''],
]);
