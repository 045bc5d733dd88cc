/** Challenge: many puts, on the disk together, for one wait. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { MAX_KEY_SIZE } from '#engine/format/record.ts';
import { PutAllError, putAll } from '#sketch/put-all.ts';

let directory = '';
let db: Database;
const calls = { write: 0, sync: 0 };
let isFull = false;

/** This machine's file system, which counts what is done to data files and can be full. */
const fs: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => {
    const file = nodeFileSystem.open(path, mode);
    if (!path.endsWith('.data')) return file;
    return {
      read: (...args) => file.read(...args),
      write: (...args) => {
        calls.write++;
        if (isFull) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        return file.write(...args);
      },
      truncate: size => file.truncate(size),
      syncData: () => {
        calls.sync++;
        file.syncData();
      },
      syncDataLater: () => {
        calls.sync++;
        return file.syncDataLater();
      },
      size: () => file.size(),
      close: () => file.close(),
    };
  },
};

const pairs = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, n) => [`key ${n}`, `value ${n}`]);

beforeEach(async () => {
  isFull = false;
  directory = mkdtempSync(join(tmpdir(), 'put-all-'));
  db = await Database.open(directory, { fs, durability: 'disk' });
  db.put('the first', 'makes the file');
  Object.assign(calls, { write: 0, sync: 0 });
});

afterEach(async () => {
  isFull = false;
  await db.close().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

describe('Ten thousand keys, one wait', () => {
  test('all pairs are there and on the disk, for one fdatasync or two, and few writes', async () => {
    await putAll(db, pairs(10_000));
    expect(calls.sync).toBeLessThanOrEqual(2); // The first may begin while there is more to come.
    expect(calls.write).toBeLessThan(50);
    expect(db.size).toBe(10_001);
    expect(db.get('key 9999')?.toString()).toBe('value 9999');
    expect(db.isDurable(db.position)).toBe(true);
  });

  test('it is that cheap in a store of any level, and on the disk all the same', async () => {
    for (const durability of ['memory', 'os', 'disk'] as const) {
      db.durability = durability;
      calls.sync = 0;
      await putAll(db, pairs(100));
      expect(calls.sync).toBe(1);
      db.durability = 'disk';
      expect(db.isDurable(db.position)).toBe(true);
    }
  });

  test('the pairs may come from anywhere, one after the other', async () => {
    function* some(): Generator<[string, string]> {
      for (let n = 0; n < 3; n++) yield [`yielded ${n}`, 'value'];
    }
    await putAll(db, some());
    expect(db.has('yielded 2')).toBe(true);
  });

  test('no pairs are no work', async () => {
    await putAll(db, []);
    expect(calls).toEqual({ write: 0, sync: 0 });
  });

  test('when it rejects it says how many pairs are in the store', async () => {
    const bad = [...pairs(5), ['x'.repeat(MAX_KEY_SIZE + 1), 'the key is too long'], ['never', 'reached']] as [
      string,
      string,
    ][];
    const error = await putAll(db, bad).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PutAllError);
    expect((error as PutAllError).count).toBe(5);
    expect([db.has('key 4'), db.has('never')]).toEqual([true, false]);
    isFull = true;
    const full = await putAll(db, [['one more', 'value']]).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(full).toBeInstanceOf(PutAllError);
    expect((full as PutAllError).cause).toMatchObject({ code: 'DISK_FULL' });
  });
});
