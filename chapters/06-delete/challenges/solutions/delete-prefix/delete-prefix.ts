/** Delete every key that begins so. There is no list of the keys yet (chapter 09), but the log knows every key that ever was. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { CorruptionError } from '../engine/src/errors.ts';
import { type Input, toBuffer } from '../engine/src/format/bytes.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord } from '../engine/src/format/record.ts';
import type { Database } from '../engine/src/index.ts';
import { type KeyString, keyBytes, toKeyString } from '../engine/src/keydir/keydir.ts';

/** Returns how many keys were there. */
export function deletePrefix(db: Database, prefix: Input): number {
  const wanted = toBuffer(prefix);
  const found = new Set<KeyString>();
  for (const name of nodeFileSystem.list(db.directory)) {
    for (const key of keysIn(db.directory, name)) {
      if (key.subarray(0, wanted.length).equals(wanted)) found.add(toKeyString(key));
    }
  }
  // The first deletes only now: they make the log longer, and perhaps begin a new file.
  return [...found].filter(key => db.delete(keyBytes(key)) !== undefined).length;
}

function* keysIn(directory: string, name: string): Generator<Buffer> {
  const id = parseDataFileName(name);
  if (id === undefined) return;
  const file = DataFile.open(nodeFileSystem, directory, id);
  const bytes = file.read(0, file.size);
  file.close();
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(name, offset, `the record is ${record}`);
    yield record.key;
    offset += record.size;
  }
}
