/** Challenge: values that were asked for lately are answered without a read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { CachedDatabase } from '#sketch/cached-database.ts';

let directory = '';
let db: Database;
let reads = 0;

const countingReads: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => {
    const file = nodeFileSystem.open(path, mode);
    const read = file.read.bind(file);
    file.read = (...call) => {
      reads++;
      return read(...call);
    };
    return file;
  },
};

/** A database with these keys, each with a value of 100 bytes that begins with the key. */
async function databaseWith(...keys: string[]): Promise<Database> {
  const opened = await Database.open(directory, { fs: countingReads });
  for (const key of keys) opened.put(key, key.padEnd(100, '.'));
  return opened;
}

/** How many reads `work` costs. */
function readsOf(work: () => unknown): number {
  const before = reads;
  work();
  return reads - before;
}

const start = (value: Buffer | undefined): string | undefined => value?.toString('latin1', 0, 1);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cached-database-'));
});
afterEach(async () => {
  await db.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('A get without a read', () => {
  test('the second get of a key reads nothing and answers the same', async () => {
    db = await databaseWith('a', 'b');
    const cached = new CachedDatabase(db, 10_000);
    const first = cached.get('a');
    expect(readsOf(() => expect(cached.get('a')).toEqual(first))).toBe(0);
    expect(start(first)).toBe('a');
  });

  test('a put is seen at once', async () => {
    db = await databaseWith('a');
    const cached = new CachedDatabase(db, 10_000);
    cached.get('a');
    const seq = cached.put('a', 'new');
    expect(seq).toBeGreaterThan(1);
    expect(cached.get('a')?.toString()).toBe('new');
    expect(db.get('a')?.toString()).toBe('new');
  });

  test('a put that fails leaves the old value, in the cache too', async () => {
    db = await databaseWith('a');
    const cached = new CachedDatabase(db, 10_000);
    cached.get('a');
    expect(() => cached.put('a', new Uint8Array(2 ** 30))).toThrow();
    expect(start(cached.get('a'))).toBe('a');
  });

  test('never more bytes than allowed: what was asked for longest ago goes first', async () => {
    db = await databaseWith('a', 'b', 'c');
    const cached = new CachedDatabase(db, 250);
    cached.get('a');
    cached.get('b');
    cached.get('a');
    cached.get('c');
    expect(cached.cachedBytes).toBeLessThanOrEqual(250);
    expect(readsOf(() => cached.get('a'))).toBe(0);
    expect(readsOf(() => cached.get('c'))).toBe(0);
    expect(readsOf(() => cached.get('b'))).toBeGreaterThan(0);
  });

  test('one value that is larger than the cache does not empty it', async () => {
    db = await databaseWith('a');
    db.put('large', 'v'.repeat(1000));
    const cached = new CachedDatabase(db, 250);
    cached.get('a');
    expect(cached.get('large')).toHaveLength(1000);
    expect(readsOf(() => cached.get('a'))).toBe(0);
    expect(cached.cachedBytes).toBeLessThanOrEqual(250);
  });

  test('a caller who changes what he got changes it for nobody else', async () => {
    db = await databaseWith('a');
    const cached = new CachedDatabase(db, 10_000);
    cached.get('a')?.fill(0);
    cached.get('a')?.fill(0);
    expect(start(cached.get('a'))).toBe('a');
  });
});
