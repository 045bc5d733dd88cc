/** Records beyond 2 and 4 GiB in one file: written, read, recovered from the file and from its hint, and damaged. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { sparseFiles } from './sparse-files.ts';

const MiB = 1024 * 1024;
/** Where in a file a number of 31 or 32 bits would overflow. */
const LIMITS = [2 ** 31, 2 ** 32];

test('keys on both sides of 2 GiB and of 4 GiB are there after reopening, with a hint and without', async () => {
  const root = temporaryDirectory('large');
  const fs = sparseFiles(root);
  const options = { fs, cacheBytes: 0, maxDataFileSize: 2 ** 33, merge: { auto: false } };
  const filler = Buffer.alloc(256 * MiB);
  const expected = new Map<string, string>();
  let db = await Database.open(root, options);
  for (let size = 0; size < 2 ** 32 + 512 * MiB; size += filler.length) {
    const isNear = LIMITS.some(limit => Math.abs(limit - size) <= filler.length);
    for (let i = 0; i < (isNear ? 50 : 1); i++) {
      const value = `${size} ${i}`;
      db.put(`key ${value}`, value);
      expected.set(`key ${value}`, value);
    }
    db.put('filler', filler);
  }
  expect(db.stats.dataBytes).toBeGreaterThan(2 ** 32);
  const check = (): void => {
    expect(db.size).toBe(expected.size + 1);
    for (const [key, value] of expected) expect(String(db.get(key))).toBe(value);
    expect(db.get('filler')!.length).toBe(filler.length);
  };
  check();
  await db.close();
  for (const hint of [true, false]) {
    if (!hint) for (const name of fs.list(root).filter(each => each.endsWith('.hint'))) fs.remove(join(root, name));
    db = await Database.open(root, options);
    check();
    expect(db.report.warnings).toEqual([]);
    await db.close();
  }
}, 300_000);
