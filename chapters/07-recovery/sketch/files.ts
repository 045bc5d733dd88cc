/** What lies in a database directory, read without a database: the manifest's files, every record, and lost/. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFileHeader, FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, KIND_PUT } from '../engine/src/format/record.ts';

const directory = process.argv[2] ?? 'zerocask-data/crashed';

interface Listed {
  readonly id: number;
  readonly sealedSize: number | null;
}

function listedFiles(): readonly Listed[] {
  try {
    return (JSON.parse(readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n')[0] ?? '') as { files: Listed[] })
      .files;
  } catch {
    console.log('MANIFEST         cannot be read');
    return [];
  }
}

function showRecords(bytes: Buffer): void {
  const header = decodeFileHeader(bytes);
  if (typeof header === 'string') {
    console.log(`  @0   the header is ${header}`);
    return;
  }
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, header.salt, offset);
    if (typeof record === 'string') {
      console.log(`  @${offset}  ${record}: ${bytes.length - offset} bytes`);
      return;
    }
    const { kind, seq, syncedTo, key, value, size } = record;
    const what = kind === KIND_PUT ? `"${key}" = "${value}"` : `tombstone of "${key}"`;
    console.log(`  @${offset}  seq ${seq}  ${what}${syncedTo > 0 ? `  all up to seq ${syncedTo} is synced` : ''}`);
    offset += size;
  }
}

const listed = listedFiles();
for (const name of readdirSync(directory)
  .filter(each => each.endsWith('.data'))
  .sort()) {
  const live = listed.find(({ id }) => id === Number.parseInt(name, 10));
  const state =
    live === undefined ? 'not listed' : live.sealedSize === null ? 'growing' : `sealed at ${live.sealedSize}`;
  const bytes = readFileSync(join(directory, name));
  console.log(`${name}  ${bytes.length} bytes, ${state}`);
  showRecords(bytes);
}
const lost = join(directory, 'lost');
for (const name of existsSync(lost) ? readdirSync(lost).sort() : []) {
  console.log(`lost/${name}  ${statSync(join(lost, name)).size} bytes`);
}
