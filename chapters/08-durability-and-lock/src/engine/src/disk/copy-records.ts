// superseded later: imports, rewriteFile
/**
 * Copies of what is in a data file: of bytes that no longer count, into lost/; of records that may not be on the disk,
 * into a new data file.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CorruptionError } from '../errors.ts';
import { encodeRecord } from '../format/record.ts';
import { DataFile, readFully, writeFully } from './data-file.ts';
import { dataFileName, type FileId } from './file-names.ts';
import type { FileSystem } from './file-system.ts';
import { type LiveFile, removeIfThere } from './manifest.ts';
import { RecordReader } from './record-reader.ts';

/** Copy the records of a sealed file to a new data file `id`, which is on the disk and sealed on return. */
export function rewriteFile(fs: FileSystem, directory: string, live: LiveFile, id: FileId): LiveFile {
  removeIfThere(fs, join(directory, dataFileName(id))); // Another opening began it and did not come to an end.
  const source = DataFile.open(fs, directory, live.id);
  const target = DataFile.create(fs, directory, id, randomBytes(4).readUInt32LE());
  try {
    const reader = new RecordReader(source, undefined, live.sealedSize!);
    let record = reader.next();
    for (; typeof record === 'object'; record = reader.next()) {
      target.append(encodeRecord({ ...record, syncedTo: 0 }, target.salt, target.size));
    }
    if (record !== 'end') throw new CorruptionError(source.name, reader.offset, `the record is ${record} by now`);
    target.sync();
    return { ...live, id, salt: target.salt, sealedSize: target.size };
  } finally {
    source.close();
    target.close();
  }
}
