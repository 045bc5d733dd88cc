/** Level { intervalMs }: a sync begins at most that long after the oldest write that is not synced, whatever the clock says. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { FaultFileSystem, isSync } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const HOUR = 3_600_000;
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

afterEach(() => vi.restoreAllMocks());

async function open(options: DatabaseOptions): Promise<{ db: Database; syncs: () => number }> {
  const root = temporaryDirectory('interval');
  const fs = new FaultFileSystem(new SimulatedDisk(root));
  const db = await Database.open(root, { fs, ...options });
  db.put('first', 'v', { durability: 'disk' });
  const before = fs.calls.filter(isSync).length;
  return { db, syncs: () => fs.calls.filter(isSync).length - before };
}

test('the time runs from the oldest write that is not synced, not from the newest', async () => {
  const { db, syncs } = await open({ durability: { intervalMs: 60 } });
  for (let i = 0; i < 12; i++) {
    db.put('k', String(i));
    await sleep(10);
  }
  expect(syncs()).toBeGreaterThan(0);
  await db.close();
});

test('without a write there is no sync', async () => {
  const { db, syncs } = await open({ durability: { intervalMs: 5 } });
  await sleep(50);
  expect(syncs()).toBe(0);
  db.put('k', 'v');
  await sleep(50);
  expect(syncs()).toBe(1);
  await db.close();
});

describe('a shorter interval counts at once', () => {
  test('when one call asks for it', async () => {
    const { db, syncs } = await open({ durability: { intervalMs: HOUR } });
    db.put('a', '1');
    db.put('b', '2', { durability: { intervalMs: 10 } });
    await sleep(60);
    expect(syncs()).toBe(1);
    await db.close();
  });

  test('when the store is set to it while writes wait for a longer one', async () => {
    const { db, syncs } = await open({ durability: { intervalMs: HOUR } });
    db.put('a', '1');
    db.put('b', '2');
    db.durability = { intervalMs: 10 };
    await sleep(60);
    expect(syncs()).toBe(1);
    await db.close();
  });
});

test('an interval longer than a timer can be set to is not taken for none', async () => {
  const warnings = vi.spyOn(process, 'emitWarning');
  const { db, syncs } = await open({ durability: { intervalMs: 1e300 } });
  const now = vi.spyOn(performance, 'now').mockReturnValue(66.3); // 66.3 + 2147483647 - 66.3 is more than it should be.
  db.put('a', '1');
  now.mockRestore();
  await sleep(30);
  expect(syncs()).toBe(0);
  expect(warnings.mock.calls.flat()).not.toContain('TimeoutOverflowWarning');
  await db.close();
});

test('a clock that is set back an hour, or forward ten years, changes nothing', async () => {
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  const { db, syncs } = await open({ durability: { intervalMs: 40 } });
  db.put('a', '1');
  now += 10 * 365 * 24 * HOUR;
  db.put('b', '2');
  expect(syncs()).toBe(0);
  now -= 10 * 365 * 24 * HOUR + HOUR;
  db.put('c', '3');
  await sleep(100);
  expect(syncs()).toBe(1);
  await db.close();
});

test('a program that holds up its own timers is synced on time all the same', async () => {
  const { db, syncs } = await open({ durability: { intervalMs: 10 } });
  for (const end = performance.now() + 200; performance.now() < end; ) db.put('k', 'v');
  expect(syncs()).toBeGreaterThanOrEqual(3);
  await db.close();
});

test('a sync that fails while the program holds up its timers poisons the store and fails no write that was made', async () => {
  const root = temporaryDirectory('interval');
  const fs = new FaultFileSystem(new SimulatedDisk(root));
  const db = await Database.open(root, { fs, durability: { intervalMs: 10 } });
  db.put('first', 'v');
  fs.plan = call => (call.operation === 'syncData' ? { error: 'EIO' } : undefined);
  let put = 0;
  const holdUp = (): void => {
    for (const end = performance.now() + 5000; performance.now() < end; put++) db.put(`k${put}`, 'v');
  };
  expect(holdUp).toThrow(expect.objectContaining({ code: 'POISONED' }));
  expect(db.size).toBe(1 + put);
  await db.close();
});

test('a program that ends without closing has what it wrote synced', async () => {
  const directory = temporaryDirectory('interval');
  const { output } = await childEnd(startChild('exit-at-interval', [directory]));
  expect(output).toMatch(/^syncs before exit: 0\nsynced \d+\.data\n$/);
});
