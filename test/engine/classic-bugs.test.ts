/**
 * Bugs that other Bitcask-style stores have had, in public, each with the test that would have found it. A name says what
 * happened there; the test shows that it does not happen here.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CorruptionError, Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { Generator, Model, preparedValue } from '../bench/engine/measured/data.ts';
import { firstOutput, startChild } from '../support/child.ts';
import { crashedStore, FIRST, openCopy, recordOffsets } from '../support/crashed-store.ts';
import { FaultFileSystem, isSync } from '../support/fault-file-system.ts';
import { diskIn, legalDiskStates, recordingOf, SimulatedDisk, snapshotAt } from '../support/fault-house/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const contents = (db: Database): Record<string, string> =>
  Object.fromEntries(Array.from(db.entries(), ([key, value]) => [String(key), String(value)]));

/** A store on a simulated disk, in small files that are merged only when the test says so. */
async function openOn(disk: SimulatedDisk, options: DatabaseOptions = {}): Promise<Database> {
  return Database.open(disk.root, { fs: disk, maxDataFileSize: 300, merge: { auto: false }, ...options });
}

const newDisk = (): SimulatedDisk => new SimulatedDisk(temporaryDirectory('classic'));

/** What disks show that a power cut may leave, at each change of names since `record()`: all lost, all kept, some. */
async function* afterCuts(disk: SimulatedDisk, states = 3): AsyncGenerator<Record<string, string>> {
  const recording = recordingOf(disk);
  for (let atCall = 0; atCall <= recording.calls.length; atCall++) {
    const { operation } = recording.calls[atCall] ?? { operation: 'rename' };
    if (!['create', 'rename', 'remove', 'syncDirectory'].includes(operation)) continue;
    for (const state of legalDiskStates(recording, atCall, { states })) {
      const left = diskIn(state, snapshotAt(recording, atCall), disk.root);
      const db = await openOn(left);
      yield contents(db);
      await db.close();
    }
  }
}

describe('merges that lost data', () => {
  test('old files were deleted before the new ones were safe: at every step of a merge a power cut loses no key', async () => {
    const disk = newDisk();
    const db = await openOn(disk);
    for (let i = 0; i < 12; i++) db.put(`key ${i % 4}`, `value ${i} ${'x'.repeat(60)}`);
    await db.sync();
    const before = contents(db);
    disk.record();
    await db.merge();
    await db.close();
    expect(disk.recorded.some(({ operation, file }) => operation === 'remove' && file.endsWith('.data'))).toBe(true);
    let cases = 0;
    for await (const found of afterCuts(disk)) {
      expect(found).toEqual(before);
      cases++;
    }
    expect(cases).toBeGreaterThan(20);
  }, 120_000);

  test('a merge that was stopped and begun again lost what the first had moved', async () => {
    const disk = newDisk();
    const db = await openOn(disk, { maxDataFileSize: 20_000 });
    for (let i = 0; i < 4000; i++) db.put(`key ${i % 2000}`, `value ${i} ${'x'.repeat(60)}`);
    const before = contents(db);
    const stop = new AbortController();
    const stopped = db.merge({ signal: stop.signal });
    setImmediate(() => stop.abort(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
    await db.merge();
    expect(contents(db)).toEqual(before);
    await db.close();
    const again = await openOn(disk);
    expect(contents(again)).toEqual(before);
    await again.close();
  });

  test('deleted keys came back after a merge of some files: a tombstone stays as long as an older value may', async () => {
    const disk = newDisk();
    const db = await openOn(disk, { merge: { deadShare: 0.5, minDeadBytes: 1 } });
    db.put('deleted', 'old');
    db.put('kept', 'x'.repeat(200)); // So this file is never worth a merge.
    for (let i = 0; i < 3; i++) db.put('other', `${i} ${'y'.repeat(120)}`);
    db.delete('deleted');
    for (let i = 3; i < 9; i++) db.put('other', `${i} ${'y'.repeat(120)}`);
    const tombstonesFile = '0000000003.data';
    await expect.poll(() => disk.fileNames).not.toContain(tombstonesFile);
    expect(disk.fileNames).toContain(FIRST);
    await db.close();
    const again = await openOn(disk);
    expect(Object.keys(contents(again))).toEqual(['kept', 'other']);
    await again.close();
  });

  test('a merge dropped a durable value whose newer one was never synced', async () => {
    const disk = newDisk();
    const db = await openOn(disk);
    db.put('k', 'old');
    db.put('filler', 'x'.repeat(300));
    await db.sync();
    db.put('k', 'new'); // At level os: nobody has promised that it is on the disk.
    disk.record();
    await db.merge();
    await db.close();
    for await (const found of afterCuts(disk, 5)) expect(['old', 'new']).toContain(found['k']);
  }, 120_000);

  test('an overwrite during a merge was undone when the merge put its copy into the index', async () => {
    const disk = newDisk();
    const db = await openOn(disk, { maxDataFileSize: 20_000, durability: 'memory' });
    for (let i = 0; i < 4000; i++) db.put(`key ${i % 2000}`, `value ${i} ${'x'.repeat(60)}`);
    let isOver = false;
    const merge = db.merge().finally(() => {
      isOver = true;
    });
    const changed = new Map<string, string>();
    for (let i = 0; !isOver; i++) {
      changed.set(`key ${(i * 7) % 2000}`, `during ${i}`);
      db.put(`key ${(i * 7) % 2000}`, `during ${i}`);
      await new Promise(setImmediate);
    }
    await merge;
    expect(changed.size).toBeGreaterThan(5);
    expect(contents(db)).toMatchObject(Object.fromEntries(changed));
    await db.close();
    const again = await openOn(disk);
    expect(contents(again)).toMatchObject(Object.fromEntries(changed));
    await again.close();
  });

  test('an iterator read from files that a merge had deleted', async () => {
    const directory = temporaryDirectory('classic');
    const db = await Database.open(directory, { maxDataFileSize: 300, cacheBytes: 0, merge: { auto: false } });
    for (let i = 0; i < 30; i++) db.put(`key ${String(i % 10)}`, `value ${i}`);
    const cursor = db.entries();
    const first = cursor.next().value!;
    for (let i = 0; i < 10; i++) db.put(`key ${i}`, 'newer than the cursor');
    await db.merge();
    await db.merge();
    await wait(20); // Files that nobody needs are gone by then.
    const rest = Array.from(cursor, ([key, value]) => `${key}=${value}`);
    expect([first.map(String).join('='), ...rest]).toEqual(
      Array.from({ length: 10 }, (_, i) => `key ${i}=value ${20 + i}`),
    );
    await expect.poll(() => readdirSync(directory).filter(name => name.endsWith('.data')).length).toBeLessThan(8);
    await db.close();
  });

  test('half of a batch survived because a merge had rewritten the other half', async () => {
    const disk = newDisk();
    const db = await openOn(disk);
    db.put('a', '1');
    db.put('b', '1');
    await db.sync();
    disk.record();
    db.batch().put('a', '2').put('b', '2').put('filler', 'x'.repeat(300)).commit();
    db.put('a', '3');
    await db.merge();
    await db.close();
    for await (const { a, b } of afterCuts(disk)) expect(['11', '22', '32']).toContain(`${a}${b}`);
  }, 120_000);
});

describe('recoveries that lost data, or refused', () => {
  test('a torn tail was left in place and appends landed behind it, where no recovery found them', async () => {
    const left = await crashedStore(db => {
      db.put('first', '1');
      db.put('torn', '2'.repeat(100));
    });
    const torn = left.copy(left.root);
    torn.change(FIRST, bytes => bytes.subarray(0, bytes.length - 50));
    const before = Buffer.from(torn.bytesOf(FIRST));
    let db = await Database.open(left.root, { fs: torn });
    expect(db.report.cut).toHaveLength(1);
    db.put('later', '3');
    await db.close();
    expect(torn.bytesOf(FIRST).equals(before)).toBe(true);
    db = await Database.open(left.root, { fs: torn });
    expect(contents(db)).toEqual({ first: '1', later: '3' });
    await db.close();
  });

  test('one wrong byte anywhere kept the whole store shut: damage names its place, and repair brings back all the rest', async () => {
    const left = await crashedStore(async db => {
      for (let i = 0; i < 5; i++) db.put(`key ${i}`, `value ${i}`);
      await db.sync();
      db.put('last', 'vouches for what came before');
    });
    const damaged = left.copy(left.root);
    const offset = recordOffsets(left, FIRST)[2]!;
    damaged.change(FIRST, bytes => {
      bytes[offset + 15]! ^= 1;
      return bytes;
    });
    const error = await Database.open(left.root, { fs: damaged }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error).toMatchObject({ code: 'CORRUPT', offset });
    await Database.repair(left.root, { fs: damaged });
    const db = await Database.open(left.root, { fs: damaged });
    expect(Object.keys(contents(db)).sort()).toEqual(['key 0', 'key 1', 'key 3', 'key 4', 'last']);
    await db.close();
  });

  test('a wrong byte in the last record kept the whole store shut, though that is what a crash leaves', async () => {
    const left = await crashedStore(db => {
      db.put('kept', '1');
      db.put('torn', '2');
    });
    const db = await openCopy(left, fs =>
      fs.change(FIRST, bytes => {
        bytes[bytes.length - 1]! ^= 0xff;
        return bytes;
      }),
    );
    expect(contents(db)).toEqual({ kept: '1' });
    expect(db.report.cut).toHaveLength(1);
    await db.close();
  });

  test('a length of four billion in a torn header made recovery allocate that much', async () => {
    const left = await crashedStore(db => {
      db.put('kept', '1');
    });
    const db = await openCopy(left, fs =>
      fs.change(FIRST, bytes => Buffer.concat([bytes, Buffer.alloc(40, 0xff), Buffer.alloc(20)])),
    );
    expect(contents(db)).toEqual({ kept: '1' });
    await db.close();
  });

  test('a file was made or renamed without a sync of its directory, and was gone after a power cut', async () => {
    const disk = newDisk();
    const db = await openOn(disk, { durability: 'disk' });
    for (let i = 0; i < 20; i++) db.put(`key ${i}`, 'x'.repeat(60)); // Rotates now and then.
    const expected = contents(db);
    const left = disk.cutPower({ bytes: 'lost', names: 'lost' }, disk.root);
    await db.close();
    const again = await openOn(left);
    expect(contents(again)).toEqual(expected);
    await again.close();
  });

  test('a failed fsync was tried again and the second, which says nothing, was believed', async () => {
    const disk = newDisk();
    const fs = new FaultFileSystem(disk);
    const db = await Database.open(disk.root, { fs });
    db.put('k', 'v');
    let failures = 0;
    fs.plan = call => {
      if (!isSync(call) || !call.file.endsWith('.data') || failures > 0) return undefined;
      failures++;
      return { error: 'EIO' };
    };
    await expect(db.sync()).rejects.toMatchObject({ code: expect.stringMatching(/IO|POISONED/) });
    await expect(db.sync()).rejects.toMatchObject({ code: 'POISONED' });
    expect(() => db.put('k', 'again')).toThrow(expect.objectContaining({ code: 'POISONED' }));
    expect(String(db.get('k'))).toBe('v');
    await db.close().catch(() => {});
  });

  test('the lock of a process that was killed kept the next one out', async () => {
    const directory = temporaryDirectory('classic');
    const child = startChild('open-database', [directory, 'hold']);
    expect(await firstOutput(child)).toBe('opened\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await Database.open(directory)).close();
  });

  test('keys that had expired were back when the clock had been set back', async () => {
    const disk = newDisk();
    let now = 10_000;
    const open = (): Promise<Database> => openOn(disk, { now: () => now });
    let db = await open();
    db.put('k', 'v', { expiresAtMs: 10_100 });
    now = 10_200;
    expect(db.has('k')).toBe(false);
    await db.close();
    now = 9_000;
    db = await open();
    expect(db.has('k')).toBe(false);
    await db.merge();
    expect(db.has('k')).toBe(false);
    await db.close();
  });
});

describe('answers that were wrong', () => {
  test('the index was updated after an await, so of two writes to a key the older one won', async () => {
    const disk = newDisk();
    let db = await openOn(disk);
    const writes = Array.from({ length: 50 }, (_, i) => db.write([{ type: 'put', key: 'k', value: String(i) }]));
    db.put('k', 'the last');
    await Promise.all(writes);
    expect(String(db.get('k'))).toBe('the last');
    await db.close();
    db = await openOn(disk);
    expect(String(db.get('k'))).toBe('the last');
    await db.close();
  });

  test('bytes above 7f were compared as negative numbers, and ranges lost them', async () => {
    const db = await openOn(newDisk());
    const keys = ['00', '7f', '80', 'c3a9', 'ff', 'ff00', 'ffff'].map(hex => Buffer.from(hex, 'hex'));
    for (const key of keys.toReversed()) db.put(key, 'v');
    expect([...db.keys()].map(key => key.toString('hex'))).toEqual(keys.map(key => key.toString('hex')));
    expect([...db.keys({ gte: keys[2]!, lt: keys[5]! })]).toHaveLength(3);
    expect([...db.keys({ prefix: Buffer.from('ff', 'hex') })]).toHaveLength(3);
    await db.close();
  });

  test('numbers were stored little-endian or as text, and did not sort', async () => {
    const db = await openOn(newDisk());
    const numbers = [0, 9, 10, 255, 256, 65_535, 65_536];
    for (const n of numbers.toReversed()) {
      const key = Buffer.alloc(4);
      key.writeUInt32BE(n);
      db.put(key, String(n));
    }
    expect([...db.values()].map(String)).toEqual(numbers.map(String));
    await db.close();
  });

  test('file 10 was replayed before file 9, because names were sorted as text', async () => {
    const disk = newDisk();
    let db = await openOn(disk);
    for (let i = 0; i < 60; i++) db.put('k', `${i} ${'x'.repeat(120)}`);
    expect(db.stats.dataFiles).toBeGreaterThan(12);
    await db.close();
    db = await openOn(disk);
    expect(String(db.get('k'))).toMatch(/^59 /);
    await db.close();
  });

  test('a key called __proto__ or constructor was always there, or never', async () => {
    const db = await openOn(newDisk());
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty']) {
      expect(db.get(key)).toBeUndefined();
      db.put(key, 'v');
      expect(String(db.get(key))).toBe('v');
      db.delete(key);
      expect(db.has(key)).toBe(false);
    }
    await db.close();
  });

  test('an empty value was taken for a deleted key', async () => {
    const disk = newDisk();
    let db = await openOn(disk);
    db.put('k', '');
    db.put('', 'the empty key');
    await db.merge();
    await db.close();
    db = await openOn(disk);
    expect(db.get('k')).toHaveLength(0);
    expect(String(db.get(''))).toBe('the empty key');
    await db.close();
  });

  test('the caller used its buffer again and changed what it had stored', async () => {
    const disk = newDisk();
    const db = await openOn(disk, { durability: 'memory', cacheBytes: 10_000 });
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    db.put(key, value);
    const batch = db.batch().put(Buffer.concat([key, Buffer.from('2')]), value);
    key.fill('x');
    value.fill('x');
    batch.commit();
    expect(String(db.get('key'))).toBe('value');
    const read = db.get('key')!;
    read.fill('y'); // And what a read has given belongs to the caller.
    expect(String(db.get('key'))).toBe('value');
    await db.close();
    const again = await openOn(disk);
    expect(contents(again)).toMatchObject({ key: 'value' });
    await again.close();
  });

  test('a write that had failed was visible, or was there after the next start', async () => {
    const disk = newDisk();
    const fs = new FaultFileSystem(disk);
    const db = await Database.open(disk.root, { fs });
    db.put('k', 'old');
    fs.plan = ({ operation }) => (operation === 'write' ? { error: 'ENOSPC', afterBytes: 10 } : undefined);
    expect(() => db.put('k', 'new')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(String(db.get('k'))).toBe('old');
    fs.plan = () => undefined;
    db.put('other', 'written when there was room again');
    await db.close();
    const again = await openOn(disk);
    expect(contents(again)).toEqual({ k: 'old', other: 'written when there was room again' });
    await again.close();
  });

  test('a delete of a key that is not there made the log grow', async () => {
    const db = await openOn(newDisk());
    const before = db.stats.dataBytes;
    for (let i = 0; i < 100; i++) expect(db.delete(`nobody ${i}`)).toBeUndefined();
    expect(db.clear()).toBeUndefined();
    expect(db.stats.dataBytes).toBe(before);
    await db.close();
  });

  test('a benchmark read keys of which nearly none was there: ours asks only for keys that it has stored', () => {
    const keys = 10_000;
    const model = new Model(keys, true);
    const random = new Generator(1000);
    for (let i = 0; i < 50_000; i++) {
      const key = random.below(keys);
      expect(model.values[key]).toBe(preparedValue(key));
    }
    expect(model.count).toBe(keys);
  });
});

describe('calls that ended more than they should', () => {
  test('one user closed what others used: an ended transaction, cursor or snapshot leaves the store open', async () => {
    const db = await openOn(newDisk());
    db.put('k', 'v');
    expect(() =>
      db.transaction(() => {
        throw new Error('mine alone');
      }),
    ).toThrow('mine alone');
    for (const _ of db.keys()) break;
    const snapshot = db.snapshot();
    snapshot.close();
    snapshot.close();
    expect(() => snapshot.get('k')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(String(db.get('k'))).toBe('v');
    db.put('k', 'w');
    await db.close();
  });

  test('close while calls were under way lost them, and a second close hung', async () => {
    const disk = newDisk();
    const db = await openOn(disk);
    const writes = Array.from({ length: 20 }, (_, i) => db.write([{ type: 'put', key: `k${i}`, value: 'v' }]));
    const merge = db.merge().catch((error: { code?: string }) => error.code);
    const [first, second] = [db.close(), db.close()];
    await Promise.all([...writes, merge, first, second]);
    expect(() => db.put('k', 'v')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    const again = await openOn(disk);
    expect(again.size).toBe(20);
    await again.close();
  });
});
