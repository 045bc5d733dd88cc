/**
 * Copies of what is in a data file: of bytes that no longer count, into lost/; of records that may not be on the disk,
 * into a new data file.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CorruptionError } from '../errors.ts';
import { encodeRecord, KIND_BATCH_END } from '../format/record.ts';
import { DataFile, readFully, writeFully } from './data-file.ts';
import { dataFileName, type FileId } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { type LiveFile, removeIfThere } from './manifest.ts';
import { RecordReader } from './record-reader.ts';

const CHUNK_SIZE = 1024 * 1024;

/** Copy a file from byte `from` on to a new file that is on the disk on return. Returns the number of bytes copied. */
export function copyTail(fs: FileSystem, path: string, from: number, to: string): number {
  const source = fs.open(path, 'read');
  try {
    removeIfThere(fs, to);
    const target = fs.open(to, 'create');
    try {
      const chunk = Buffer.alloc(CHUNK_SIZE);
      let copied = 0;
      for (;;) {
        const size = readFully(source, chunk, 0, CHUNK_SIZE, from + copied);
        if (size === 0) break;
        writeFully(target, chunk, 0, size, copied);
        copied += size;
      }
      target.syncData();
      return copied;
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

/**
 * Copy the records of a sealed file to a new data file `id`, which is on the disk and sealed on return.
 * Batches become plain records: the new file counts as a whole, once the manifest lists it.
 */
export function rewriteFile(fs: FileSystem, directory: string, live: LiveFile, id: FileId): LiveFile {
  removeIfThere(fs, join(directory, dataFileName(id))); // Another opening began it and did not come to an end.
  const source = DataFile.open(fs, directory, live.id);
  const target = DataFile.create(fs, directory, id, randomBytes(4).readUInt32LE());
  try {
    const reader = new RecordReader(source, undefined, live.sealedSize!);
    let record = reader.next();
    for (; typeof record === 'object'; record = reader.next()) {
      if (record.kind === KIND_BATCH_END) continue;
      target.append(encodeRecord({ ...record, batch: false, syncedTo: 0 }, target.salt, target.size));
    }
    if (record !== 'end') throw new CorruptionError(source.name, reader.offset, `the record is ${record} by now`);
    target.sync();
    return { ...live, id, salt: target.salt, sealedSize: target.size };
  } finally {
    source.close();
    target.close();
  }
}
