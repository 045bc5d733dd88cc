/** What must hold at the end of chapter 05: what was put can be got, from any file, after any reopen; what failed is not there. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '#engine/disk/file-system.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_PUT, MAX_KEY_SIZE, MAX_VALUE_SIZE } from '#engine/format/record.ts';
import { Database as PublicDatabase, EngineError as PublicEngineError } from '#engine/index.ts';
import { type DatabaseOptions, DEFAULT_OPTIONS, resolveOptions } from '#engine/options.ts';

let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-05-'));
});

afterEach(async () => {
  for (const db of opened) await db.close();
  opened = [];
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

async function open(options?: DatabaseOptions): Promise<Database> {
  const db = await Database.open(directory, options);
  opened.push(db);
  return db;
}

/** What a program sees that starts after `db` was closed. */
async function reopen(db: Database, options?: DatabaseOptions): Promise<Database> {
  await db.close();
  return open(options);
}

const text = (value: Buffer | undefined): string | undefined => value?.toString();

/** The data files in the directory, in the order of their numbers. */
const dataFiles = (): string[] => nodeFs.readdirSync(directory).filter(isDataFile).sort();
const isDataFile = (name: string): boolean => parseDataFileName(name) !== undefined;
const bytesOf = (name: string): Buffer => nodeFs.readFileSync(join(directory, name));

/** Every put that lies in the data files, decoded by chapter 03 and nothing else. */
function putsOnDisk(): { file: string; offset: number; size: number; seq: number; key: string; value: string }[] {
  return dataFiles().flatMap(file => {
    const bytes = bytesOf(file);
    const header = decodeFileHeader(bytes);
    if (typeof header === 'string') throw new Error(`the header of ${file} is ${header}`);
    const puts = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, header.salt, offset);
      if (typeof record === 'string') throw new Error(`${file} is ${record} at offset ${offset}`);
      const { kind, seq, key, value, size } = record;
      if (kind === KIND_PUT) puts.push({ file, offset, size, seq, key: key.toString(), value: value.toString() });
      offset += size;
    }
    return puts;
  });
}

/** A data file made without a database: by chapter 03's encoder and chapter 04's file. */
function writeDataFile(id: number, puts: readonly (readonly [seq: number, key: string, value: string])[]): void {
  const file = DataFile.create(nodeFileSystem, directory, id as FileId, 0x5eed_0000 + id);
  for (const [seq, key, value] of puts) {
    const fields = { kind: KIND_PUT, seq, key: Buffer.from(key), value: Buffer.from(value) };
    file.append(encodeRecord(fields, file.salt, file.size));
  }
  file.close();
}

/** This machine's file system, which counts the calls on data files and can run full. */
class WatchedDisk {
  readonly calls: string[] = [];
  /** Bytes that still fit on the disk; the write that needs more is cut short, the next one fails. */
  room = Number.POSITIVE_INFINITY;

  readonly fs: FileSystem = watch(nodeFileSystem, (name, args, call) => {
    const path = String(args[0]);
    if (name !== 'open' || !isDataFile(basename(path))) return call();
    this.calls.push('open');
    return watch(call() as OpenFile, (member, values, callMember) => {
      this.calls.push(member);
      return member === 'write' ? this.#write(values, callMember) : callMember();
    });
  });

  count(name: string): number {
    return this.calls.filter(call => call === name).length;
  }

  #write(values: unknown[], call: () => unknown): unknown {
    if (this.room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    values[2] = Math.min(values[2] as number, this.room);
    this.room -= values[2] as number;
    return call();
  }
}

/** The same object, but `seen` decides what becomes of each call of a method. It may change the arguments. */
function watch<T extends object>(it: T, seen: (name: string, args: unknown[], call: () => unknown) => unknown): T {
  return new Proxy(it, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => seen(String(name), args, () => member.apply(target, args) as unknown);
    },
  });
}

describe('Options', () => {
  test('what is not chosen has a default', () => {
    const options = resolveOptions();
    expect(options).toMatchObject({ createIfMissing: true, errorIfExists: false, maxDataFileSize: 256 * 1024 * 1024 });
    expect(options.fs).toBe(nodeFileSystem);
    expect(resolveOptions({ maxDataFileSize: 4096 }).maxDataFileSize).toBe(4096);
  });

  test('an option that is undefined counts as not chosen', () => {
    const given = { maxDataFileSize: undefined, createIfMissing: undefined } as unknown as DatabaseOptions;
    expect(resolveOptions(given)).toEqual(resolveOptions());
  });

  test('a size that is no number or less than one byte is refused', () => {
    for (const maxDataFileSize of [0, -1, Number.NaN, '4096' as unknown as number]) {
      expect(() => resolveOptions({ maxDataFileSize }), String(maxDataFileSize)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('maxDataFileSize') }),
      );
    }
  });

  test('nobody can change the defaults for everybody', () => {
    expect(() => Object.assign(DEFAULT_OPTIONS, { maxDataFileSize: 1 })).toThrow(TypeError);
    try {
      Object.assign(resolveOptions(), { maxDataFileSize: 1 });
    } catch {
      // What is handed out may be frozen too.
    }
    expect(resolveOptions().maxDataFileSize).toBe(256 * 1024 * 1024);
  });
});

describe('Open', () => {
  test('an empty directory is a database without keys, and a missing one is made', async () => {
    expect((await open()).size).toBe(0);
    directory = join(directory, 'not', 'there', 'yet');
    expect((await open()).size).toBe(0);
    expect(nodeFs.existsSync(directory)).toBe(true);
  });

  test('a missing directory is NOT_FOUND when it must not be made', async () => {
    directory = join(directory, 'missing');
    await expect(open({ createIfMissing: false })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(nodeFs.existsSync(directory)).toBe(false);
  });

  test('a directory with a database in it is EXISTS when it must be new', async () => {
    writeDataFile(1, [[1, 'city', 'Berlin']]);
    await expect(open({ errorIfExists: true })).rejects.toMatchObject({ code: 'EXISTS' });
  });

  test('every key of every file is known, and counts once', async () => {
    writeDataFile(1, [
      [1, 'a', '1'],
      [2, 'b', '2'],
      [3, 'a', '3'],
    ]);
    writeDataFile(2, [
      [4, 'c', '4'],
      [5, 'b', '5'],
    ]);
    const db = await open();
    expect(db.size).toBe(3);
    expect(['a', 'b', 'c', 'd'].map(key => db.has(key))).toEqual([true, true, true, false]);
  });

  test('files that are no data files are left alone', async () => {
    writeDataFile(1, [[1, 'city', 'Berlin']]);
    for (const name of ['notes.txt', '1.data', '0000000002.data.bak']) {
      nodeFs.writeFileSync(join(directory, name), 'not ours');
    }
    expect((await open()).size).toBe(1);
  });

  test('a record of a kind that nobody knows is NEWER_FORMAT, and is not stepped over', async () => {
    const file = DataFile.create(nodeFileSystem, directory, 1 as FileId, 7);
    for (const kind of [KIND_PUT, 200, KIND_PUT]) {
      const fields = { kind, seq: 1 + file.size, key: Buffer.from('city'), value: Buffer.from('Berlin') };
      file.append(encodeRecord(fields, file.salt, file.size));
    }
    file.close();
    await expect(open()).rejects.toMatchObject({ code: 'NEWER_FORMAT' });
  });

  test('opening changes no byte and makes no data file', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'river', 'Spree'],
    ]);
    const before = bytesOf('0000000001.data');
    const db = await open();
    db.has('city');
    await db.close();
    expect(dataFiles()).toEqual(['0000000001.data']);
    expect(bytesOf('0000000001.data')).toEqual(before);
  });
});

describe('Get', () => {
  test('get answers the value of the key, and undefined for a key that is not there', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'river', 'Spree'],
      [3, 'empty', ''],
    ]);
    const db = await open();
    expect(text(db.get('city'))).toBe('Berlin');
    expect(text(db.get('river'))).toBe('Spree');
    expect(text(db.get('empty'))).toBe('');
    expect(db.get('sea')).toBeUndefined();
  });

  test('the highest seq wins, not the file that was read last', async () => {
    writeDataFile(1, [
      [7, 'city', 'the newest'],
      [8, 'river', 'Spree'],
    ]);
    writeDataFile(2, [
      [3, 'city', 'the oldest'],
      [5, 'city', 'older'],
      [9, 'river', 'Havel'],
    ]);
    const db = await open();
    expect(text(db.get('city'))).toBe('the newest');
    expect(text(db.get('river'))).toBe('Havel');
  });

  test('a get is one read at most, a has is none', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'river', 'Spree'],
    ]);
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.get('city');
    const before = disk.count('read');
    expect([db.has('river'), db.has('sea'), db.get('sea')]).toEqual([true, false, undefined]);
    expect(disk.count('read')).toBe(before);
    expect(text(db.get('river'))).toBe('Spree');
    expect(disk.count('read') - before).toBeLessThanOrEqual(1);
  });

  test('what get returns belongs to the caller', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'town', 'Vienna'],
    ]);
    const db = await open();
    const city = db.get('city');
    expect(text(db.get('town'))).toBe('Vienna');
    expect(text(city)).toBe('Berlin');
    city?.fill(0);
    expect(text(db.get('city'))).toBe('Berlin');
  });

  test('a flipped bit is CORRUPT, with file and offset, and never a value', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'river', 'Spree'],
    ]);
    await (await open()).close();
    const path = join(directory, '0000000001.data');
    const bytes = nodeFs.readFileSync(path);
    bytes[bytes.indexOf('Berlin')]! ^= 1;
    nodeFs.chmodSync(path, 0o644);
    nodeFs.writeFileSync(path, bytes);
    const get = async (): Promise<Buffer | undefined> => (await open()).get('city');
    await expect(get()).rejects.toMatchObject({ code: 'CORRUPT', file: '0000000001.data', offset: FILE_HEADER_SIZE });
  });
});

describe('Put', () => {
  test('get answers what put stored, at once and after a reopen', async () => {
    const db = await open();
    db.put('city', 'Berlin');
    db.put('river', 'Spree');
    expect([text(db.get('city')), text(db.get('river')), db.size]).toEqual(['Berlin', 'Spree', 2]);
    const again = await reopen(db);
    expect([text(again.get('city')), text(again.get('river')), again.size]).toEqual(['Berlin', 'Spree', 2]);
  });

  test('a second put replaces the value, at once and after every reopen', async () => {
    let db = await open();
    for (const value of ['Bonn', 'Berlin', 'Bonn again']) {
      db.put('capital', value);
      expect(text(db.get('capital'))).toBe(value);
      db = await reopen(db);
      expect(text(db.get('capital'))).toBe(value);
      expect(db.size).toBe(1);
    }
  });

  test('the empty key and the empty value are a key and a value', async () => {
    const db = await open();
    db.put('', 'of no name');
    db.put('nothing', '');
    const again = await reopen(db);
    expect(text(again.get(''))).toBe('of no name');
    expect(again.get('nothing')).toEqual(Buffer.alloc(0));
    expect(again.has('nothing')).toBe(true);
    expect(again.size).toBe(2);
  });

  test('keys are bytes: any byte, any length, no two of them alike', async () => {
    const keys = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]));
    keys.push(Buffer.from('a\0'), Buffer.from('\xff\xfe\xfd', 'latin1'), Buffer.from('Zürich'), Buffer.from('城市'));
    const db = await open();
    for (const [n, key] of keys.entries()) db.put(key, String(n));
    const again = await reopen(db);
    expect(again.size).toBe(keys.length);
    for (const [n, key] of keys.entries()) expect(text(again.get(key)), key.toString('hex')).toBe(String(n));
    expect(text(again.get('城市'))).toBe(text(again.get(Buffer.from('城市'))));
  });

  test('what put was given may be changed afterwards', async () => {
    const db = await open();
    const [key, value] = [Buffer.from('city'), Buffer.from('Berlin')];
    db.put(key, value);
    key.fill(0);
    value.fill(0);
    expect(text(db.get('city'))).toBe('Berlin');
    expect(db.has(key)).toBe(false);
  });

  test('every put has a higher seq than all before it, also after a reopen', async () => {
    const db = await open();
    const seqs = [db.put('a', '1'), db.put('b', '2'), db.put('a', '3')];
    const again = await reopen(db);
    seqs.push(again.put('a', '4'), again.put('c', '5'));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(5);
    expect(seqs[0]).toBeGreaterThan(0);
  });

  test('the records on the disk say what was put, in order', async () => {
    const db = await open();
    const seqs = [db.put('city', 'Bonn'), db.put('river', 'Spree'), db.put('city', 'Berlin')];
    const puts = putsOnDisk();
    expect(puts.map(({ seq, key, value }) => [seq, key, value])).toEqual([
      [seqs[0], 'city', 'Bonn'],
      [seqs[1], 'river', 'Spree'],
      [seqs[2], 'city', 'Berlin'],
    ]);
    expect(puts[0]?.offset).toBe(FILE_HEADER_SIZE);
  });

  test('a put is one write call, and has reached the file when it returns', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('the first', 'makes the file');
    for (let n = 1; n <= 10; n++) {
      const before = disk.count('write');
      db.put(`key ${n}`, 'v'.repeat(n * 100));
      expect(disk.count('write') - before).toBe(1);
      expect(putsOnDisk()).toHaveLength(1 + n);
    }
    expect(disk.count('truncate')).toBe(0);
  });

  test('the first put after an open begins a new file; the files before it never grow', async () => {
    let db = await open();
    db.put('city', 'Bonn');
    db = await reopen(db);
    expect(dataFiles()).toHaveLength(1);
    const before = bytesOf(dataFiles()[0]!);
    db.put('city', 'Berlin');
    expect(dataFiles()).toHaveLength(2);
    expect(bytesOf(dataFiles()[0]!)).toEqual(before);
    expect(text((await reopen(db)).get('city'))).toBe('Berlin');
  });

  test('index.ts is the door: it leads to the same Database and EngineError', async () => {
    expect(PublicDatabase).toBe(Database);
    const db = await open();
    await db.close();
    expect(() => db.get('city')).toThrow(PublicEngineError);
  });
});

describe('Rotation', () => {
  const LIMIT = 512;
  const COUNT = 16;
  const value = (n: number): string => `value ${n} `.padEnd(100, '.');

  test('a file that has reached the limit is followed by a new one, and no record is split', async () => {
    const db = await open({ maxDataFileSize: LIMIT });
    for (let n = 0; n < COUNT; n++) db.put(`key ${n}`, value(n));
    const files = dataFiles();
    expect(files.length).toBeGreaterThan(2);
    const largest = Math.max(...putsOnDisk().map(put => put.size));
    for (const name of files.slice(0, -1)) {
      expect(bytesOf(name).length, name).toBeGreaterThanOrEqual(LIMIT);
      expect(bytesOf(name).length, name).toBeLessThan(LIMIT + largest);
    }
    expect(putsOnDisk()).toHaveLength(COUNT);
  });

  test('a file that ends exactly at the limit is full', async () => {
    const first = await open();
    first.put('key 0', value(0));
    const exactly = bytesOf(dataFiles()[0]!).length;
    await first.close();
    nodeFs.rmSync(directory, { recursive: true });

    const db = await open({ maxDataFileSize: exactly });
    db.put('key 0', value(0));
    expect(dataFiles().map(name => bytesOf(name).length)).toEqual([exactly]);
    db.put('key 1', value(1));
    expect(dataFiles()).toHaveLength(2);
    expect(bytesOf(dataFiles()[0]!).length).toBe(exactly);
  });

  test('every file has a salt of its own', async () => {
    const db = await open({ maxDataFileSize: LIMIT });
    for (let n = 0; n < COUNT; n++) db.put(`key ${n}`, value(n));
    const salts = dataFiles().map(name => (decodeFileHeader(bytesOf(name)) as { salt: number }).salt);
    expect(new Set(salts).size).toBe(salts.length);
  });

  test('values in every file can be read, at once and after a reopen', async () => {
    const db = await open({ maxDataFileSize: LIMIT });
    for (let n = 0; n < COUNT; n++) db.put(`key ${n}`, value(n));
    for (let n = 0; n < COUNT; n++) expect(text(db.get(`key ${n}`)), `key ${n}`).toBe(value(n));
    const again = await reopen(db, { maxDataFileSize: LIMIT });
    for (let n = 0; n < COUNT; n++) expect(text(again.get(`key ${n}`)), `key ${n}`).toBe(value(n));
  });

  test('an overwritten value stays overwritten, whichever files the two lie in', async () => {
    let db = await open({ maxDataFileSize: LIMIT });
    for (let n = 0; n < COUNT; n++) db.put(`key ${n % 7}`, value(n));
    for (const _reopen of [1, 2]) {
      for (let n = COUNT - 7; n < COUNT; n++) expect(text(db.get(`key ${n % 7}`)), `key ${n % 7}`).toBe(value(n));
      db = await reopen(db, { maxDataFileSize: LIMIT });
    }
    expect(db.size).toBe(7);
  });

  test('a value larger than a file may be lies in one file, whole', async () => {
    const db = await open({ maxDataFileSize: LIMIT });
    const large = Buffer.alloc(100_000, 'large');
    db.put('before', '1');
    db.put('large', large);
    db.put('after', '2');
    const again = await reopen(db);
    expect(again.get('large')?.equals(large)).toBe(true);
    expect([text(again.get('before')), text(again.get('after'))]).toEqual(['1', '2']);
  });

  test('a database and a Map agree after any puts and reopens', async ({ task }) => {
    const history: string[] = [];
    Object.assign(task.meta, { history });
    const model = new Map<string, string>();
    let seed = 1004;
    const random = (below: number): number => {
      seed = (seed * 16807) % 2147483647;
      return seed % below;
    };
    let db = await open({ maxDataFileSize: LIMIT });
    for (let step = 0; step < 120; step++) {
      if (random(20) === 0) {
        history.push('close, open');
        db = await reopen(db, { maxDataFileSize: LIMIT });
      }
      const [key, text_] = [`k${random(25)}`, 'x'.repeat(random(60)) + step];
      history.push(`put ${key} "${text_}"`);
      db.put(key, text_);
      model.set(key, text_);
      const asked = `k${random(25)}`;
      history.push(`get ${asked}`);
      expect(text(db.get(asked)), `step ${history.length}: get ${asked}`).toBe(model.get(asked));
    }
    expect(db.size).toBe(model.size);
    for (const [key, wanted] of model) expect(text(db.get(key)), key).toBe(wanted);
  });
});

describe('When something fails', () => {
  test('a put whose write fails is not visible, and the old value still is', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('city', 'Berlin');
    disk.room = 20;
    expect(() => db.put('city', 'v'.repeat(100))).toThrow();
    expect(() => db.put('river', 'v'.repeat(100))).toThrow();
    expect(text(db.get('city'))).toBe('Berlin');
    expect(db.has('river')).toBe(false);
    expect(db.size).toBe(1);
  });

  test('half a record that a failed put wrote is gone: the database opens again', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('city', 'Berlin');
    disk.room = 20;
    expect(() => db.put('city', 'v'.repeat(100))).toThrow();
    disk.room = Number.POSITIVE_INFINITY;
    await db.close();
    expect(putsOnDisk().map(put => put.value)).toEqual(['Berlin']);
    expect(text((await open()).get('city'))).toBe('Berlin');
  });

  test('when there is room again, the next put works and nothing of the failed one is left', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('city', 'Bonn');
    disk.room = 50;
    expect(() => db.put('river', 'v'.repeat(200))).toThrow();
    disk.room = Number.POSITIVE_INFINITY;
    db.put('city', 'Berlin');
    db.put('sea', 'Baltic');
    expect([text(db.get('city')), text(db.get('sea')), db.has('river')]).toEqual(['Berlin', 'Baltic', false]);
    const again = await reopen(db);
    expect([text(again.get('city')), text(again.get('sea')), again.has('river')]).toEqual(['Berlin', 'Baltic', false]);
    expect(putsOnDisk().map(put => put.value)).toEqual(['Bonn', 'Berlin', 'Baltic']);
  });

  test('a first put that finds no room for a file leaves a database that works', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    disk.room = 10;
    expect(() => db.put('city', 'Bonn')).toThrow();
    disk.room = Number.POSITIVE_INFINITY;
    expect(db.size).toBe(0);
    db.put('city', 'Berlin');
    expect(text((await reopen(db)).get('city'))).toBe('Berlin');
  });

  test('a write that takes fewer bytes than it was given is finished', async () => {
    const disk = new WatchedDisk();
    const short = watch(disk.fs, (name, _args, call) => {
      if (name !== 'open') return call();
      return watch(call() as OpenFile, (member, values, callMember) => {
        if (member === 'write') values[2] = Math.min(values[2] as number, 13);
        return callMember();
      });
    });
    const db = await open({ fs: short });
    db.put('city', 'Berlin'.repeat(20));
    expect(text(db.get('city'))).toBe('Berlin'.repeat(20));
    expect(text((await reopen(db)).get('city'))).toBe('Berlin'.repeat(20));
  });

  test('a key or value above the limit is refused, and nothing is written', async () => {
    const db = await open();
    db.put('city', 'Berlin');
    const tooLarge = (code: string) => expect.objectContaining({ code });
    expect(() => db.put(Buffer.alloc(MAX_KEY_SIZE + 1), 'v')).toThrow(tooLarge('KEY_TOO_LARGE'));
    expect(() => db.put('k', new Uint8Array(MAX_VALUE_SIZE + 1))).toThrow(tooLarge('VALUE_TOO_LARGE'));
    expect(db.size).toBe(1);
    expect(putsOnDisk()).toHaveLength(1);
  });

  test('after close every call is CLOSED, and a second close is no mistake', async () => {
    const db = await open();
    db.put('city', 'Berlin');
    await db.close();
    await db.close();
    const closed = expect.objectContaining({ code: 'CLOSED' });
    expect(() => db.get('city')).toThrow(closed);
    expect(() => db.has('city')).toThrow(closed);
    expect(() => db.put('city', 'Bonn')).toThrow(closed);
    expect(text((await open()).get('city'))).toBe('Berlin');
  });

  test('every file that was opened is closed, also when opening fails', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs, maxDataFileSize: 64 });
    for (let n = 0; n < 5; n++) db.put(`key ${n}`, 'v'.repeat(100));
    db.get('key 0');
    await db.close();
    expect(disk.count('open')).toBeGreaterThan(4);
    expect(disk.count('close')).toBe(disk.count('open'));

    const name = dataFiles()[2]!;
    nodeFs.chmodSync(join(directory, name), 0o644);
    nodeFs.writeFileSync(join(directory, name), 'no header of ours, and longer than one would be');
    await expect(open({ fs: disk.fs }).then(again => again.get('key 2'))).rejects.toMatchObject({ code: 'CORRUPT' });
    for (const each of opened) await each.close();
    expect(disk.count('close')).toBe(disk.count('open'));
  });
});
