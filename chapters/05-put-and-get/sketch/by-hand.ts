/** Two data files without a database: the parts of chapters 03 and 04, put together by hand. */
import { mkdirSync, rmSync } from 'node:fs';
import { DataFile } from '../engine/src/disk/data-file.ts';
import type { FileId } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';

const DIRECTORY = 'zerocask-data/by-hand';

function write(id: number, puts: [seq: number, key: string, value: string][]): void {
  const file = DataFile.create(nodeFileSystem, DIRECTORY, id as FileId, 1000 + id);
  for (const [seq, key, value] of puts) {
    const fields = { kind: KIND_PUT, seq, key: Buffer.from(key), value: Buffer.from(value) };
    file.append(encodeRecord(fields, file.salt, file.size));
  }
  file.close();
}

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY, { recursive: true });
write(1, [
  [7, 'city', 'Berlin'],
  [8, 'river', 'Rhine'],
]);
write(2, [
  [3, 'city', 'Bonn'],
  [9, 'river', 'Spree'],
]);
