/** Challenge: how much of each data file is still needed. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { logStats } from '#sketch/log-stats.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-stats-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('How much of it is dead?', () => {
  test('records and bytes of each file, in the order of the files', async () => {
    const db = await Database.open(directory, { maxDataFileSize: 200 });
    for (let n = 0; n < 20; n++) db.put(`key ${n}`, 'v'.repeat(50));
    await db.close();
    const stats = logStats(directory);
    const names = readdirSync(directory)
      .filter(name => name.endsWith('.data'))
      .sort();
    expect(stats.map(({ file, bytes }) => [file, bytes])).toEqual(
      names.map(name => [name, statSync(join(directory, name)).size]),
    );
    expect(stats.reduce((sum, { records }) => sum + records, 0)).toBe(20);
  });

  test('where nothing was overwritten, every record is alive', async () => {
    const db = await Database.open(directory);
    for (let n = 0; n < 10; n++) db.put(`key ${n}`, 'value');
    await db.close();
    const [only] = logStats(directory);
    expect(only?.liveBytes).toBe((only?.bytes ?? 0) - 32);
  });

  test('an overwritten record is dead, in whichever file it lies', async () => {
    const first = await Database.open(directory);
    first.put('a', '1'.repeat(100));
    first.put('b', '1'.repeat(100));
    await first.close();
    const second = await Database.open(directory);
    second.put('a', '2');
    await second.close();
    const [old, young] = logStats(directory);
    expect(old?.liveBytes).toBe(((old?.bytes ?? 0) - 32) / 2);
    expect(young?.liveBytes).toBe((young?.bytes ?? 0) - 32);
  });

  test('a file of which nothing is needed any more has no live byte', async () => {
    for (const value of ['old', 'new']) {
      const db = await Database.open(directory);
      db.put('key', value);
      await db.close();
    }
    expect(logStats(directory)[0]?.liveBytes).toBe(0);
  });
});
