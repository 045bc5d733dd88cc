/**
 * What must hold at the end of chapter 07: after any crash the store opens with all that was synced, damage is told from a
 * torn tail, nothing is lost silently, and what can be read can be saved.
 */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { repairDirectory } from '#engine/check/repair.ts';
import { verifyDirectory } from '#engine/check/verify.ts';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '#engine/disk/file-system.ts';
import {
  commitManifest,
  decodeManifest,
  emptyManifest,
  encodeManifest,
  type Manifest,
  readManifest,
} from '#engine/disk/manifest.ts';
import { RecordReader } from '#engine/disk/record-reader.ts';
import { crc32 } from '#engine/format/crc32.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_PUT, type LogRecord } from '#engine/format/record.ts';
import type { DatabaseOptions } from '#engine/options.ts';

const FIRST = '0000000001.data';
const SECOND = '0000000002.data';

let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-07-'));
});

afterEach(async () => {
  for (const db of opened) await db.close().catch(() => {});
  opened = [];
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

async function open(options?: DatabaseOptions, where = directory): Promise<Database> {
  const db = await Database.open(where, options);
  opened.push(db);
  return db;
}

const text = (value: Buffer | undefined): string | undefined => value?.toString();
const isDataFile = (name: string): boolean => parseDataFileName(name) !== undefined;
const dataFiles = (): string[] => nodeFs.readdirSync(directory).filter(isDataFile).sort();
const bytesOf = (name: string): Buffer => nodeFs.readFileSync(join(directory, name));
const manifest = (): Manifest => readManifest(nodeFileSystem, directory)!;

/** Change the bytes of a file behind the store's back. */
function change(name: string, how: (bytes: Buffer) => Buffer): void {
  const path = join(directory, name);
  const bytes = how(nodeFs.readFileSync(path));
  nodeFs.chmodSync(path, 0o644);
  nodeFs.writeFileSync(path, bytes);
}

function flipBit(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}

/** What a kill leaves: a copy of the directory of a database that is still open. `directory` is the copy from now on. */
function crash(): void {
  const copy = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-07-'));
  for (const name of nodeFs.readdirSync(directory)) {
    if (!name.startsWith('LOCK')) nodeFs.cpSync(join(directory, name), join(copy, name), { recursive: true });
  }
  directory = copy;
}

/** Put these, have all on the disk that stands before `sync`, and crash. */
async function crashed(
  pairs: readonly (string | readonly [string, string])[],
  options?: DatabaseOptions,
): Promise<void> {
  const db = await open(options);
  for (const pair of pairs) {
    if (typeof pair === 'string') await db.sync();
    else db.put(...pair);
  }
  crash();
}

/** The records of a data file, by chapter 03 and nothing else. */
function recordsIn(name: string): { record: LogRecord; offset: number }[] {
  const bytes = bytesOf(name);
  const header = decodeFileHeader(bytes);
  if (typeof header === 'string') throw new Error(`the header of ${name} is ${header}`);
  const found = [];
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, header.salt, offset);
    if (typeof record === 'string') throw new Error(`${name} is ${record} at offset ${offset}`);
    found.push({ record, offset });
    offset += record.size;
  }
  return found;
}

/** What the database holds, of these keys: `a=1 b=2`. */
const contents = (db: Database, keys = 'abcdefgh'): string =>
  [...keys].flatMap(key => (db.has(key) ? [`${key}=${text(db.get(key))}`] : [])).join(' ');

/** Every name and byte of the directory: to see that nothing was changed. */
function everything(): string[] {
  const names = nodeFs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter(name => !name.startsWith('LOCK') && nodeFs.statSync(join(directory, name)).isFile());
  return files.sort().map(name => `${name}: ${bytesOf(name).toString('hex')}`);
}

/** This machine's file system, which keeps a list of its calls, and fails from call number `failFrom` on. */
class WatchedDisk {
  readonly calls: string[] = [];
  /** For each name that a file was renamed to: the name that it had before. */
  readonly nameBefore = new Map<string, string>();
  failFrom = Number.POSITIVE_INFINITY;

  readonly fs: FileSystem = watch(nodeFileSystem, (name, args, call) => {
    const path = basename(String(args[name === 'rename' ? 1 : 0]));
    this.#note(name === 'open' ? `open to ${String(args[1])}` : name, path);
    if (name === 'rename') this.nameBefore.set(path, basename(String(args[0])));
    if (name !== 'open') return call();
    return watch(call() as OpenFile, (member, _, callMember) => {
      if (member !== 'close') this.#note(member, path);
      return callMember();
    });
  });

  #note(call: string, path: string): void {
    if (this.calls.length >= this.failFrom) throw Object.assign(new Error('EIO: on purpose'), { code: 'EIO' });
    this.calls.push(`${call} ${path}`);
  }
}

/** The same object, but `seen` decides what becomes of each call of a method. */
function watch<T extends object>(it: T, seen: (name: string, args: unknown[], call: () => unknown) => unknown): T {
  return new Proxy(it, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => seen(String(name), args, () => member.apply(target, args) as unknown);
    },
  });
}

/** These calls stand in the list in this order. Others may stand between them. */
function expectInOrder(calls: readonly string[], wanted: readonly string[]): void {
  let at = 0;
  const missing = wanted.filter(call => {
    const found = calls.indexOf(call, at);
    if (found < 0) return true;
    at = found + 1;
    return false;
  });
  if (missing.length === 0) return;
  const came = calls.filter(call => !/^(read|size|list|open to read) /.test(call));
  const what = missing.length === wanted.length ? '' : `; missing, or too early: ${missing.join(', ')}`;
  expect.fail(
    `these calls did not come, in this order: ${wanted.join(', ')}${what}. What came: ${came.join(', ') || 'nothing'}`,
  );
}

/** What comes of opening: `CORRUPT in 0000000001.data at offset 32`, or what the database holds. */
async function outcome(): Promise<string> {
  try {
    return `opened, with ${contents(await open()) || 'no keys'}`;
  } catch (error) {
    const { code, file, offset } = error as { code?: string; file?: string; offset?: number };
    if (code === undefined) throw error;
    return `${code} in ${file} at offset ${offset}`;
  }
}

/** A data file made without a database, in which no record says what was synced. Its salt is its number. */
function writeDataFile(id: number, changes: readonly (readonly [seq: number, key: string, value: string])[]): void {
  const file = DataFile.create(nodeFileSystem, directory, id as FileId, id);
  for (const [seq, key, value] of changes) {
    const fields = { kind: KIND_PUT, seq, key: Buffer.from(key), value: Buffer.from(value) };
    file.append(encodeRecord(fields, file.salt, file.size));
  }
  file.close();
}

/** All of this data file is in lost/, and the report says so. */
function expectKept(db: Database, name: string, whole: Buffer): void {
  const cut = db.report.cut.find(({ file }) => file === name);
  expect(cut, `what db.report.cut says of ${name}`).toBeDefined();
  expect(cut!.offset, `from where on ${name} does not count`).toBeLessThanOrEqual(FILE_HEADER_SIZE);
  expect(bytesOf(cut!.keptAs), `${cut!.keptAs}, the copy of ${name}`).toEqual(whole.subarray(cut!.offset));
}

describe('Manifest', () => {
  const example = (): Manifest => ({
    ...emptyManifest([1, -2]),
    files: [
      { id: 1 as FileId, salt: 7, sealedSize: 4096, minSeq: 1, maxSeq: 90 },
      { id: 3 as FileId, salt: 9, sealedSize: null, minSeq: 91, maxSeq: 0 },
    ],
    nextFileId: 4,
    lastSeq: 95,
    syncedTo: 90,
  });

  test('what was encoded is what is decoded, and a person can read it', () => {
    const bytes = encodeManifest(example());
    expect(decodeManifest(bytes)).toEqual(example());
    expect(bytes.toString()).toContain('"sealedSize":4096');
  });

  test('a bit that was flipped, or an end that is missing, makes it no manifest', () => {
    const bytes = encodeManifest(example());
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeManifest(flipped), `bit ${bit}`).toBeUndefined();
    }
    for (let end = 0; end < bytes.length; end++) expect(decodeManifest(bytes.subarray(0, end))).toBeUndefined();
  });

  test('a new one takes the place of the old one: written beside it, synced, renamed, and the directory synced', () => {
    commitManifest(nodeFileSystem, directory, emptyManifest([1, 2]));
    const disk = new WatchedDisk();
    commitManifest(disk.fs, directory, example());
    const name = disk.nameBefore.get('MANIFEST');
    expect(name, 'the file that was renamed to MANIFEST').toBeDefined();
    expectInOrder(disk.calls, [
      `write ${name}`,
      `syncData ${name}`,
      'rename MANIFEST',
      `syncDirectory ${basename(directory)}`,
    ]);
    expect(manifest()).toEqual(example());
    expect(decodeManifest(bytesOf('MANIFEST.previous'))).toEqual(emptyManifest([1, 2]));
  });

  test('whatever call fails, there is a whole manifest: the old one or the new one', () => {
    for (let failFrom = 0; failFrom < 20; failFrom++) {
      commitManifest(nodeFileSystem, directory, emptyManifest([1, 2]));
      const disk = new WatchedDisk();
      disk.failFrom = failFrom;
      try {
        commitManifest(disk.fs, directory, example());
      } catch {}
      expect([0, 2]).toContain(manifest().files.length);
    }
  });

  test('the manifest of a newer program is NEWER_FORMAT, and is not taken for a damaged one', async () => {
    const text = encodeManifest(example()).toString();
    const line = text.slice(0, text.indexOf('\n') + 1).replace('"format":1', '"format":2');
    const checksum = crc32(Buffer.from(line)).toString(16).padStart(8, '0');
    nodeFs.writeFileSync(join(directory, 'MANIFEST'), `${line}crc32 ${checksum}\n`);
    const refused = expect.objectContaining({ code: 'NEWER_FORMAT' });
    expect(() => readManifest(nodeFileSystem, directory)).toThrow(refused);
  });

  test('a damaged one does not take the place of the one before', () => {
    commitManifest(nodeFileSystem, directory, example());
    commitManifest(nodeFileSystem, directory, example());
    change('MANIFEST', bytes => flipBit(bytes, 20));
    expect(readManifest(nodeFileSystem, directory)).toBeUndefined();
    commitManifest(nodeFileSystem, directory, emptyManifest([1, 2]));
    expect(decodeManifest(bytesOf('MANIFEST.previous'))).toEqual(example());
  });
});

describe('Reader', () => {
  function fileOf(values: readonly Buffer[]): DataFile {
    const file = DataFile.create(nodeFileSystem, directory, 1 as FileId, 7);
    for (const [n, value] of values.entries()) {
      const fields = { kind: KIND_PUT, seq: n + 1, key: Buffer.from(`key ${n}`), value };
      file.append(encodeRecord(fields, file.salt, file.size));
    }
    return file;
  }

  test('every record comes once, in order, small ones and one that is larger than any window', () => {
    const sizes = [0, 10, 100_000, 3 * 1024 * 1024, 5, 1_200_000, 7];
    const file = fileOf(sizes.map((size, n) => Buffer.alloc(size, n)));
    const reader = new RecordReader(file);
    for (const [n, size] of sizes.entries()) {
      const record = reader.next() as LogRecord;
      const what = typeof record === 'string' ? record : { seq: record.seq, size: record.value.length };
      expect(what, `what next() gives for record ${n + 1}, with a value of ${size} bytes`).toEqual({
        seq: n + 1,
        size,
      });
      expect(record.value.equals(Buffer.alloc(size, n)), `the bytes of value ${n + 1}`).toBe(true);
    }
    expect(reader.next()).toBe('end');
    expect(reader.offset).toBe(file.size);
    file.close();
  });

  test('a file of many records is read in few pieces', () => {
    const file = fileOf(Array.from({ length: 2000 }, () => Buffer.alloc(100)));
    file.close();
    const disk = new WatchedDisk();
    const again = DataFile.open(disk.fs, directory, 1 as FileId);
    const reader = new RecordReader(again);
    let records = 0;
    while (typeof reader.next() === 'object') records++;
    expect(records).toBe(2000);
    expect(disk.calls.filter(call => call.startsWith('read ')).length).toBeLessThan(10);
    again.close();
  });

  test('it ends where the file counts up to, and stays at what it cannot read', () => {
    const file = fileOf([Buffer.alloc(50), Buffer.alloc(50), Buffer.alloc(50)]);
    file.close();
    const [, second, third] = recordsIn(FIRST);
    const whole = DataFile.open(nodeFileSystem, directory, 1 as FileId);
    const reader = new RecordReader(whole, undefined, third!.offset);
    expect([reader.next(), reader.next(), reader.next()].map(answer => typeof answer)).toEqual([
      'object',
      'object',
      'string',
    ]);
    whole.close();
    change(FIRST, bytes => flipBit(bytes, second!.offset + 30));
    const damaged = DataFile.open(nodeFileSystem, directory, 1 as FileId);
    const stuck = new RecordReader(damaged);
    stuck.next();
    expect([stuck.next(), stuck.next(), stuck.offset]).toEqual(['corrupt', 'corrupt', second!.offset]);
    damaged.close();
    change(FIRST, bytes => bytes.subarray(0, second!.offset + 30));
    const cut = DataFile.open(nodeFileSystem, directory, 1 as FileId);
    const torn = new RecordReader(cut);
    torn.next();
    expect(torn.next()).toBe('torn');
    cut.close();
  });
});

describe('Sealing', () => {
  test('a file is in the manifest before the first record is in the file', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('a', '1');
    const header = disk.calls.indexOf(`write ${FIRST}`);
    expectInOrder(disk.calls.slice(header + 1), ['rename MANIFEST', `write ${FIRST}`]);
    expect(manifest().files).toMatchObject([{ id: 1, sealedSize: null }]);
  });

  test('close has every file on the disk, then sealed in the manifest with its size, then read-only', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('a', '1');
    db.put('b', '2');
    const before = disk.calls.length;
    await db.close();
    expectInOrder(disk.calls.slice(before), [`syncData ${FIRST}`, 'rename MANIFEST', `changeMode ${FIRST}`]);
    expect(manifest()).toMatchObject({ files: [{ id: 1, sealedSize: bytesOf(FIRST).length, minSeq: 1, maxSeq: 2 }] });
    expect(manifest().syncedTo).toBe(2);
    expect(nodeFs.statSync(join(directory, FIRST)).mode & 0o222).toBe(0);
  });

  test('a file that is full is sealed too, in the end, and every value can be read', async () => {
    const db = await open({ maxDataFileSize: 100 });
    for (const key of 'abcdef') db.put(key, key.repeat(60));
    await db.sync();
    expect(manifest().files.length).toBe(dataFiles().length);
    expect(dataFiles().length).toBeGreaterThan(2);
    await db.close();
    expect(manifest().files.map(({ sealedSize }) => sealedSize)).toEqual(dataFiles().map(name => bytesOf(name).length));
    expect(contents(await open())).toBe([...'abcdef'].map(key => `${key}=${key.repeat(60)}`).join(' '));
  });

  test('after sync the next record says up to which seq everything is on the disk', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('a', '1');
    const seq = db.put('b', '2');
    await db.sync();
    const syncs = disk.calls.filter(call => /^syncData(Later)? 0000000001\.data$/.test(call));
    expect(syncs.length, `syncs of ${FIRST} before sync() has resolved`).toBeGreaterThan(0);
    db.put('c', '3');
    expect(
      recordsIn(FIRST).map(({ record }) => record.syncedTo),
      'syncedTo of the three records',
    ).toEqual([0, 0, seq]);
  });

  test('a database that was closed is opened without a change of data file or manifest', async () => {
    const db = await open();
    db.put('a', '1');
    await db.close();
    const disk = new WatchedDisk();
    expect(contents(await open({ fs: disk.fs }))).toBe('a=1');
    const changes = disk.calls.filter(call => /^(write|open to create|rename|remove|syncData|truncate) /.test(call));
    const unwanted = changes.filter(call => call.endsWith('.data') || call.includes('MANIFEST'));
    expect(unwanted, 'calls that change a data file or the manifest').toEqual([]);
  });

  test('a data file that the manifest does not list does not count, and goes', async () => {
    const db = await open();
    db.put('a', 'from the database');
    await db.close();
    writeDataFile(9, [[1000, 'a', 'from nowhere']]);
    expect(contents(await open())).toBe('a=from the database');
    expect(dataFiles()).toEqual([FIRST]);
  });
});

describe('Torn tail', () => {
  test('wherever the last write ended, the records before it are there, and the rest is in lost/', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
    const left = directory;
    const whole = bytesOf(FIRST);
    const last = recordsIn(FIRST)[2]!.offset;
    for (let end = last; end < whole.length; end++) {
      directory = left;
      crash();
      change(FIRST, bytes => bytes.subarray(0, end));
      const db = await open();
      expect(contents(db)).toBe('a=1 b=2');
      const keptAs = join('lost', `${FIRST}.${last}`);
      const cut = end === last ? [] : [{ file: FIRST, offset: last, bytes: end - last, keptAs }];
      expect(db.report.cut).toEqual(cut);
      if (end > last) expect(bytesOf(keptAs)).toEqual(whole.subarray(last, end));
      expect(bytesOf(FIRST).length).toBe(end);
    }
  });

  test('zeroes, garbage, or half a record of a huge size behind the last record are a torn tail', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    const left = directory;
    const { salt } = manifest().files[0]!;
    const huge = encodeRecord(
      { kind: KIND_PUT, seq: 3, key: Buffer.from('c'), value: Buffer.alloc(9000) },
      salt,
      bytesOf(FIRST).length,
    );
    for (const tail of [Buffer.alloc(300), Buffer.alloc(300, 0xa5), huge.subarray(0, 60)]) {
      directory = left;
      crash();
      change(FIRST, bytes => Buffer.concat([bytes, tail]));
      const db = await open();
      expect(contents(db)).toBe('a=1 b=2');
      expect(db.report.cut).toMatchObject([{ file: FIRST, bytes: tail.length }]);
    }
  });

  test('what is written after it is there after the next opening, and the one after that', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    change(FIRST, bytes => bytes.subarray(0, bytes.length - 3));
    let db = await open();
    db.put('c', 'after the crash');
    await db.sync();
    crash();
    for (let times = 0; times < 2; times++) {
      db = await open();
      expect(contents(db)).toBe('a=1 c=after the crash');
      await db.close();
    }
  });

  test('the file with the torn tail is not cut and not written to', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    change(FIRST, bytes => bytes.subarray(0, bytes.length - 3));
    const before = bytesOf(FIRST);
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('c', '3');
    await db.close();
    expect(bytesOf(FIRST)).toEqual(before);
    const changes = disk.calls.filter(call => /^(write|truncate|rename|remove) /.test(call) && call.endsWith(FIRST));
    expect(changes, 'calls that change the file').toEqual([]);
  });

  test('a seq that was given away before the crash is not given away again', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    const lost = recordsIn(FIRST)[1]!.record.seq;
    change(FIRST, bytes => bytes.subarray(0, bytes.length - 3));
    expect((await open()).put('c', '3')).toBeGreaterThan(lost);
  });

  test('what recovery has read is on the disk before the manifest seals the file', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    change(FIRST, bytes => bytes.subarray(0, bytes.length - 3));
    const disk = new WatchedDisk();
    await open({ fs: disk.fs });
    const commit = disk.calls.lastIndexOf('rename MANIFEST');
    const before = commit < 0 ? disk.calls : disk.calls.slice(0, commit);
    const syncs = before.filter(call => /^syncData(Later)? 0000000001\.data$/.test(call));
    expect(syncs.length, `syncs of ${FIRST} before the new manifest is renamed`).toBeGreaterThan(0);
  });

  test('after a crash the first new record says that everything before it is on the disk', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    const { seq } = recordsIn(FIRST)[1]!.record;
    (await open()).put('c', '3');
    const { record } = dataFiles().flatMap(recordsIn).at(-1)!;
    expect(record.syncedTo, 'syncedTo of the first record after the crash').toBe(seq);
  });

  test('a file that ends too early, though after a whole record, ends the log: the next one does not follow on', async () => {
    writeDataFile(1, [[1, 'a', '1']]); // The power cut has taken b, with seq 2, and left no trace of it.
    writeDataFile(2, [[3, 'c', '3']]);
    const files = [1, 2].map(id => ({ id: id as FileId, salt: id, sealedSize: null, minSeq: 2 * id - 1, maxSeq: 0 }));
    commitManifest(nodeFileSystem, directory, { ...emptyManifest([1, 2]), files, nextFileId: 3 });
    const second = bytesOf(SECOND);
    const db = await open();
    expect(contents(db)).toBe('a=1');
    expectKept(db, SECOND, second);
  });

  test('a recovery that stops at any call can begin again', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    change(FIRST, bytes => Buffer.concat([bytes, Buffer.alloc(40)]));
    const left = directory;
    for (let failFrom = 0; ; failFrom += 2) {
      directory = left;
      crash();
      const disk = new WatchedDisk();
      disk.failFrom = failFrom;
      const stopped = await Database.open(directory, { fs: disk.fs }).then(
        db => db,
        () => undefined,
      );
      if (stopped !== undefined) opened.push(stopped);
      crash();
      expect(contents(await open()), `stopped at call ${failFrom}`).toBe('a=1 b=2');
      if (stopped !== undefined) break;
    }
  });
});

describe('Damage', () => {
  test('a record that cannot be read in a sealed file is CORRUPT, with file and offset, and nothing is changed', async () => {
    const db = await open();
    for (const key of 'abc') db.put(key, '1');
    await db.close();
    const { offset } = recordsIn(FIRST)[1]!;
    change(FIRST, bytes => flipBit(bytes, offset + 10));
    const before = everything();
    expect(await outcome()).toBe(`CORRUPT in ${FIRST} at offset ${offset}`);
    expect(everything(), 'every file of the directory, its bytes as hex').toEqual(before);
  });

  test('a sealed file that is shorter than it was, or missing, is damage', async () => {
    const db = await open();
    for (const key of 'abc') db.put(key, '1');
    await db.close();
    const { offset } = recordsIn(FIRST)[2]!;
    change(FIRST, bytes => bytes.subarray(0, offset));
    expect(await outcome()).toBe(`CORRUPT in ${FIRST} at offset ${offset}`);
    nodeFs.rmSync(join(directory, FIRST), { force: true });
    expect(await outcome()).toContain(`CORRUPT in ${FIRST}`);
  });

  test('in a growing file it is damage before a later record says that it was synced, and a torn tail after that', async () => {
    await crashed([['a', '1'], ['b', '2'], 'sync', ['c', '3'], ['d', '4']]);
    const left = directory;
    const offsets = recordsIn(FIRST).map(({ offset }) => offset);
    for (const [n, offset] of offsets.entries()) {
      directory = left;
      crash();
      change(FIRST, bytes => flipBit(bytes, offset + 12));
      const damaged = `CORRUPT in ${FIRST} at offset ${offset}`;
      const wanted = [damaged, damaged, 'opened, with a=1 b=2', 'opened, with a=1 b=2 c=3'][n];
      expect(await outcome(), `a bit flipped in record ${n + 1} of 4; two were synced`).toBe(wanted);
    }
  });

  test('it is damage too when the manifest alone says that more was synced', async () => {
    await crashed([['a', 'x'.repeat(100)], 'sync', ['b', '2']], { maxDataFileSize: 100 });
    for (const name of dataFiles()) {
      nodeFs.chmodSync(join(directory, name), 0o644);
      nodeFs.truncateSync(join(directory, name), FILE_HEADER_SIZE);
    }
    expect(await outcome()).toContain('CORRUPT in ');
  });
});

describe('Lost manifest', () => {
  test('a damaged manifest costs nothing: it is made anew, and that is said', async () => {
    const db = await open({ maxDataFileSize: 100 });
    for (const key of 'abcd') db.put(key, key.repeat(60));
    await db.close();
    const before = contents(await open());
    await opened.at(-1)!.close();
    change('MANIFEST', bytes => flipBit(bytes, 30));
    const again = await open();
    expect(contents(again)).toBe(before);
    expect(again.report.warnings.length, 'warnings in db.report').toBe(1);
    const growing = manifest().files.filter(({ sealedSize }) => sealedSize === null);
    expect(growing, 'files that the new manifest does not list as sealed').toEqual([]);
  });

  test('without any manifest every data file counts, and none is removed', async () => {
    const db = await open({ maxDataFileSize: 100 });
    for (const key of 'abcd') db.put(key, key.repeat(60));
    db.put('a', 'newest');
    await db.close();
    const files = dataFiles();
    for (const name of ['MANIFEST', 'MANIFEST.previous']) nodeFs.rmSync(join(directory, name));
    const again = await open();
    expect(contents(again, 'ab')).toBe(`a=newest b=${'b'.repeat(60)}`);
    expect(dataFiles()).toEqual(files);
    const seq = again.put('e', '5');
    expect(dataFiles().length).toBe(files.length + 1);
    expect(seq).toBeGreaterThan(5);
  });

  test('the manifest before still says which files are sealed', async () => {
    const db = await open();
    for (const key of 'abc') db.put(key, '1');
    await db.close();
    commitManifest(nodeFileSystem, directory, manifest()); // So that both manifests list the file as sealed.
    const { offset } = recordsIn(FIRST)[2]!;
    change(FIRST, bytes => flipBit(bytes, offset + 10));
    nodeFs.rmSync(join(directory, 'MANIFEST'));
    expect(await outcome()).toBe(`CORRUPT in ${FIRST} at offset ${offset}`);
  });

  test('damage is still found then: a later file says that the one before was synced', async () => {
    const db = await open({ maxDataFileSize: 100 });
    for (const key of 'abcd') {
      db.put(key, key.repeat(60));
      await db.sync();
    }
    await db.close();
    for (const name of ['MANIFEST', 'MANIFEST.previous']) nodeFs.rmSync(join(directory, name));
    change(FIRST, bytes => flipBit(bytes, FILE_HEADER_SIZE + 20));
    expect(await outcome()).toBe(`CORRUPT in ${FIRST} at offset ${FILE_HEADER_SIZE}`);
  });

  test('where the log ends in one file, the files behind it are in lost/, whole', async () => {
    writeDataFile(1, [
      [1, 'a', '1'],
      [2, 'b', '2'],
    ]);
    writeDataFile(2, [[3, 'c', '3']]);
    writeDataFile(3, [[4, 'd', '4']]);
    change(FIRST, bytes => bytes.subarray(0, bytes.length - 3));
    const behind = dataFiles().slice(1);
    const whole = behind.map(bytesOf);
    const db = await open();
    expect(contents(db)).toBe('a=1');
    expect(db.report.cut.map(({ file }) => file)).toEqual([FIRST, ...behind]);
    for (const [n, name] of behind.entries()) expectKept(db, name, whole[n]!);
  });
});

/** Three sealed files with a few records each; where a key stands last. */
async function threeFiles(): Promise<void> {
  const db = await open({ maxDataFileSize: 150 });
  for (const [n, key] of [...'abcdefghab'].entries()) db.put(key, `${n}`.repeat(30));
  db.delete('h');
  await db.close();
  if (dataFiles().length < 3) throw new Error('the store should have three files');
}

const verify = (): ReturnType<typeof verifyDirectory> => verifyDirectory(nodeFileSystem, directory, {});

describe('Verify', () => {
  test('a store that is whole has no problems, and all its records are counted', async () => {
    await threeFiles();
    expect(await verify()).toMatchObject({ files: dataFiles().length, records: 11, problems: [], tails: [] });
  });

  test('all damage is found at once, each piece with its file and its offset', async () => {
    await threeFiles();
    const places = dataFiles().map(file => ({ file, offset: recordsIn(file)[0]!.offset }));
    for (const { file, offset } of places) change(file, bytes => flipBit(bytes, offset + 15));
    const { problems, records } = await verify();
    expect(problems.map(({ file, offset }) => ({ file, offset }))).toEqual(places);
    expect(records).toBe(11 - places.length);
  });

  test('a missing file, a damaged header, a missing end and a lost manifest have names of their own', async () => {
    await threeFiles();
    const [first, second, third] = dataFiles();
    const { offset } = recordsIn(third!).at(-1)!;
    nodeFs.rmSync(join(directory, first!), { force: true });
    change(second!, bytes => flipBit(bytes, 2));
    change(third!, bytes => bytes.subarray(0, offset));
    const found = (await verify()).problems.map(({ file, offset, code }) => [file, offset, code]);
    expect(found).toEqual([
      [first, 0, 'FILE_MISSING'],
      [second, 0, 'FILE_HEADER'],
      [third, offset, 'RECORDS_MISSING'],
    ]);
    nodeFs.rmSync(join(directory, 'MANIFEST'));
    expect((await verify()).problems[0]).toMatchObject({ file: 'MANIFEST', code: 'MANIFEST' });
  });

  test('a torn tail is no problem, and nothing is changed by asking', async () => {
    await crashed([
      ['a', '1'],
      ['b', '2'],
    ]);
    const offset = bytesOf(FIRST).length;
    change(FIRST, bytes => Buffer.concat([bytes, Buffer.alloc(20)]));
    const before = everything();
    expect(await verify()).toMatchObject({ problems: [], tails: [{ file: FIRST, offset }] });
    expect(everything(), 'every file of the directory, its bytes as hex').toEqual(before);
  });
});

const repair = (fs = nodeFileSystem): ReturnType<typeof repairDirectory> => repairDirectory(fs, directory, {});

describe('Repair', () => {
  test('every record that can be read is kept, and the original is in lost/', async () => {
    await threeFiles();
    const { offset, record } = recordsIn(SECOND)[1]!;
    const lostKey = record.key.toString();
    change(SECOND, bytes => flipBit(bytes, offset + 15));
    const original = bytesOf(SECOND);
    expect(await outcome()).toBe(`CORRUPT in ${SECOND} at offset ${offset}`);
    const report = await repair();
    expect(report.problems).toMatchObject([{ file: SECOND, offset }]);
    expect(report.lost).toEqual([{ file: SECOND, offset, bytes: record.size }]);
    expect(report.rewritten).toMatchObject([
      { file: SECOND, records: recordsIn(report.rewritten[0]!.writtenAs!).length },
    ]);
    expect(report.records).toBe(10);
    expect(bytesOf(join('lost', `${SECOND}.0`))).toEqual(original);
    const db = await open();
    for (const key of 'cdefg') expect(db.has(key), key).toBe(key !== lostKey);
    expect(text(db.get('b'))).toBe('9'.repeat(30));
  });

  test('a second repair finds nothing to do, and changes nothing', async () => {
    await threeFiles();
    change(SECOND, bytes => flipBit(bytes, 60));
    await repair();
    const before = everything();
    expect(await repair()).toMatchObject({ problems: [], rewritten: [], lost: [] });
    expect(everything(), 'every file of the directory, its bytes as hex').toEqual(before);
    expect((await verify()).problems).toEqual([]);
  });

  test('a store that is whole, or that a crash has left, is not touched', async () => {
    await threeFiles();
    const closed = everything();
    await repair();
    expect(everything(), 'every file of the directory, its bytes as hex').toEqual(closed);
    await crashed([['a', '1']]);
    change(dataFiles().at(-1)!, bytes => Buffer.concat([bytes, Buffer.alloc(20)]));
    const left = everything();
    await repair();
    expect(everything(), 'every file of the directory, its bytes as hex').toEqual(left);
  });

  test('a file whose header is gone keeps its records, and a missing one is reported', async () => {
    await threeFiles();
    const before = contents(await open());
    await opened.at(-1)!.close();
    change(SECOND, bytes => bytes.fill(0, 0, FILE_HEADER_SIZE));
    await repair();
    expect(contents(await open())).toBe(before);
    await opened.at(-1)!.close();
    const name = dataFiles()[0]!;
    nodeFs.rmSync(join(directory, name), { force: true });
    expect((await repair()).rewritten).toMatchObject([{ file: name, records: 0 }]);
    expect((await open()).has('a')).toBe(true);
  });

  test('the seq of a record that was lost is not given away again', async () => {
    await threeFiles();
    const last = dataFiles().at(-1)!;
    const { offset, record } = recordsIn(last).at(-1)!;
    change(last, bytes => flipBit(bytes, offset + 10));
    await repair();
    expect((await open()).put('z', '1')).toBeGreaterThan(record.seq);
  });

  test('a repair that stops at any call is repaired to the same store', async () => {
    await threeFiles();
    change(SECOND, bytes => flipBit(bytes, 60));
    const left = directory;
    crash();
    await repair();
    const wanted = contents(await open());
    for (let failFrom = 0; ; failFrom += 3) {
      directory = left;
      crash();
      const disk = new WatchedDisk();
      disk.failFrom = failFrom;
      const isDone = await repair(disk.fs).then(
        () => true,
        () => false,
      );
      await repair();
      expect(contents(await open()), `stopped at call ${failFrom}`).toBe(wanted);
      if (isDone) break;
    }
  });
});
