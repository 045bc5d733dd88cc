/** Print every record of the data files in a directory: `node --import tsx sketch/show-log.ts DIRECTORY`. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord } from '../engine/src/format/record.ts';

const KINDS = ['', 'put', 'tombstone'];
const quote = (bytes: Buffer): string => JSON.stringify(bytes.toString());

const directory = process.argv[2] ?? '.';
for (const name of nodeFileSystem.list(directory).sort()) {
  const id = parseDataFileName(name);
  if (id === undefined) continue;
  const file = DataFile.open(nodeFileSystem, directory, id);
  const bytes = file.read(0, file.size);
  console.log(`${name}  ${file.size} bytes`);
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') {
      console.log(`  @${offset}  ${record}: ${bytes.length - offset} bytes that are no record`);
      break;
    }
    const { kind, seq, key, value, size } = record;
    console.log(`  @${offset}  ${KINDS[kind] ?? kind}  seq ${seq}  ${quote(key)} = ${quote(value)}  ${size} bytes`);
    offset += size;
  }
  file.close();
}
