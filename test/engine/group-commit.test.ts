/**
 * Group commit: whoever waits for the disk is released only by an fdatasync that began after its write, that covers every
 * file written to and the name of each new one. The disk of these tests takes its time, and has on it only what was
 * written when a sync began.
 */
import { describe, expect, test } from 'vitest';
import type { FileSystem, OpenFile, OpenMode } from '../../engine/src/index.ts';
import { Database } from '../../engine/src/index.ts';
import { recoverCopy } from '../support/crashed-store.ts';
import { diskError } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const endOfTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const poisoned = expect.objectContaining({ code: 'POISONED' });

/** A number from 0 to n - 1, the same ones for the same seed. */
function randomFrom(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (state * 16807) % 2147483647;
    return state % n;
  };
}

/** A disk whose background syncs take as many turns as `turns` says. */
class SlowDisk implements FileSystem {
  readonly disk: SimulatedDisk;
  syncs = 0;
  turns: () => number = () => 1;
  failSyncNow = false;

  constructor(root: string) {
    this.disk = new SimulatedDisk(root);
  }

  open(path: string, mode: OpenMode): OpenFile {
    const file = this.disk.open(path, mode);
    const { syncData, syncDataLater } = file;
    file.syncData = () => {
      if (this.failSyncNow) throw diskError('EIO');
      syncData();
    };
    file.syncDataLater = async () => {
      this.syncs++;
      const done = syncDataLater(); // What it covers is what has been written by now.
      for (let turns = this.turns(); turns > 0; turns--) await endOfTurn();
      await done;
    };
    return file;
  }

  list = (path: string): string[] => this.disk.list(path);
  rename = (from: string, to: string): void => this.disk.rename(from, to);
  remove = (path: string): void => this.disk.remove(path);
  makeDirectory = (): void => {};
  syncDirectory = (path: string): void => this.disk.syncDirectory(path);
  changeMode = (): void => {};

  async keysAfterPowerCut(): Promise<Set<string>> {
    const { keys } = await recoverCopy(this.disk.cutPower({ bytes: 'lost', names: 'lost' }, this.disk.root), () => {});
    return new Set(keys);
  }
}

test('whenever somebody is released, all that was waited for outlives a power cut in that moment', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed);
    const slow = new SlowDisk(temporaryDirectory('group'));
    slow.turns = () => random(6);
    const commit = seed % 3 === 0 ? 'turn' : 'call';
    const db = await Database.open(slow.disk.root, { fs: slow, commit, durability: 'disk', maxDataFileSize: 300 });
    const waiting: Promise<void>[] = [];
    for (let i = 0; i < 60; i++) {
      const key = `key ${i}`;
      const write = async (): Promise<void> => {
        if (commit === 'turn') await db.durable(db.put(key, 'x'.repeat(random(60))));
        else await db.write([{ type: 'put', key, value: 'x'.repeat(random(60)) }], { durability: 'disk' });
        expect(await slow.keysAfterPowerCut(), `seed ${seed}`).toContain(key);
      };
      waiting.push(write());
      if (random(8) === 0) waiting.push(db.sync());
      if (commit === 'call' && random(20) === 0) db.put(`now ${i}`, 'v', { durability: random(2) ? 'disk' : 'os' });
      if (random(3) === 0) await endOfTurn();
    }
    await Promise.all(waiting);
    await db.close();
  }
});

test('a waiter that comes while a sync is under way waits for the next', async () => {
  const slow = new SlowDisk(temporaryDirectory('group'));
  slow.turns = () => 4;
  const db = await Database.open(slow.disk.root, { fs: slow });
  db.put('a', '1');
  const first = db.sync();
  db.put('b', '2');
  const second = db.sync();
  await first;
  const afterFirst = await slow.keysAfterPowerCut();
  expect([afterFirst.has('a'), afterFirst.has('b')]).toEqual([true, false]);
  await second;
  expect((await slow.keysAfterPowerCut()).has('b')).toBe(true);
  expect(slow.syncs).toBe(2);
  await db.close();
});

test('64 writers that are always waiting share each sync', async () => {
  const slow = new SlowDisk(temporaryDirectory('group'));
  slow.turns = () => 3;
  const db = await Database.open(slow.disk.root, { fs: slow });
  const writer = async (name: number): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      await db.write([{ type: 'put', key: `${name} ${i}`, value: 'v' }], { durability: 'disk' });
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, name) => writer(name)));
  expect(slow.syncs).toBeLessThanOrEqual(20);
  await db.close();
});

test('a new file counts for nothing before the directory has its name', async () => {
  const slow = new SlowDisk(temporaryDirectory('group'));
  const db = await Database.open(slow.disk.root, { fs: slow, maxDataFileSize: 100 });
  for (let i = 0; i < 10; i++) {
    db.put(`key ${i}`, 'x'.repeat(100), { durability: 'disk' });
    expect(await slow.keysAfterPowerCut()).toEqual(new Set(Array.from({ length: i + 1 }, (_, n) => `key ${n}`)));
  }
  await db.close();
});

describe('after a sync has failed', () => {
  test('one that was under way and ends well releases nobody and seals nothing', async () => {
    const slow = new SlowDisk(temporaryDirectory('group'));
    const db = await Database.open(slow.disk.root, { fs: slow, maxDataFileSize: 100 });
    slow.turns = () => 10;
    db.put('a', 'x'.repeat(100));
    db.put('b', 'x'); // The first file is left behind: its sync begins.
    const waiting = db.sync();
    slow.failSyncNow = true;
    expect(() => db.put('c', 'x', { durability: 'disk' })).toThrow(poisoned);
    slow.failSyncNow = false;
    await expect(waiting).rejects.toThrow(poisoned);
    for (let turns = 0; turns < 20; turns++) await endOfTurn();
    expect(JSON.parse(String(slow.disk.bytesOf('MANIFEST')).split('\n')[0]!).files[0].sealedSize).toBeNull();
    await db.close();
  });
});
