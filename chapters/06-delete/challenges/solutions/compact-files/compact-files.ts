/**
 * Write some data files of a closed database anew, without what is dead. A tombstone is left out only when no older
 * record of its key lies outside of these files.
 *
 * The old files go in the order of their oldest records: a put is gone before the tombstone that covers it. That is enough
 * for files as a log writes them; where they overlap, all of them have to go in one step (chapter 11).
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DataFile } from '../engine/src/disk/data-file.ts';
import { type FileId, parseDataFileName } from '../engine/src/disk/file-names.ts';
import { type FileSystem, nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { CorruptionError } from '../engine/src/errors.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_PUT, type LogRecord } from '../engine/src/format/record.ts';
import { type KeyString, toKeyString } from '../engine/src/keydir/keydir.ts';

export function compactFiles(directory: string, names: readonly string[], fs: FileSystem = nodeFileSystem): void {
  const all = fs.list(directory).filter(name => parseDataFileName(name) !== undefined);
  const outside = all.filter(name => !names.includes(name)).flatMap(name => recordsIn(fs, directory, name));
  const victims = names.map(name => ({ name, records: recordsIn(fs, directory, name) }));
  const inside = victims.flatMap(({ records }) => records);

  const newest = seqs([...outside, ...inside], Math.max);
  const oldestOutside = seqs(outside, Math.min);
  const needed = inside.filter(({ key, kind, seq }) => {
    const name = toKeyString(key);
    if (newest.get(name) !== seq) return false;
    return kind === KIND_PUT || (oldestOutside.get(name) ?? seq) < seq;
  });

  if (needed.length > 0) {
    const highestId = Math.max(...all.map(name => parseDataFileName(name)!));
    writeFile(fs, directory, (highestId + 1) as FileId, needed);
  }
  fs.syncDirectory(directory);
  for (const { name } of victims.sort((a, b) => oldestSeq(a.records) - oldestSeq(b.records))) {
    fs.remove(join(directory, name));
    fs.syncDirectory(directory);
  }
}

function writeFile(fs: FileSystem, directory: string, id: FileId, records: readonly LogRecord[]): void {
  const file = DataFile.create(fs, directory, id, randomBytes(4).readUInt32LE());
  for (const record of records) file.append(encodeRecord(record, file.salt, file.size));
  file.sync();
  file.close();
}

function recordsIn(fs: FileSystem, directory: string, name: string): LogRecord[] {
  const file = DataFile.open(fs, directory, parseDataFileName(name)!);
  const bytes = file.read(0, file.size);
  file.close();
  const records: LogRecord[] = [];
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(name, offset, `the record is ${record}`);
    records.push(record);
    offset += record.size;
  }
  return records;
}

/** One seq of each key: the highest or the lowest. */
function seqs(records: readonly LogRecord[], choose: (a: number, b: number) => number): Map<KeyString, number> {
  const found = new Map<KeyString, number>();
  for (const { key, seq } of records) {
    const name = toKeyString(key);
    found.set(name, choose(seq, found.get(name) ?? seq));
  }
  return found;
}

function oldestSeq(records: readonly LogRecord[]): number {
  return records.reduce((oldest, { seq }) => Math.min(oldest, seq), Number.POSITIVE_INFINITY);
}
