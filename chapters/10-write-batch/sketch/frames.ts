/** Print the records of a database's files, and which of them belong together: `node --import tsx sketch/frames.ts DIRECTORY`. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { RecordReader } from '../engine/src/disk/record-reader.ts';
import { readBatchEnd } from '../engine/src/format/batch-end.ts';
import { KIND_BATCH_END, type LogRecord } from '../engine/src/format/record.ts';

const KINDS = ['', 'put', 'tombstone'];

function line(record: LogRecord): string {
  const { kind, seq, key, value, batch, size } = record;
  const end = kind === KIND_BATCH_END ? readBatchEnd(record) : undefined;
  const change = `${KINDS[kind] ?? kind}  seq ${seq}  ${key}${value.length > 0 ? ` = ${value}` : ''}`;
  const what = end === undefined ? change : `end of ${end.count} records, ${end.size} bytes`;
  const rail = end !== undefined ? '└─ ' : batch ? '│  ' : '';
  return `${(rail + what).padEnd(36)} ${size} bytes`;
}

const directory = process.argv[2] ?? '.';
for (const name of nodeFileSystem.list(directory).sort()) {
  const id = parseDataFileName(name);
  if (id === undefined) continue;
  const file = DataFile.open(nodeFileSystem, directory, id);
  const reader = new RecordReader(file);
  console.log(`${name}  ${file.size} bytes`);
  for (let at = reader.offset, record = reader.next(); ; at = reader.offset, record = reader.next()) {
    if (typeof record === 'string') {
      if (record !== 'end') console.log(`  @${at}  ${record}`);
      break;
    }
    console.log(`  @${String(at).padEnd(5)} ${line(record)}`);
  }
  file.close();
}
