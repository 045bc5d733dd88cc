/** Challenge: which bytes of each data file are still needed, and for what. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { neededBytes } from '#sketch/needed-bytes.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'needed-bytes-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** One process for each list: every one that changes something leaves a file. */
async function session(...changes: ((db: Database) => void)[]): Promise<void> {
  const db = await Database.open(directory);
  for (const change of changes) change(db);
  await db.close();
}

const put = (key: string) => (db: Database) => void db.put(key, 'v'.repeat(100));
const del = (key: string) => (db: Database) => void db.delete(key);

describe('Which bytes are needed?', () => {
  test('live, graves and dead together are the file without its header', async () => {
    await session(put('a'), put('b'), del('a'), put('c'));
    await session(put('b'), del('c'), put('a'));
    const names = readdirSync(directory)
      .filter(name => name.endsWith('.data'))
      .sort();
    const found = neededBytes(directory);
    expect(found.map(({ file }) => file)).toEqual(names);
    for (const { file, live, graves, dead } of found) {
      expect(live + graves + dead, file).toBe(statSync(join(directory, file)).size - FILE_HEADER_SIZE);
    }
  });

  test('a value that was deleted is dead, and its tombstone is needed while that value lies anywhere', async () => {
    await session(put('a'));
    await session(del('a'));
    const [old, young] = neededBytes(directory);
    expect([old?.live, old?.graves, old?.dead !== 0]).toEqual([0, 0, true]);
    expect([young?.live, young?.graves !== 0, young?.dead]).toEqual([0, true, 0]);
  });

  test('a tombstone of which no older put is left is dead', async () => {
    await session(put('a'));
    await session(del('a'));
    rmSync(join(directory, '0000000001.data'));
    const [only] = neededBytes(directory);
    expect([only?.live, only?.graves, only?.dead !== 0]).toEqual([0, 0, true]);
  });

  test('a tombstone is dead when the key was put again, or deleted again', async () => {
    await session(put('a'), put('b'));
    await session(del('a'), del('b'));
    await session(put('a'), put('b'), del('b'));
    const [, second, third] = neededBytes(directory);
    expect([second?.live, second?.graves, second?.dead !== 0]).toEqual([0, 0, true]);
    expect([third?.live !== 0, third?.graves !== 0]).toEqual([true, true]);
  });
});
