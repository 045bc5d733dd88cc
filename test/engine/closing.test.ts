/** The end of a Database: closed while calls run, closed twice, used afterwards, or never closed as the process ends. */
import { describe, expect, test } from 'vitest';
import { Database, type Durability } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { contents } from '../support/crashed-store.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const closed = expect.objectContaining({ code: 'CLOSED' });

async function open(options = {}): Promise<{ db: Database; fs: FaultFileSystem; disk: SimulatedDisk }> {
  const root = temporaryDirectory('closing');
  const disk = new SimulatedDisk(root);
  const fs = new FaultFileSystem(disk);
  return { db: await Database.open(root, { fs, maxDataFileSize: 200, ...options }), fs, disk };
}

describe('close() while calls run', () => {
  test('ends each of them as it should, at every moment of their way', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const { db, disk } = await open({ durability: 'memory' });
      const levels: Durability[] = ['memory', 'os', { intervalMs: 5 }, 'disk'];
      db.put('k0', 'x'.repeat(50));
      const calls = levels.map((durability, i) =>
        db.write([{ type: 'put', key: `w${i}`, value: 'x'.repeat(60) }], { durability }),
      );
      db.put('k1', 'x'.repeat(50));
      const syncs = [db.sync(), db.sync()];
      const durable = db.durable(db.position);
      for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
      const closing = db.close();
      expect((await Promise.allSettled([...calls, ...syncs, durable])).map(({ status }) => status)).toEqual(
        Array(7).fill('fulfilled'),
      );
      await closing;
      const left = await Database.open(db.directory, {
        fs: disk.cutPower({ bytes: 'lost', names: 'lost' }, disk.root),
      });
      expect(Array.from(left.keys(), String)).toEqual(['k0', 'k1', 'w0', 'w1', 'w2', 'w3']);
      await left.close();
    }
  });

  test('waits for a sync in the background before it lets go of the files', async () => {
    const { db, fs } = await open();
    for (let i = 0; i < 5; i++) db.put(`k${i}`, 'x'.repeat(100)); // Files are left behind: their sync runs.
    await db.close();
    const names = fs.calls.map(call => call.operation);
    const isBusy = names.lastIndexOf('syncDataLater') > names.indexOf('close', names.lastIndexOf('syncData'));
    expect(isBusy).toBe(false);
    const count = fs.calls.length;
    await new Promise(resolve => setTimeout(resolve, 150));
    expect(fs.calls.length).toBe(count); // No timer of ours is left.
  });

  test('a second close waits for the first, also when it fails', async () => {
    const { db, fs } = await open();
    db.put('a', '1');
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    const first = db.close();
    const second = db.close();
    await expect(first).rejects.toMatchObject({ code: 'POISONED' });
    await expect(second).rejects.toMatchObject({ code: 'POISONED' });
    await expect(db.close()).rejects.toMatchObject({ code: 'POISONED' });
    expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: expect.stringMatching(/CLOSED|POISONED/) }));
    fs.plan = () => undefined;
    await (await Database.open(db.directory, { fs })).close(); // The lock is free.
  });

  test('with a disk that is full says so, and lets go of the directory', async () => {
    const { db, fs, disk } = await open({ durability: 'memory' });
    db.put('a', '1');
    await db.sync();
    db.put('b', '2');
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    await expect(db.close()).rejects.toMatchObject({ code: 'DISK_FULL' });
    const again = await Database.open(db.directory, { fs: disk });
    expect(contents(again)).toEqual(['a=1']);
    await again.close();
  });
});

test('after closing, every member that touches the store throws or rejects CLOSED', async () => {
  const { db } = await open();
  db.put('a', '1');
  const space = db.createSpace({ order: 'hash' });
  await db.close();
  const calls: (() => unknown)[] = [
    () => db.size,
    () => db.get('a'),
    () => db.has('a'),
    () => db.getEntry('a'),
    () => db.put('a', '1'),
    () => db.delete('a'),
    () => db.delete('absent'),
    () => db.expireAt('a', 1e15),
    () => db.entries().next(),
    () => db.keys().next(),
    () => db.values().next(),
    () => db.batch().put('a', '1').commit(),
    () => db.createSpace({ order: 'key' }),
    () => db.dropSpace(space.id),
    () => space.get('a'),
    () => space.size,
    () => db.nextSeq(),
    () => db.write([{ type: 'put', key: 'a', value: '1' }]),
    () => db.sync(),
  ];
  for (const call of calls) {
    await expect((async () => call())(), String(call)).rejects.toThrow(closed);
  }
});

describe('a process that ends without waiting for close()', () => {
  for (const how of ['exit', 'exit while closing', 'exit in a turn']) {
    test(`has handed over what it had accepted: ${how}`, async () => {
      const directory = temporaryDirectory('closing');
      const { code } = await childEnd(startChild('end-anyhow', [directory, how]));
      expect(code).toBe(0);
      const db = await Database.open(directory);
      expect(Array.from(db.keys(), String)).toEqual(['at memory', 'at os', 'queued']);
      expect(db.report.cut).toEqual([]);
      await db.close();
    });
  }
});
