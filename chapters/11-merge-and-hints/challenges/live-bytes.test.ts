/** Challenge: the live bytes of each data file, from the hints alone. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import type { DatabaseOptions } from '#engine/options.ts';
import { liveBytes } from '#sketch/live-bytes.ts';

const OPTIONS: DatabaseOptions = { maxDataFileSize: 500, merge: { auto: false } };
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'live-bytes-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What the engine counts, after all hints have been written and all data files are gone. */
async function counted(change: (db: Database) => void): Promise<number> {
  const db = await Database.open(directory, OPTIONS);
  change(db);
  const { liveBytes: live } = db.stats;
  await db.close();
  await (await Database.open(directory, OPTIONS)).close(); // Writes the hints that are missing.
  for (const name of readdirSync(directory)) if (name.endsWith('.data')) rmSync(join(directory, name));
  return live;
}

const total = (found: Map<number, number>): number => Array.from(found.values()).reduce((sum, bytes) => sum + bytes, 0);

describe('A hint is enough', () => {
  test('puts, overwrites and deletes are counted as the engine counts them', async () => {
    const live = await counted(db => {
      for (let n = 0; n < 60; n++) db.put(`key ${n % 20}`, `value ${n}`);
      for (let n = 0; n < 20; n += 3) db.delete(`key ${n}`);
      db.put('key 0', 'once more');
    });
    const found = liveBytes(directory);
    expect(total(found)).toBe(live);
    expect(found.size).toBeGreaterThan(3);
    expect([...found.values()]).toContain(0);
  });

  test('a range that was deleted is dead, and what was put after it is live', async () => {
    const live = await counted(db => {
      for (let n = 0; n < 30; n++) db.put(`key ${n}`, 'value');
      db.deleteRange({ gte: 'key 1', lt: 'key 3' });
      db.put('key 11', 'again');
    });
    expect(total(liveBytes(directory))).toBe(live);
  });

  test('each space counts for itself, one that was dropped not at all, and another expiry changes nothing', async () => {
    const live = await counted(db => {
      const [kept, dropped] = [db.createSpace({ order: 'hash' }), db.createSpace({ order: 'key' })];
      for (const space of [db, kept, dropped]) for (let n = 0; n < 5; n++) space.put(`key ${n}`, 'value');
      db.expireAt('key 1', 4_000_000_000_000);
      kept.delete('key 2');
      db.dropSpace(dropped.id);
    });
    expect(total(liveBytes(directory))).toBe(live);
  });
});
