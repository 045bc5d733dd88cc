/** The value that a key had when `seq` was the newest change: of its records up to there, the one with the highest seq. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { CorruptionError } from '../engine/src/errors.ts';
import { type Input, toBuffer } from '../engine/src/format/bytes.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, KIND_PUT, type LogRecord } from '../engine/src/format/record.ts';

export function getAsOf(directory: string, key: Input, seq: number): Buffer | undefined {
  const wanted = toBuffer(key);
  let newest: LogRecord | undefined;
  for (const name of nodeFileSystem.list(directory)) {
    for (const record of recordsIn(directory, name)) {
      if (record.kind !== KIND_PUT || record.seq > seq || !wanted.equals(record.key)) continue;
      if (newest === undefined || newest.seq < record.seq) newest = record;
    }
  }
  return newest?.value;
}

function* recordsIn(directory: string, name: string): Generator<LogRecord> {
  const id = parseDataFileName(name);
  if (id === undefined) return;
  const file = DataFile.open(nodeFileSystem, directory, id);
  const bytes = file.read(0, file.size);
  file.close();
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(name, offset, `the record is ${record}`);
    yield record;
    offset += record.size;
  }
}
