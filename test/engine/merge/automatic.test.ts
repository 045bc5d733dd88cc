/** What a store does by itself: it merges files that are mostly dead, and removes keys that are due. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LiveFile } from '../../../engine/src/disk/manifest.ts';
import { Database } from '../../../engine/src/index.ts';
import { chooseFiles } from '../../../engine/src/merge/choose-files.ts';
import { FaultFileSystem, SimulatedDisk } from '../../support/fault-house/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes of all data files that there are, listed or not. */
const bytesOnDisk = (directory: string): number =>
  readdirSync(directory)
    .filter(name => name.endsWith('.data') || name.endsWith('.merging'))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

describe('chooseFiles', () => {
  const file = (id: number, sealedSize: number, deadBytes: number) => ({
    live: { id, salt: 1, sealedSize, minSeq: 1, maxSeq: 1 } as LiveFile,
    deadBytes,
  });
  const chosen = (...candidates: ReturnType<typeof file>[]) =>
    chooseFiles(candidates, { deadShare: 0.5, minDeadBytes: 100 }).map(live => live.id);

  test('takes the files of which more is dead than allowed, the worst first', () => {
    expect(chosen(file(1, 1000, 600), file(2, 1000, 400), file(3, 1000, 900))).toEqual([3, 1]);
  });

  test('takes none when there is little to win', () => {
    expect(chosen(file(1, 120, 80))).toEqual([]);
    expect(chosen(file(1, 120, 80), file(2, 120, 80))).toEqual([1, 2]);
  });

  test('does not take everything at once', () => {
    const GiB = 2 ** 30;
    expect(chosen(...[1, 2, 3, 4, 5].map(id => file(id, GiB, 0.6 * GiB)))).toHaveLength(3);
  });
});

describe('under steady overwrites', () => {
  test('the disk holds little more than twice what is live, without anybody asking', async () => {
    const seed = Date.now() % 1_000_000;
    const next = random(seed);
    const db = await Database.open(temporaryDirectory('steady'), {
      maxDataFileSize: 64 * 1024,
      merge: { minDeadBytes: 32 * 1024 },
    });
    for (let i = 0; i < 2000; i++) db.put(`key ${i}`, Buffer.alloc(100, i));
    const liveBytes = db.stats.liveBytes;
    let most = 0;
    for (let i = 0; i < 40_000; i++) {
      const key = Math.floor(next() * 2000);
      db.put(`key ${key}`, Buffer.alloc(100, key));
      if (i % 50 === 0) await new Promise(resolve => setTimeout(resolve, 1)); // Else nothing in the background has a turn.
      if (i % 2000 === 0 && i > 10_000) most = Math.max(most, bytesOnDisk(db.directory));
    }
    await db.sync();
    await expect.poll(() => bytesOnDisk(db.directory) / liveBytes, { timeout: 10_000 }).toBeLessThan(2.2);
    expect(db.stats.merges, `seed ${seed}`).toBeGreaterThan(5);
    for (let i = 0; i < 2000; i++) expect(db.get(`key ${i}`), `seed ${seed}`).toEqual(Buffer.alloc(100, i));
    expect(most / liveBytes, `seed ${seed}`).toBeLessThan(4); // While a merge is at work, old and new stand side by side.
    await db.close();
  });

  test('of a few keys, the file that is written to is left and merged too', async () => {
    const db = await Database.open(temporaryDirectory('steady'), { merge: { minDeadBytes: 50_000 } });
    for (let i = 0; i < 3000; i++) db.put(`key ${i % 10}`, Buffer.alloc(100, i));
    expect(db.stats.deadBytes).toBeGreaterThan(300_000);
    await expect.poll(() => db.stats.deadBytes, { timeout: 10_000, interval: 100 }).toBeLessThan(1000);
    await db.close();
  });

  test('nothing is merged when that is not wanted', async () => {
    const db = await Database.open(temporaryDirectory('steady'), { merge: { auto: false, minDeadBytes: 0 } });
    for (let i = 0; i < 1000; i++) db.put('k', Buffer.alloc(100));
    const { deadBytes } = db.stats;
    await new Promise(resolve => setTimeout(resolve, 1200));
    expect(db.stats).toMatchObject({ deadBytes, merges: 0 });
    await db.close();
  });

  test('records that had to be kept are not merged again and again', async () => {
    const db = await Database.open(temporaryDirectory('steady'), {
      maxDataFileSize: 4000,
      merge: { minDeadBytes: 1, deadShare: 0.5 },
    });
    for (let i = 0; i < 100; i++) db.put(`key ${i}`, '');
    for (let i = 0; i < 100; i++) db.expireAt(`key ${i}`, 9_000_000_000_000);
    db.put('last', Buffer.alloc(4000));
    await db.sync();
    await new Promise(resolve => setTimeout(resolve, 2500));
    expect(db.stats.merges).toBeLessThan(3);
    await db.close();
  });

  test('a merge that fails is not tried again at once', async () => {
    const disk = new SimulatedDisk(temporaryDirectory('steady'));
    const fs = new FaultFileSystem(disk);
    let tries = 0;
    fs.plan = ({ operation, file }) => {
      if (operation !== 'create' || !file.endsWith('.merging')) return undefined;
      tries++;
      return { error: 'ENOSPC' };
    };
    const db = await Database.open(disk.root, { fs, maxDataFileSize: 1000, merge: { minDeadBytes: 100 } });
    for (let i = 0; i < 100; i++) db.put(`key ${i % 5}`, Buffer.alloc(100));
    await db.sync();
    await expect.poll(() => tries).toBe(1);
    for (let i = 0; i < 100; i++) db.put(`key ${i % 5}`, Buffer.alloc(100));
    await db.sync();
    await new Promise(resolve => setTimeout(resolve, 1500));
    expect(tries).toBe(1);
    expect(db.size).toBe(5);
    await db.close();
  });
});

describe('keys that are due', () => {
  test('go by themselves, with a tombstone, though nobody looks at them', async () => {
    let now = 1000;
    const db = await Database.open(temporaryDirectory('sweep'), { now: () => now, merge: { auto: false } });
    const space = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 2000; i++) db.put(`key ${i}`, '', { expiresAtMs: 2000 });
    space.put('k', 'v', { expiresAtMs: 2000 });
    db.put('stays', '');
    const { position } = db;
    now = 2000;
    await expect.poll(() => db.stats.keys, { timeout: 5000 }).toBe(1);
    expect(db.position).toBe(position + 2001);
    now = 0;
    await db.close();
    const again = await Database.open(db.directory, { now: () => 0 });
    expect(again.stats.keys).toBe(1);
    await again.close();
  });

  test('stay with their expiry when the caller wants to see to them', async () => {
    const db = await Database.open(temporaryDirectory('sweep'), { now: () => 5000, expiry: 'caller' });
    db.put('k', 'v', { expiresAtMs: 2000 });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(db.stats.keys).toBe(1);
    await db.close();
  });

  test('hold nobody up, however many there are', async () => {
    let now = 1000;
    const db = await Database.open(temporaryDirectory('sweep'), { now: () => now, durability: 'memory' });
    for (let i = 0; i < 50_000; i++) db.put(`key ${i}`, '', { expiresAtMs: 2000 });
    await db.sync();
    now = 2000;
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await expect.poll(() => db.stats.keys, { timeout: 20_000, interval: 5 }).toBe(0);
    clearInterval(count);
    expect(turns).toBeGreaterThan(20);
    await db.close();
  });

  test('are not looked for any more once the store is closed', async () => {
    const disk = new SimulatedDisk(temporaryDirectory('sweep'));
    const fs = new FaultFileSystem(disk);
    let now = 1000;
    const db = await Database.open(disk.root, { fs, now: () => now });
    db.put('k', 'v', { expiresAtMs: 2000 });
    await db.close();
    const { length } = fs.calls;
    now = 3000;
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(fs.calls).toHaveLength(length);
  });
});
