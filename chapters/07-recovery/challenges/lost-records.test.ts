/** Challenge: what is in lost/? */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { lostRecords } from '#sketch/lost-records.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lost-records-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Put these, kill, spoil the record that begins behind `before` puts, and open: the rest goes to lost/. */
async function spoil(puts: readonly (readonly [string, string])[], before: number): Promise<void> {
  const db = await Database.open(directory);
  const name = '0000000001.data';
  let offset = 0;
  for (const [n, put] of puts.entries()) {
    if (n === before) offset = readFileSync(join(directory, name)).length;
    db.put(...put);
  }
  const left = mkdtempSync(join(tmpdir(), 'lost-records-'));
  for (const each of readdirSync(directory).filter(file => !file.startsWith('LOCK'))) {
    copyFileSync(join(directory, each), join(left, each));
  }
  await db.close();
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  cpSync(left, directory, { recursive: true });
  const bytes = readFileSync(join(directory, name));
  bytes[offset + 8]! ^= 1;
  writeFileSync(join(directory, name), bytes);
  await (await Database.open(directory)).close();
}

describe('What is in lost/?', () => {
  test('nothing, where nothing was lost', async () => {
    await (await Database.open(directory)).close();
    expect(lostRecords(directory)).toEqual([]);
  });

  test('the whole records behind the torn one, with the places where they stood', async () => {
    await spoil(
      [
        ['a', 'kept'],
        ['b', 'spoilt'],
        ['c', 'whole'],
        ['d', 'whole too'],
      ],
      1,
    );
    const found = lostRecords(directory);
    expect(found.map(({ file, seq, key, value }) => [file, seq, key, value])).toEqual([
      ['0000000001.data', 3, 'c', 'whole'],
      ['0000000001.data', 4, 'd', 'whole too'],
    ]);
    const bytes = readFileSync(join(directory, '0000000001.data'));
    for (const { offset, value } of found) expect(bytes.indexOf(value, offset)).toBeLessThan(offset + 40);
  });

  test('a value that looks like a record is none', async () => {
    const file = mkdtempSync(join(tmpdir(), 'lost-records-'));
    const other = await Database.open(file);
    other.put('x', 'from another store');
    await other.close();
    const record = readFileSync(join(file, '0000000001.data')).subarray(32);
    rmSync(file, { recursive: true });
    await spoil(
      [
        ['a', 'kept'],
        ['b', record.toString('latin1')],
        ['c', 'whole'],
      ],
      1,
    );
    expect(lostRecords(directory).map(({ key }) => key)).toEqual(['c']);
  });
});
