/** What must hold at the end of chapter 06: what was deleted is gone, now and after any reopen, in whatever order files are read. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '#engine/disk/file-system.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_PUT, KIND_TOMBSTONE } from '#engine/format/record.ts';
import type { DatabaseOptions } from '#engine/options.ts';

let parent = '';
let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  parent = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-06-'));
  directory = join(parent, 'db');
  nodeFs.mkdirSync(directory);
});

afterEach(async () => {
  for (const db of opened) await db.close();
  opened = [];
  nodeFs.rmSync(parent, { recursive: true, force: true });
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

/** What the database says of a key, and how many keys it counts. */
const seen = (db: Database, key: string): { has: boolean; get: string | undefined; size: number } => ({
  has: db.has(key),
  get: text(db.get(key)),
  size: db.size,
});

/** The data files in the directory, in the order of their numbers. */
const dataFiles = (): string[] => nodeFs.readdirSync(directory).filter(isDataFile).sort();
const isDataFile = (name: string): boolean => parseDataFileName(name) !== undefined;
const bytesOf = (name: string): Buffer => nodeFs.readFileSync(join(directory, name));

interface Change {
  readonly kind: number;
  readonly seq: number;
  readonly key: string;
  readonly value: string;
}

/** Every put and every tombstone in the data files, decoded by chapter 03 and nothing else. */
function changesOnDisk(): Change[] {
  return dataFiles().flatMap(file => {
    const bytes = bytesOf(file);
    const header = decodeFileHeader(bytes);
    if (typeof header === 'string') throw new Error(`the header of ${file} is ${header}`);
    const changes: Change[] = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, header.salt, offset);
      if (typeof record === 'string') throw new Error(`${file} is ${record} at offset ${offset}`);
      const { kind, seq, key, value, size } = record;
      if (kind === KIND_PUT || kind === KIND_TOMBSTONE) {
        changes.push({ kind, seq, key: key.toString(), value: value.toString() });
      }
      offset += size;
    }
    return changes;
  });
}

const DELETED = Symbol('deleted');
/** A full disk has the system's code for it, and later the engine's. */
const NO_ROOM = /^(ENOSPC|DISK_FULL)$/;

/** A data file made without a database: by chapter 03's encoder and chapter 04's file. */
function writeDataFile(
  id: number,
  changes: readonly (readonly [seq: number, key: string, value: string | typeof DELETED])[],
): void {
  const file = DataFile.create(nodeFileSystem, directory, id as FileId, 0x5eed_0000 + id);
  for (const [seq, key, given] of changes) {
    const kind = given === DELETED ? KIND_TOMBSTONE : KIND_PUT;
    const value = Buffer.from(given === DELETED ? '' : given);
    file.append(encodeRecord({ kind, seq, key: Buffer.from(key), value }, file.salt, file.size));
  }
  file.close();
}

/** This machine's file system, which counts the reads and writes of data files and can run full. */
class WatchedDisk {
  reads = 0;
  writes = 0;
  /** Bytes that still fit on the disk; the write that needs more is cut short, the next one fails. */
  room = Number.POSITIVE_INFINITY;

  readonly fs: FileSystem = watch(nodeFileSystem, (name, args, call) => {
    if (name !== 'open' || !isDataFile(basename(String(args[0])))) return call();
    return watch(call() as OpenFile, (member, values, callMember) => {
      if (member === 'read') this.reads++;
      return member === 'write' ? this.#write(values, callMember) : callMember();
    });
  });

  #write(values: unknown[], call: () => unknown): unknown {
    if (this.room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    values[2] = Math.min(values[2] as number, this.room);
    this.room -= values[2] as number;
    this.writes++;
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

/** Every order of these things. */
function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length <= 1) return [[...things]];
  return things.flatMap((first, n) => ordersOf(things.filter((_, m) => m !== n)).map(rest => [first, ...rest]));
}

describe('Recovery', () => {
  test('a key whose newest record is a tombstone is absent, and does not count', async () => {
    writeDataFile(1, [
      [1, 'city', 'Berlin'],
      [2, 'river', 'Spree'],
      [3, 'city', DELETED],
    ]);
    const db = await open();
    expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 1 });
    expect(text(db.get('river'))).toBe('Spree');
  });

  test('a put that is newer than the tombstone counts, with its own value', async () => {
    writeDataFile(1, [
      [1, 'city', 'Bonn'],
      [2, 'city', DELETED],
      [3, 'city', 'Berlin'],
    ]);
    const db = await open();
    expect(seen(db, 'city')).toEqual({ has: true, get: 'Berlin', size: 1 });
  });

  test('an older put that is read after the tombstone brings nothing back', async () => {
    writeDataFile(1, [
      [9, 'city', DELETED],
      [10, 'river', 'Spree'],
    ]);
    writeDataFile(2, [
      [4, 'city', 'Bonn'],
      [7, 'city', 'Berlin'],
    ]);
    const db = await open();
    expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 1 });
  });

  test('an older tombstone that is read after the put takes nothing away', async () => {
    writeDataFile(1, [[9, 'city', 'Berlin']]);
    writeDataFile(2, [[4, 'city', DELETED]]);
    writeDataFile(3, [[2, 'city', 'Bonn']]);
    const db = await open();
    expect(seen(db, 'city')).toEqual({ has: true, get: 'Berlin', size: 1 });
  });

  test('put, delete, put, delete: any order of reading gives the same keys', async () => {
    // One key for each order in which its records can be spread over the files.
    const stories = [
      { name: 'gone', records: ['Bonn', DELETED, 'Berlin', DELETED] as const, value: undefined },
      { name: 'back', records: [DELETED, 'Bonn', DELETED, 'Berlin'] as const, value: 'Berlin' },
    ];
    const files: [number, string, string | typeof DELETED][][] = [[], [], [], []];
    const wanted = new Map<string, { value: string | undefined; why: string }>();
    for (const { name, records, value } of stories) {
      for (const order of ordersOf([0, 1, 2, 3])) {
        const key = `${name} ${order.map(n => n + 1).join('-')}`;
        const lastChange = value === undefined ? 'a delete' : 'a put';
        const positions = order.map(n => n + 1).join(', ');
        wanted.set(key, {
          value,
          why: `its newest change is ${lastChange}; files 1 to 4 hold its changes ${positions}`,
        });
        const lowest = wanted.size * 4;
        for (const [file, n] of order.entries()) files[file]!.push([lowest + n, key, records[n]!]);
      }
    }
    for (const [n, records] of files.entries()) writeDataFile(n + 1, records);
    const db = await open();
    for (const [key, { value, why }] of wanted) expect(text(db.get(key)), `key "${key}": ${why}`).toBe(value);
    expect(db.size).toBe(24);
  });

  test('a tombstone of a key that nobody ever put is no key', async () => {
    writeDataFile(1, [[1, 'city', DELETED]]);
    const db = await open();
    expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 0 });
  });

  test('a tombstone counts among the seqs: the next change is newer', async () => {
    writeDataFile(1, [[5, 'city', 'Berlin']]);
    writeDataFile(2, [[50, 'city', DELETED]]);
    const db = await open();
    expect(db.put('city', 'Potsdam')).toBeGreaterThan(50);
    expect(text((await reopen(db)).get('city'))).toBe('Potsdam');
  });

  test('a record of a kind that nobody knows is still NEWER_FORMAT', async () => {
    writeDataFile(1, [[1, 'city', DELETED]]);
    expect((await open()).size).toBe(0);
    directory = join(parent, 'newer');
    nodeFs.mkdirSync(directory);
    const file = DataFile.create(nodeFileSystem, directory, 1 as FileId, 7);
    for (const kind of [KIND_TOMBSTONE, 200, KIND_TOMBSTONE]) {
      const fields = { kind, seq: 1 + file.size, key: Buffer.from('city'), value: Buffer.alloc(0) };
      file.append(encodeRecord(fields, file.salt, file.size));
    }
    file.close();
    await expect(open()).rejects.toMatchObject({ code: 'NEWER_FORMAT' });
  });
});

describe('Delete', () => {
  test('a deleted key is absent: get, has and size say so, and other keys stay', async () => {
    const db = await open();
    for (const key of ['', 'city', 'city hall', 'cit']) db.put(key, `value of ${key}`);
    expect(db.delete('city')).toBeTypeOf('number');
    expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 3 });
    expect(db.delete('')).toBeTypeOf('number');
    expect(seen(db, '')).toEqual({ has: false, get: undefined, size: 2 });
    for (const key of ['city hall', 'cit']) expect(text(db.get(key))).toBe(`value of ${key}`);
  });

  test('a deleted key stays absent after every reopen', async () => {
    let db = await open();
    db.put('city', 'Bonn');
    db.put('city', 'Berlin');
    db.put('river', 'Spree');
    db.delete('city');
    for (const _reopen of [1, 2, 3]) {
      db = await reopen(db);
      expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 1 });
      expect(text(db.get('river'))).toBe('Spree');
    }
  });

  test('delete answers the seq of its change, higher than all before and lower than all after it', async () => {
    let db = await open();
    const seqs = [db.put('a', '1'), db.put('b', '2'), db.delete('a'), db.put('a', '3'), db.delete('b')];
    db = await reopen(db);
    seqs.push(db.delete('a'), db.put('c', '4'));
    const calls = ['put a', 'put b', 'delete a', 'put a', 'delete b', 'delete a after a reopen', 'put c'];
    for (const [n, seq] of seqs.entries()) {
      expect(typeof seq, `what call ${n + 1}, ${calls[n]}, answers`).toBe('number');
      if (n === 0) continue;
      const which = `the seq of call ${n + 1}, ${calls[n]}, beside that of the call before it, ${calls[n - 1]}`;
      expect(seq, which).toBeGreaterThan(seqs[n - 1]!);
    }
  });

  test('to delete an absent key answers undefined, and nothing is written', async () => {
    const disk = new WatchedDisk();
    let db = await open({ fs: disk.fs });
    expect(db.delete('city')).toBeUndefined();
    expect(disk.writes).toBe(0);
    db.put('city', 'Berlin');
    db.delete('city');
    const { writes } = disk;
    for (const key of ['city', 'river', '']) expect(db.delete(key)).toBeUndefined();
    expect(disk.writes).toBe(writes);

    db = await reopen(db, { fs: disk.fs });
    const files = dataFiles();
    expect(db.delete('city')).toBeUndefined();
    expect(dataFiles()).toEqual(files);
    expect(changesOnDisk()).toHaveLength(2);
  });

  test('a delete reads nothing from the data files: the keydir knows which keys are there', async () => {
    const disk = new WatchedDisk();
    let db = await open({ fs: disk.fs });
    db.put('city', 'Berlin');
    db.put('river', 'Spree');
    db = await reopen(db, { fs: disk.fs });
    db.put('sea', 'Baltic');
    const { reads } = disk;
    for (const key of ['city', 'sea', 'nowhere']) db.delete(key);
    expect(disk.reads - reads, 'read calls that three deletes made').toBe(0);
    expect([db.has('city'), db.has('river'), db.has('sea')]).toEqual([false, true, false]);
  });

  test('a key with an empty value is there, and can be deleted', async () => {
    const db = await open();
    db.put('city', '');
    expect(db.delete('city')).toBeTypeOf('number');
    expect(db.has('city')).toBe(false);
    expect((await reopen(db)).has('city')).toBe(false);
  });

  test('a deleted key can be put again, deleted again, and so on', async () => {
    let db = await open();
    for (let round = 1; round <= 4; round++) {
      db.put('city', `value ${round}`);
      expect(seen(db, 'city')).toEqual({ has: true, get: `value ${round}`, size: 1 });
      db.delete('city');
      expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 0 });
      if (round === 2) db = await reopen(db);
    }
    db.put('city', 'the last');
    db = await reopen(db);
    expect(seen(db, 'city')).toEqual({ has: true, get: 'the last', size: 1 });
  });

  test('the record on the disk is a tombstone: the key, no value, the seq of the change', async () => {
    const db = await open();
    const put = db.put('city', 'Berlin');
    const deleted = db.delete('city');
    expect(changesOnDisk()).toEqual([
      { kind: KIND_PUT, seq: put, key: 'city', value: 'Berlin' },
      { kind: KIND_TOMBSTONE, seq: deleted, key: 'city', value: '' },
    ]);
  });

  test('a delete is one write call at the end of the log; no byte before it changes', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    for (let n = 0; n < 5; n++) db.put(`key ${n}`, `value ${n}`);
    for (let n = 0; n < 5; n++) {
      const [before, writes] = [bytesOf(dataFiles()[0]!), disk.writes];
      db.delete(`key ${n}`);
      const after = bytesOf(dataFiles()[0]!);
      expect(disk.writes - writes).toBe(1);
      expect(after.length).toBeGreaterThan(before.length);
      expect(after.subarray(0, before.length).equals(before)).toBe(true);
    }
  });

  test('a key is gone in whichever file its value and its tombstone lie', async () => {
    let db = await open({ maxDataFileSize: 200 });
    for (let n = 0; n < 20; n++) db.put(`key ${n}`, `value ${n} `.padEnd(40, '.'));
    for (let n = 0; n < 20; n += 3) db.delete(`key ${n}`);
    expect(dataFiles().length).toBeGreaterThan(4);
    for (const _reopen of [1, 2]) {
      for (let n = 0; n < 20; n++) expect(db.has(`key ${n}`), `key ${n}`).toBe(n % 3 !== 0);
      db = await reopen(db, { maxDataFileSize: 200 });
    }
    expect(db.size).toBe(13);
  });

  test('a database and a Map agree after any puts, deletes and reopens', async ({ task }) => {
    const history: string[] = [];
    Object.assign(task.meta, { history });
    const model = new Map<string, string>();
    let seed = 1006;
    const random = (below: number): number => {
      seed = (seed * 16807) % 2147483647;
      return seed % below;
    };
    let db = await open({ maxDataFileSize: 512 });
    for (let step = 0; step < 150; step++) {
      if (random(20) === 0) {
        history.push('close, open');
        db = await reopen(db, { maxDataFileSize: 512 });
      }
      const key = `k${random(15)}`;
      if (random(2) === 0) {
        history.push(`put ${key}`);
        db.put(key, `value ${step}`);
        model.set(key, `value ${step}`);
      } else {
        history.push(`delete ${key}`);
        expect(db.delete(key) !== undefined, `step ${history.length}: delete ${key}`).toBe(model.delete(key));
      }
      const asked = `k${random(15)}`;
      history.push(`get ${asked}`);
      expect(text(db.get(asked)), `step ${history.length}: get ${asked}`).toBe(model.get(asked));
      expect(db.size).toBe(model.size);
    }
  });
});

describe('When something fails', () => {
  test('a delete whose write fails has not happened: the key is there, now and after a reopen', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('city', 'Berlin');
    disk.room = 5;
    expect(() => db.delete('city')).toThrow(expect.objectContaining({ code: expect.stringMatching(NO_ROOM) }));
    expect(seen(db, 'city')).toEqual({ has: true, get: 'Berlin', size: 1 });
    disk.room = Number.POSITIVE_INFINITY;
    const again = await reopen(db);
    expect(seen(again, 'city')).toEqual({ has: true, get: 'Berlin', size: 1 });
    expect(changesOnDisk().map(change => change.kind)).toEqual([KIND_PUT]);
  });

  test('when there is room again, the delete works', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('city', 'Berlin');
    disk.room = 5;
    expect(() => db.delete('city')).toThrow();
    disk.room = Number.POSITIVE_INFINITY;
    expect(db.delete('city')).toBeTypeOf('number');
    expect(seen(db, 'city')).toEqual({ has: false, get: undefined, size: 0 });
    expect((await reopen(db)).has('city')).toBe(false);
  });

  test('after close a delete is CLOSED, and the key is still there', async () => {
    const db = await open();
    db.put('city', 'Berlin');
    await db.close();
    expect(() => db.delete('city')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(text((await open()).get('city'))).toBe('Berlin');
  });
});
