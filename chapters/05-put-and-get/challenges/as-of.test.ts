/** Challenge: the value that a key had at an earlier seq. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { getAsOf } from '#sketch/as-of.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'as-of-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const asOf = (key: string, seq: number): string | undefined => getAsOf(directory, key, seq)?.toString();

describe('Time travel', () => {
  test('every value that a key ever had is found again', async () => {
    const db = await Database.open(directory, { maxDataFileSize: 100 });
    const seqs = ['one', 'two', 'three', 'four', 'five'].map(value => {
      db.put('other', value);
      return [value, db.put('key', value)] as const;
    });
    await db.close();
    for (const [value, seq] of seqs) expect(asOf('key', seq), `at seq ${seq}`).toBe(value);
  });

  test('between two changes of the key it is the older one that counts', async () => {
    const db = await Database.open(directory);
    db.put('key', 'old');
    const between = db.put('other', 'x');
    db.put('key', 'new');
    await db.close();
    expect(asOf('key', between)).toBe('old');
  });

  test('before its first put a key is absent, and long after its last it has its last value', async () => {
    const db = await Database.open(directory);
    const before = db.put('other', 'x');
    const seq = db.put('key', 'value');
    await db.close();
    expect(asOf('key', before)).toBeUndefined();
    expect(asOf('key', seq + 1000)).toBe('value');
    expect(asOf('stranger', seq)).toBeUndefined();
  });
});
