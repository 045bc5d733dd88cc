/** Challenge: who vouches? */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { vouched } from '#sketch/vouched.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vouched-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a kill leaves of an open database. */
function killed(): string {
  const left = mkdtempSync(join(tmpdir(), 'vouched-'));
  for (const name of readdirSync(directory).filter(each => !each.startsWith('LOCK'))) {
    copyFileSync(join(directory, name), join(left, name));
  }
  return left;
}

describe('Who vouches?', () => {
  test('nobody, in a store that has nothing, or that was never synced', async () => {
    expect(vouched(directory)).toBe(0);
    const db = await Database.open(directory);
    db.put('a', '1');
    expect(vouched(killed())).toBe(0);
    await db.close();
  });

  test('a record that was written after the sync', async () => {
    const db = await Database.open(directory);
    db.put('a', '1');
    const seq = db.put('b', '2');
    await db.sync();
    expect(vouched(killed())).toBe(0); // On the disk, and nothing says so yet.
    db.put('c', '3');
    expect(vouched(killed())).toBe(seq);
    await db.close();
  });

  test('the manifest, once a file is sealed; and a record even when the manifest is gone', async () => {
    const db = await Database.open(directory);
    db.put('a', '1');
    const seq = db.put('b', '2');
    await db.close();
    expect(vouched(directory)).toBe(seq);
    const again = await Database.open(directory);
    again.put('c', '3');
    await again.close();
    for (const name of ['MANIFEST', 'MANIFEST.previous']) rmSync(join(directory, name));
    expect(vouched(directory)).toBe(seq);
  });
});
