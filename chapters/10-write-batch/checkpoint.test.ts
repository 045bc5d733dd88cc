/** What must hold at the end of chapter 10: several changes are one, whatever is read, whatever breaks, whoever else writes. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '#engine/disk/file-system.ts';
import { MAX_BATCH_END_SIZE, readBatchEnd, writeBatchEnd } from '#engine/format/batch-end.ts';
import { FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, encodeRecord, KIND_BATCH_END, KIND_PUT, KIND_TOMBSTONE } from '#engine/format/record.ts';
import { POISONED_NAME } from '#engine/log/log-writer.ts';
import type { DatabaseOptions } from '#engine/options.ts';
import type { Range } from '#engine/scan/scan.ts';
import type { Transaction } from '#engine/transaction/transaction.ts';

const SALT = 0x5eed_0010;

let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-10-'));
});

afterEach(async () => {
  for (const db of opened) await db.close().catch(() => {});
  opened = [];
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

async function open(options?: DatabaseOptions): Promise<Database> {
  const db = await Database.open(directory, options);
  opened.push(db);
  return db;
}

async function reopen(db: Database, options?: DatabaseOptions): Promise<Database> {
  await db.close();
  return open(options);
}

const contents = (db: { entries(): Iterable<[Buffer, Buffer]> }): string[] =>
  Array.from(db.entries(), ([key, value]) => `${key}=${value}`);

const isDataFile = (name: string): boolean => parseDataFileName(name) !== undefined;
const dataFiles = (): string[] => nodeFs.readdirSync(directory).filter(isDataFile).sort();
const conflict = expect.objectContaining({ code: 'CONFLICT' });
const closed = expect.objectContaining({ code: 'CLOSED' });
const full = expect.objectContaining({ code: 'DISK_FULL' });

/** This machine's file system, which counts the writes to data files and can be full. */
class WatchedDisk {
  writes = 0;
  isFull = false;

  readonly fs: FileSystem = watch(nodeFileSystem, (name, args, call) => {
    if (name !== 'open' || !isDataFile(basename(String(args[0])))) return call();
    return watch(call() as OpenFile, (member, values, callMember) => {
      if (member !== 'write') return callMember();
      this.writes++;
      if (!this.isFull) return callMember();
      // A full disk takes what still fits: here half of it.
      values[2] = Math.floor((values[2] as number) / 2);
      callMember();
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
  });
}

function watch<T extends object>(it: T, seen: (name: string, args: unknown[], call: () => unknown) => unknown): T {
  return new Proxy(it, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => seen(String(name), args, () => member.apply(target, args) as unknown);
    },
  });
}

interface Member {
  readonly kind?: number;
  readonly seq: number;
  readonly key: string;
  readonly value?: string;
  readonly batch?: boolean;
}

/** Records one after the other as they stand at `fileOffset`, as members of a batch unless they say otherwise. */
function encodeMembers(members: readonly Member[], fileOffset: number): Buffer {
  let offset = fileOffset;
  return Buffer.concat(
    members.map(({ kind = KIND_PUT, seq, key, value = '', batch = true }) => {
      const fields = { kind, seq, key: Buffer.from(key), value: Buffer.from(value), batch };
      const bytes = encodeRecord(fields, SALT, offset);
      offset += bytes.length;
      return bytes;
    }),
  );
}

/** These bytes with the end of a batch of `count` members behind them. */
function withEnd(members: Buffer, count: number, seq: number, fileOffset: number): Buffer {
  const bytes = Buffer.alloc(members.length + MAX_BATCH_END_SIZE);
  members.copy(bytes);
  return bytes.subarray(0, writeBatchEnd(bytes, 0, members.length, count, seq, SALT, fileOffset));
}

/** A data file that holds these bytes behind its header. Without a manifest, as a crash in the first open leaves it. */
function writeDataFile(...parts: readonly Buffer[]): void {
  const file = DataFile.create(nodeFileSystem, directory, 1 as FileId, SALT);
  for (const part of parts) file.append(part);
  file.close();
}

const first = encodeMembers([{ seq: 1, key: 'first', value: 'plain', batch: false }], FILE_HEADER_SIZE);
const AFTER_FIRST = FILE_HEADER_SIZE + first.length;
const two: readonly Member[] = [
  { seq: 2, key: 'a', value: '1' },
  { seq: 3, key: 'first', kind: KIND_TOMBSTONE },
];

describe('Frames', () => {
  test('the end of a batch says how many members there are, how many bytes, and their checksum', () => {
    const members = encodeMembers(two, AFTER_FIRST);
    const bytes = withEnd(members, 2, 3, AFTER_FIRST);
    const end = decodeRecord(bytes, members.length, SALT, AFTER_FIRST + members.length);
    if (typeof end === 'string') throw new Error(`the end is ${end}`);
    expect([end.kind, end.seq, end.batch, end.key.length]).toEqual([KIND_BATCH_END, 3, false, 0]);
    expect(readBatchEnd(end)).toMatchObject({ count: 2, size: members.length });
    expect(members.length + end.size).toBe(bytes.length);
    const elsewhere = withEnd(members, 2, 3, AFTER_FIRST + 1);
    expect(elsewhere.equals(bytes)).toBe(false);
  });

  test('an end whose value is cut or has bytes to spare says nothing', () => {
    const bytes = withEnd(encodeMembers(two, AFTER_FIRST), 2, 3, AFTER_FIRST);
    const end = decodeRecord(bytes, bytes.length - endSize(bytes), SALT, AFTER_FIRST + bytes.length - endSize(bytes));
    if (typeof end === 'string') throw new Error(`the end is ${end}`);
    for (let size = 0; size < end.value.length; size++) {
      expect(readBatchEnd({ ...end, value: end.value.subarray(0, size) })).toBeUndefined();
    }
    expect(readBatchEnd({ ...end, value: Buffer.concat([end.value, Buffer.alloc(1)]) })).toBeUndefined();
  });

  test('a whole batch counts, every member of it, and what stands behind it', async () => {
    const batch = withEnd(encodeMembers(two, AFTER_FIRST), 2, 3, AFTER_FIRST);
    const at = AFTER_FIRST + batch.length;
    writeDataFile(first, batch, encodeMembers([{ seq: 4, key: 'z', value: '9', batch: false }], at));
    const db = await open();
    expect(contents(db)).toEqual(['a=1', 'z=9']);
    expect(db.put('next', 'v')).toBeGreaterThan(4);
  });

  test('a batch cut at any byte counts for nothing, and is kept in lost/', async ({ task }) => {
    const batch = withEnd(encodeMembers(two, AFTER_FIRST), 2, 3, AFTER_FIRST);
    const sizes = Array.from({ length: batch.length }, (_, size) => size);
    const ends = two.map((_, n) => encodeMembers(two.slice(0, n + 1), AFTER_FIRST).length);
    for (const size of sizes.filter(n => n % 7 === 0 || ends.includes(n) || n > batch.length - 3)) {
      nodeFs.rmSync(directory, { recursive: true });
      nodeFs.mkdirSync(directory);
      writeDataFile(first, batch.subarray(0, size));
      Object.assign(task.meta, { history: [`a batch of two, of which ${size} of ${batch.length} bytes are there`] });
      const db = await open();
      expect(contents(db)).toEqual(['first=plain']);
      expect(db.report.cut.map(({ offset, bytes }) => [offset, bytes])).toEqual(
        size === 0 ? [] : [[AFTER_FIRST, size]],
      );
      await db.close();
    }
  });

  test('an end that does not fit its members makes none of them count', async ({ task }) => {
    const members = encodeMembers(two, AFTER_FIRST);
    const end = withEnd(members, 2, 3, AFTER_FIRST).subarray(members.length);
    const three = encodeMembers([...two, { seq: 4, key: 'c' }], AFTER_FIRST);
    const other = encodeMembers([{ seq: 2, key: 'a', value: '7' }, two[1]!], AFTER_FIRST);
    const a: Member = { seq: 2, key: 'a', value: '1' };
    const b: Member = { seq: 3, key: 'b', value: '2' };
    const endOfAB = withEnd(encodeMembers([a, b], AFTER_FIRST), 2, 3, AFTER_FIRST).subarray(-end.length);
    const wrong: Record<string, Buffer> = {
      'the end counts 3, and there are 2': withEnd(members, 3, 3, AFTER_FIRST),
      'a member more stands before the end': Buffer.concat([three, end]),
      'the end has no members': withEnd(Buffer.alloc(0), 0, 3, AFTER_FIRST),
      'a plain record stands where the end should': Buffer.concat([
        members,
        encodeMembers([{ seq: 4, key: 'p', batch: false }], AFTER_FIRST + members.length),
      ]),
      'number and size fit, one member is another': Buffer.concat([other, end]),
      'number and size fit, the order is another': Buffer.concat([encodeMembers([b, a], AFTER_FIRST), endOfAB]),
    };
    for (const [what, bytes] of Object.entries(wrong)) {
      nodeFs.rmSync(directory, { recursive: true });
      nodeFs.mkdirSync(directory);
      writeDataFile(first, bytes);
      Object.assign(task.meta, { history: [what] });
      const db = await open();
      expect(contents(db)).toEqual(['first=plain']);
      await db.close();
    }
  });

  test('after a failed sync the next opening copies a batch, and the one after that still has it', async () => {
    writeDataFile(first, withEnd(encodeMembers(two, AFTER_FIRST), 2, 3, AFTER_FIRST));
    nodeFs.writeFileSync(join(directory, POISONED_NAME), '');
    const db = await open();
    expect(contents(db)).toEqual(['a=1']);
    expect(contents(await reopen(db))).toEqual(['a=1']);
    await opened.at(-1)!.close();
    expect((await Database.verify(directory)).problems).toEqual([]);
  });

  test('a check of the files names a batch that lacks its end', async () => {
    const batch = withEnd(encodeMembers(two, AFTER_FIRST), 2, 3, AFTER_FIRST);
    writeDataFile(first, batch.subarray(0, batch.length - 1));
    const cut = await Database.verify(directory);
    expect(cut.tails.map(({ offset, code }) => [offset, code])).toEqual([[AFTER_FIRST, 'BATCH']]);
    nodeFs.rmSync(join(directory, dataFiles()[0]!));
    writeDataFile(first, batch);
    const whole = await Database.verify(directory);
    expect([whole.tails, whole.problems.filter(({ code }) => code !== 'MANIFEST'), whole.records]).toEqual([[], [], 3]);
  });
});

function endSize(bytes: Buffer): number {
  const members = encodeMembers(two, AFTER_FIRST);
  return bytes.length - members.length;
}

/** Kind, seq and batch flag of every record that the database in `directory` has in its files. */
function recordsOnDisk(): [number, number, boolean][] {
  return dataFiles().flatMap(name => {
    const file = DataFile.open(nodeFileSystem, directory, parseDataFileName(name)!);
    const bytes = file.read(0, file.size);
    file.close();
    const found: [number, number, boolean][] = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, file.salt, offset);
      if (typeof record === 'string') throw new Error(`${name} is ${record} at offset ${offset}`);
      found.push([record.kind, record.seq, record.batch]);
      offset += record.size;
    }
    return found;
  });
}

describe('Conditions', () => {
  test('ifAbsent puts a key once, ifSeq a key that nobody has changed meanwhile', async () => {
    const db = await open();
    const seq = db.put('k', '1', { ifAbsent: true });
    expect(() => db.put('k', '2', { ifAbsent: true })).toThrow(conflict);
    expect(db.getEntry('k')).toMatchObject({ value: Buffer.from('1'), seq });
    const next = db.put('k', '2', { ifSeq: seq });
    expect(() => db.put('k', '3', { ifSeq: seq })).toThrow(conflict);
    expect(() => db.delete('k', { ifSeq: seq })).toThrow(conflict);
    expect(() => db.put('other', '3', { ifSeq: next })).toThrow(conflict);
    expect(contents(db)).toEqual(['k=2']);
    expect(db.delete('k', { ifSeq: next })).toBe(db.position);
    db.put('k', '4', { ifAbsent: true });
    expect(contents(db)).toEqual(['k=4']);
  });

  test('a condition that is not met writes nothing', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('k', '1');
    const { writes } = disk;
    const { position } = db;
    expect(() => db.put('k', '2', { ifAbsent: true })).toThrow(conflict);
    expect(() => db.delete('k', { ifSeq: position + 1 })).toThrow(conflict);
    expect([disk.writes, db.position]).toEqual([writes, position]);
  });

  test('update stores what its function makes of the value, and removes the key when it makes undefined', async () => {
    const db = await open();
    const addOne = (value: Buffer | undefined): string => String(Number(value ?? 0) + 1);
    expect([db.update('n', addOne), db.update('n', addOne)]).toEqual([1, 2]);
    expect(contents(db)).toEqual(['n=2']);
    expect(db.update('n', () => undefined)).toBe(3);
    expect(db.update('n', () => undefined)).toBeUndefined();
    expect(db.size).toBe(0);
    expect(() => db.update('n', () => String(db.put('n', 'inner')))).toThrow(conflict);
    expect(() => db.update('n', (async () => 'x') as never)).toThrow(TypeError);
    expect(contents(db)).toEqual(['n=inner']);
  });

  test('putMany stores all or none, getMany reads in the order asked for', async () => {
    const db = await open();
    const pairs: [string, string][] = [
      ['a', '1'],
      ['b', '2'],
    ];
    expect(db.putMany(pairs)).toBe(2);
    expect(db.getMany(['b', 'nobody', 'a']).map(value => value?.toString())).toEqual(['2', undefined, '1']);
    expect(() => db.putMany([['c', '3'], ...pairs], { ifAbsent: true })).toThrow(conflict);
    expect(db.size).toBe(2);
  });
});

describe('Batches', () => {
  test('a batch makes all its changes with one write, now and after a reopen', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('old', 'x');
    const { writes } = disk;
    const batch = db.batch().put('a', '1').put('b', '2').delete('old').put('a', '3');
    expect([batch.size, db.size, disk.writes]).toEqual([4, 1, writes]);
    expect(batch.commit()).toBe(db.position);
    expect([batch.size, disk.writes]).toEqual([0, writes + 1]);
    expect(contents(db)).toEqual(['a=3', 'b=2']);
    expect(contents(await reopen(db))).toEqual(['a=3', 'b=2']);
  });

  test('of two or more changes it writes a frame, of one a plain record, of none nothing', async () => {
    const db = await open();
    db.batch().commit();
    expect(dataFiles()).toEqual([]);
    db.batch().put('a', '1').commit();
    db.batch().put('b', '2').delete('a').commit();
    await db.close();
    expect(recordsOnDisk()).toEqual([
      [KIND_PUT, 1, false],
      [KIND_PUT, 2, true],
      [KIND_TOMBSTONE, 3, true],
      [KIND_BATCH_END, 3, false],
    ]);
  });

  test('a batch whose write fails has changed nothing, now and after a reopen, and can be committed again', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('old', 'x');
    const batch = db.batch().put('a', '1').put('b', 'y'.repeat(1000)).delete('old');
    disk.isFull = true;
    expect(() => batch.commit()).toThrow(full);
    expect(contents(db)).toEqual(['old=x']);
    disk.isFull = false;
    const again = await reopen(db, { fs: disk.fs });
    expect(contents(again)).toEqual(['old=x']);
    again.batch().put('a', '1').delete('old').commit();
    expect(contents(again)).toEqual(['a=1']);
  });

  test('a power cut in the middle of a batch leaves all of it or nothing', async () => {
    const db = await open();
    db.put('old', 'x');
    const before = sizeOfLast();
    db.batch().put('a', '1').delete('old').put('b', '2').commit();
    const files = dataFiles().map(name => [name, nodeFs.readFileSync(join(directory, name))] as const);
    const [name, bytes] = files.at(-1)!;
    await db.close();
    for (const size of [before, before + 1, (before + bytes.length) >> 1, bytes.length - 1, bytes.length]) {
      nodeFs.rmSync(directory, { recursive: true });
      nodeFs.mkdirSync(directory);
      nodeFs.writeFileSync(join(directory, name), bytes.subarray(0, size));
      const left = await open();
      expect(contents(left)).toEqual(size === bytes.length ? ['a=1', 'b=2'] : ['old=x']);
      await left.close();
    }
  });

  test('repair keeps what can be read of a batch whose end is damaged, and leaves a store that opens', async () => {
    const db = await open();
    db.batch().put('a', '1').put('b', '2').commit();
    await db.close();
    flipBits(dataFiles().at(-1)!, sizeOfLast() - 1);
    await expect(open()).rejects.toMatchObject({ code: 'CORRUPT' });
    await Database.repair(directory);
    expect((await Database.verify(directory)).problems).toEqual([]);
    expect(contents(await open())).toEqual(['a=1', 'b=2']);
  });

  test('repair does not make a batch count that was cut and never counted', async () => {
    const db = await open();
    db.put('a', '1');
    db.put('b', '2');
    const again = await reopen(db);
    again.batch().put('n1', 'never').put('n2', 'never').commit();
    await kill(again);
    nodeFs.truncateSync(join(directory, dataFiles().at(-1)!), sizeOfLast() - 3);
    flipBits(dataFiles()[0]!, FILE_HEADER_SIZE);
    await Database.repair(directory);
    expect((await Database.verify(directory)).problems).toEqual([]);
    expect(contents(await open())).toEqual(['b=2']);
  });

  test('a batch larger than a data file is not split over two', async () => {
    const db = await open({ maxDataFileSize: 500 });
    const batch = db.batch();
    for (let n = 0; n < 20; n++) batch.put(`k${n}`, 'x'.repeat(100));
    batch.commit();
    expect(dataFiles().length).toBe(1);
    db.put('next', 'v');
    expect(dataFiles().length).toBe(2);
    expect((await reopen(db)).size).toBe(21);
  });

  test('a batch copies what it is given', async () => {
    const db = await open();
    const bytes = Buffer.from('key');
    const batch = db.batch().put(bytes, bytes);
    bytes.fill(0);
    batch.commit();
    expect(contents(db)).toEqual(['key=key']);
  });

  test('a condition in a batch sees the changes before it; unmet, it takes the whole batch with it', async () => {
    const db = await open();
    const seq = db.put('k', '1');
    db.batch().delete('k', { ifSeq: seq }).put('k', '2', { ifAbsent: true }).commit();
    expect(contents(db)).toEqual(['k=2']);
    const { position } = db;
    const batch = db.batch().put('n', '1').delete('k').put('n', '2', { ifAbsent: true });
    expect(() => batch.commit()).toThrow(conflict);
    expect([contents(db), db.position, batch.size]).toEqual([['k=2'], position, 3]);
  });
});

function sizeOfLast(): number {
  return nodeFs.statSync(join(directory, dataFiles().at(-1)!)).size;
}

/** Damage one byte of a data file. */
function flipBits(name: string, offset: number): void {
  const path = join(directory, name);
  const bytes = nodeFs.readFileSync(path);
  bytes[offset]! ^= 0xff;
  nodeFs.chmodSync(path, 0o644);
  nodeFs.writeFileSync(path, bytes);
}

/** Leave the directory as it would be if the process were killed now. */
async function kill(db: Database): Promise<void> {
  const killed = `${directory}-killed`;
  nodeFs.cpSync(directory, killed, { recursive: true });
  await db.close();
  nodeFs.rmSync(directory, { recursive: true });
  nodeFs.renameSync(killed, directory);
}

describe('Turns', () => {
  const put = (key: string, value: string, ifAbsent = false) => [{ type: 'put' as const, key, value, ifAbsent }];

  test('write() of many callers is one write call, and each counts by itself', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('old', 'x');
    const { writes } = disk;
    const results = await Promise.allSettled([
      db.write([...put('a', '1'), { type: 'delete', key: 'old' }]),
      db.write(put('a', '2', true)),
      db.write(put('b', '3', true)),
      db.write([{ type: 'delete', key: 'a' }]),
      db.write([...put('b', '4'), ...put('a', '5', true)]),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(disk.writes).toBe(writes + 1);
    expect(contents(db)).toEqual(['a=5', 'b=4']);
    expect(contents(await reopen(db))).toEqual(['a=5', 'b=4']);
  });

  test('a change after write() in the same turn comes after it, a delete and a condition too', async () => {
    const db = await open();
    const writes = [db.write(put('b', 'written'))];
    expect(db.delete('b')).toBe(db.position);
    writes.push(db.write(put('a', 'written')));
    db.put('a', 'put');
    writes.push(db.write(put('c', 'written')));
    expect(() => db.put('c', 'put', { ifAbsent: true })).toThrow(conflict);
    await Promise.all(writes);
    expect(contents(db)).toEqual(['a=put', 'c=written']);
  });

  test('write() that cannot be appended rejects, and has changed nothing', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs });
    db.put('old', 'x');
    disk.isFull = true;
    const writes = [db.write(put('a', '1')), db.write([...put('b', '2'), { type: 'delete', key: 'old' }])];
    for (const write of writes) await expect(write).rejects.toThrow(full);
    expect(contents(db)).toEqual(['old=x']);
    disk.isFull = false;
    await db.write(put('c', '3'));
    expect(contents(await reopen(db))).toEqual(['c=3', 'old=x']);
  });

  test('in turn mode a change takes effect at once, and commitTurn appends the turn as one frame', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs, commit: 'turn' });
    db.put('first', 'x');
    db.commitTurn();
    const { writes } = disk;
    db.put('a', '1');
    db.batch().put('b', '2').delete('first').commit();
    const position = db.put('a', '3');
    expect(contents(db)).toEqual(['a=3', 'b=2']);
    expect([disk.writes, db.isDurable(position)]).toEqual([writes, false]);
    db.commitTurn();
    expect([disk.writes, db.isDurable(position)]).toEqual([writes + 1, true]);
    db.put('later', 'x');
    await nextTurn();
    expect(db.isDurable(db.position)).toBe(true);
    await db.close();
    expect(recordsOnDisk().map(([kind, , batch]) => [kind, batch])).toEqual([
      [KIND_PUT, false],
      [KIND_PUT, true],
      [KIND_PUT, true],
      [KIND_TOMBSTONE, true],
      [KIND_PUT, true],
      [KIND_BATCH_END, false],
      [KIND_PUT, false],
    ]);
  });

  test('a turn is one frame and one write, however large it is', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs, commit: 'turn' });
    db.put('first', 'x');
    db.commitTurn();
    const { writes } = disk;
    for (let n = 0; n < 200; n++) db.put(`k${n}`, 'x'.repeat(1000));
    expect({ 'writes before the end of the turn': disk.writes - writes }).toEqual({
      'writes before the end of the turn': 0,
    });
    db.commitTurn();
    expect({ 'writes of the whole turn': disk.writes - writes }).toEqual({ 'writes of the whole turn': 1 });
    await db.close();
    expect({ 'ends of batches': recordsOnDisk().filter(([kind]) => kind === KIND_BATCH_END).length }).toEqual({
      'ends of batches': 1,
    });
  });

  test('a turn that cannot be appended stays in effect, is tried again, and lets nothing new in', async () => {
    const disk = new WatchedDisk();
    const db = await open({ fs: disk.fs, commit: 'turn' });
    db.put('first', 'x');
    db.commitTurn();
    disk.isFull = true;
    db.put('a', '1');
    db.put('b', '2');
    db.commitTurn();
    expect(() => db.put('c', '3')).toThrow(full);
    expect(contents(db)).toEqual(['a=1', 'b=2', 'first=x']);
    disk.isFull = false;
    db.put('c', '3');
    db.commitTurn();
    expect(contents(await reopen(db))).toEqual(['a=1', 'b=2', 'c=3', 'first=x']);
  });
});

describe('Transactions', () => {
  async function openABC(options?: DatabaseOptions): Promise<Database> {
    const db = await open(options);
    for (const key of ['a', 'b', 'c']) db.put(key, key.toUpperCase());
    return db;
  }

  test('its reads see its changes, in ranges too; nobody else does before the end', async () => {
    const db = await openABC();
    const result = db.transaction(tx => {
      tx.put('b', 'own');
      tx.put('bb', 'new');
      expect([tx.delete('c'), tx.delete('nobody')]).toEqual([true, false]);
      expect([String(tx.get('b')), tx.has('c'), tx.getEntry('b')?.seq, String(tx.get('a'))]).toEqual([
        'own',
        false,
        0,
        'A',
      ]);
      expect(contents(tx)).toEqual(['a=A', 'b=own', 'bb=new']);
      expect(Array.from(tx.keys({ reverse: true, limit: 2 }), String)).toEqual(['bb', 'b']);
      expect(Array.from(tx.keys().seek('b'), String)).toEqual(['b', 'bb']);
      expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C']);
      return 42;
    });
    expect(result).toBe(42);
    expect(contents(db)).toEqual(['a=A', 'b=own', 'bb=new']);
    expect(contents(await reopen(db))).toEqual(['a=A', 'b=own', 'bb=new']);
  });

  test('it is one frame with the last change of each key; without a change nothing is written', async () => {
    const disk = new WatchedDisk();
    const db = await openABC({ fs: disk.fs });
    const { writes } = disk;
    db.transaction(tx => {
      tx.put('new', '1');
      tx.delete('new');
      tx.get('a');
    });
    expect(disk.writes).toBe(writes);
    const { position } = db;
    db.transaction(tx => {
      for (let n = 0; n < 10; n++) tx.put('a', String(n));
      tx.delete('b');
    });
    expect([disk.writes, db.position]).toEqual([writes + 1, position + 2]);
    await db.close();
    expect(recordsOnDisk().slice(-3)).toEqual([
      [KIND_PUT, position + 1, true],
      [KIND_TOMBSTONE, position + 2, true],
      [KIND_BATCH_END, position + 2, false],
    ]);
  });

  test('when its function throws or returns a promise, nothing has changed and nothing was written', async () => {
    const disk = new WatchedDisk();
    const db = await openABC({ fs: disk.fs });
    const { writes } = disk;
    const mine = new Error('mine');
    const throwing = (tx: Transaction): void => {
      tx.put('a', '1');
      tx.delete('b');
      throw mine;
    };
    expect(() => db.transaction(throwing)).toThrow(mine);
    expect(() => db.transaction(async tx => tx.put('a', '1'))).toThrow(TypeError);
    expect(disk.writes).toBe(writes);
    expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C']);
  });

  test('a transaction within is taken back by itself, and may be begun by the database too', async () => {
    const db = await openABC();
    db.transaction(tx => {
      tx.put('a', 'outer');
      expect(() =>
        tx.transaction(inner => {
          expect(String(inner.get('a'))).toBe('outer');
          inner.put('a', 'inner');
          inner.delete('b');
          throw new Error('no');
        }),
      ).toThrow('no');
      expect(contents(tx)).toEqual(['a=outer', 'b=B', 'c=C']);
      expect(() => tx.transaction(async inner => inner.put('c', '1'))).toThrow(TypeError);
      tx.transaction(inner => inner.transaction(third => third.put('d', '1')));
      db.transaction(inner => inner.delete('c'));
    });
    expect(contents(db)).toEqual(['a=outer', 'b=B', 'd=1']);
  });

  test('its cursors stand still while it goes on', async () => {
    const db = await openABC();
    db.transaction(tx => {
      const seen: string[] = [];
      for (const [key, value] of tx.entries()) {
        seen.push(`${key}=${value}`);
        tx.put('b', 'later');
        tx.put('bb', 'later');
        tx.delete('c');
      }
      expect(seen).toEqual(['a=A', 'b=B', 'c=C']);
    });
    expect(contents(db)).toEqual(['a=A', 'b=later', 'bb=later']);
  });

  test('nobody else can change anything while it runs', async () => {
    const db = await openABC();
    let write: Promise<number> | undefined;
    db.transaction(tx => {
      tx.put('a', 'tx');
      expect(() => db.put('a', 'past it')).toThrow();
      expect(() => db.batch().delete('b').commit()).toThrow();
      write = db.write([{ type: 'put', key: 'a', value: 'after it' }]);
    });
    await write;
    expect(contents(db)).toEqual(['a=after it', 'b=B', 'c=C']);
  });

  test('cannot be used after its end, and holds nothing up when the disk was full', async () => {
    const disk = new WatchedDisk();
    const db = await openABC({ fs: disk.fs });
    let late: Transaction | undefined;
    disk.isFull = true;
    const run = (): void =>
      db.transaction(tx => {
        late = tx;
        tx.put('a', '1');
      });
    expect(run).toThrow(full);
    for (const use of [() => late!.get('a'), () => late!.put('a', '1'), () => [...late!.keys()]]) {
      expect(use).toThrow(closed);
    }
    disk.isFull = false;
    expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C']);
    run();
    expect(contents(db)).toEqual(['a=1', 'b=B', 'c=C']);
  });
});

describe('Optimistic', () => {
  const once = { attempts: 1 };

  test('makes its changes at its end, whoever else writes meanwhile', async () => {
    const db = await open();
    db.put('a', '1');
    const result = await db.optimistic(async tx => {
      tx.put('b', String(tx.get('a')));
      await nextTurn();
      db.put('other', 'x');
      expect([String(tx.get('a')), String(tx.get('b')), db.has('b')]).toEqual(['1', '1', false]);
      return 42;
    });
    expect(result).toBe(42);
    expect(contents(db)).toEqual(['a=1', 'b=1', 'other=x']);
  });

  test('reads one moment, and is never refused when it changes nothing', async () => {
    const db = await open();
    db.put('a', '1');
    await db.optimistic(async tx => {
      db.put('a', '2');
      db.put('b', '2');
      await nextTurn();
      expect(contents(tx)).toEqual(['a=1']);
    }, once);
  });

  test('is run again when what it read has changed, and gives up after so many attempts', async () => {
    const db = await open();
    db.put('n', '0');
    let runs = 0;
    const addOne = (): Promise<void> =>
      db.optimistic(
        async tx => {
          runs++;
          const n = Number(tx.get('n'));
          await nextTurn();
          tx.put('n', String(n + 1));
        },
        { attempts: 20 },
      );
    await Promise.all(Array.from({ length: 8 }, addOne));
    expect(String(db.get('n'))).toBe('8');
    expect(runs).toBeGreaterThan(8);
    const unlucky = db.optimistic(
      tx => {
        tx.put('x', String(tx.get('n')));
        db.put('n', 'other');
      },
      { attempts: 3 },
    );
    await expect(unlucky).rejects.toThrow(conflict);
    expect(db.has('x')).toBe(false);
  });

  test('write skew: two that read both keys and change one each do not both get through', async () => {
    const db = await open();
    db.putMany([
      ['ada', 'on call'],
      ['bob', 'on call'],
    ]);
    const leave = (name: string, other: string): Promise<void> =>
      db.optimistic(async tx => {
        const isCovered = String(tx.get(other)) === 'on call';
        await nextTurn();
        if (isCovered) tx.put(name, 'home');
      }, once);
    const results = await Promise.allSettled([leave('ada', 'bob'), leave('bob', 'ada')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(contents(db).filter(line => line.endsWith('on call')).length).toBe(1);
  });

  test('phantom: a key that has come into a range that was read is noticed, one beside it is not', async () => {
    const db = await open();
    for (const key of ['a', 'b', 'd']) db.put(key, 'x');
    const count = async (interfere: () => unknown): Promise<string> => {
      const run = db.optimistic(async tx => {
        const found = [...tx.keys({ gte: 'b', lt: 'e' })].length;
        await nextTurn();
        interfere();
        tx.put('count', String(found));
      }, once);
      return (await Promise.allSettled([run]))[0].status;
    };
    expect(await count(() => db.put('c', 'x'))).toBe('rejected');
    expect(await count(() => db.delete('c'))).toBe('rejected');
    expect(await count(() => db.put('e', 'x'))).toBe('fulfilled');
    expect(await count(() => db.put('a', 'y'))).toBe('fulfilled');
  });

  test('phantom: a range that was read to its end says what lies up to its bound, an empty range too', async () => {
    const db = await open();
    for (const key of ['k2', 'k4']) db.put(key, 'x');
    const whenPut = async (key: string, range: Range): Promise<string> => {
      const run = db.optimistic(async tx => {
        const found = [...tx.keys(range)].length;
        await nextTurn();
        db.put(key, 'x');
        tx.put('count', String(found));
      }, once);
      const [{ status }] = await Promise.allSettled([run]);
      db.delete(key);
      return status === 'fulfilled' ? 'goes through' : 'is refused';
    };
    const k = { gte: 'k', lt: 'l' };
    const none = { gte: 'm', lt: 'n' };
    expect({
      'k5, behind the last key': await whenPut('k5', k),
      'k5, read backwards': await whenPut('k5', { ...k, reverse: true }),
      'k1, before the first key': await whenPut('k1', k),
      'k1, read backwards': await whenPut('k1', { ...k, reverse: true }),
      'z, in a range without a bound': await whenPut('z', { gte: 'k' }),
      'm1, in an empty range': await whenPut('m1', none),
      'm1, read backwards': await whenPut('m1', { ...none, reverse: true }),
      'n, beside the empty range': await whenPut('n', none),
    }).toEqual({
      'k5, behind the last key': 'is refused',
      'k5, read backwards': 'is refused',
      'k1, before the first key': 'is refused',
      'k1, read backwards': 'is refused',
      'z, in a range without a bound': 'is refused',
      'm1, in an empty range': 'is refused',
      'm1, read backwards': 'is refused',
      'n, beside the empty range': 'goes through',
    });
  });

  test('depends on absent keys that it asked for, on keys that it changes, and on no more of a range than it walked', async () => {
    const db = await open();
    for (const key of ['a', 'b', 'c']) db.put(key, 'x');
    const goes = async (work: (tx: Transaction) => unknown, interfere: () => unknown): Promise<boolean> => {
      const run = db.optimistic(async tx => {
        work(tx);
        await nextTurn();
        interfere();
        tx.put('result', 'x');
      }, once);
      return (await Promise.allSettled([run]))[0].status === 'fulfilled';
    };
    expect(
      await goes(
        tx => tx.get('absent'),
        () => db.put('absent', 'x'),
      ),
    ).toBe(false);
    expect(
      await goes(
        () => {},
        () => db.put('result', 'y'),
      ),
    ).toBe(false);
    expect(
      await goes(
        tx => [...tx.keys({ limit: 1 })],
        () => db.put('b', 'y'),
      ),
    ).toBe(true);
    expect(
      await goes(
        tx => [...tx.keys({ lte: 'c', reverse: true, limit: 1 })],
        () => db.put('b', 'z'),
      ),
    ).toBe(true);
    expect(
      await goes(
        tx => [...tx.keys({ lte: 'c', reverse: true, limit: 1 })],
        () => db.put('c', 'z'),
      ),
    ).toBe(false);
  });

  test('when its function throws nothing has changed, and it is not run again', async () => {
    const db = await open();
    let runs = 0;
    const throwing = db.optimistic(async tx => {
      runs++;
      tx.put('a', '1');
      await nextTurn();
      throw new Error('mine');
    });
    await expect(throwing).rejects.toThrow('mine');
    expect([runs, db.size]).toEqual([1, 0]);
  });
});
