/** A merge in ten lines: files with little that is alive are copied to a new one, without what is dead, and removed. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataFile } from '../engine/src/disk/data-file.ts';
import { type FileId, parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_PUT, type LogRecord } from '../engine/src/format/record.ts';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/naive-merge';
const SMALL = { maxDataFileSize: 200, durability: 'memory', merge: { auto: false } } as const;

const dataFiles = (): string[] =>
  readdirSync(DIRECTORY)
    .filter(name => parseDataFileName(name) !== undefined)
    .sort();

function recordsIn(name: string): LogRecord[] {
  const bytes = readFileSync(join(DIRECTORY, name));
  const header = decodeFileHeader(bytes);
  const records: LogRecord[] = [];
  for (let offset = FILE_HEADER_SIZE; typeof header === 'object' && offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, header.salt, offset) as LogRecord;
    records.push(record);
    offset += record.size;
  }
  return records;
}

/** The ten lines. A put is alive when it is the newest record of its key. */
function merge(): void {
  const newest = new Map<string, number>();
  for (const { key, seq } of dataFiles().flatMap(recordsIn)) {
    newest.set(String(key), Math.max(seq, newest.get(String(key)) ?? 0));
  }
  const isAlive = ({ kind, key, seq }: LogRecord): boolean => kind === KIND_PUT && newest.get(String(key)) === seq;
  const merged = DataFile.create(nodeFileSystem, DIRECTORY, 9 as FileId, 9);
  for (const name of dataFiles().filter(name => !name.startsWith('0000000009'))) {
    const records = recordsIn(name);
    if (records.filter(isAlive).length > records.length / 2) continue; // Mostly alive: not worth it.
    for (const record of records.filter(isAlive))
      merged.append(encodeRecord({ ...record, syncedTo: 0 }, merged.salt, merged.size));
    rmSync(join(DIRECTORY, name));
    console.log(`merged ${name}`);
  }
  merged.close();
  for (const name of ['MANIFEST', 'MANIFEST.previous']) rmSync(join(DIRECTORY, name)); // It is made anew from the files.
}

rmSync(DIRECTORY, { recursive: true, force: true });
let db = await Database.open(DIRECTORY, SMALL);
db.put('city', 'Berlin');
for (const n of [1, 2, 3]) db.put(`street ${n}`, 'long '.repeat(10));
await db.sync();
db.delete('city');
for (const n of [1, 2, 3]) db.put('counter', `${n}`.padEnd(50, '.'));
console.log('city is', String(db.get('city') ?? 'absent'));
await db.close();
const bytes = (): number => dataFiles().reduce((sum, name) => sum + statSync(join(DIRECTORY, name)).size, 0);
const before = bytes();
merge();
console.log(`${before} bytes, now ${bytes()}`);
db = await Database.open(DIRECTORY, SMALL);
console.log('city is', String(db.get('city') ?? 'absent'));
await db.close();
