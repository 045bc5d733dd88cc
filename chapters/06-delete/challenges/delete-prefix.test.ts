/** Challenge: delete every key that begins so, in one pass over the log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, KIND_TOMBSTONE } from '#engine/format/record.ts';
import { deletePrefix } from '#sketch/delete-prefix.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'delete-prefix-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The keys of all tombstones in the log, in order. */
function tombstones(): string[] {
  const names = readdirSync(directory)
    .filter(name => name.endsWith('.data'))
    .sort();
  return names.flatMap(name => {
    const bytes = readFileSync(join(directory, name));
    const { salt } = decodeFileHeader(bytes) as { salt: number };
    const keys: string[] = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, salt, offset);
      if (typeof record === 'string') throw new Error(`${name} is ${record} at offset ${offset}`);
      if (record.kind === KIND_TOMBSTONE) keys.push(record.key.toString());
      offset += record.size;
    }
    return keys;
  });
}

describe('All that begins so', () => {
  test('the keys with the prefix are gone, in whichever file they lie, and the others stay', async () => {
    const db = await Database.open(directory, { maxDataFileSize: 100 });
    for (const key of ['user:1', 'user:2', 'use', 'user', 'user:', 'city', 'a user:1']) db.put(key, 'v'.repeat(40));
    expect(deletePrefix(db, 'user:')).toBe(3);
    await db.close();
    const again = await Database.open(directory);
    const left = ['user:1', 'user:2', 'use', 'user', 'user:', 'city', 'a user:1'].filter(key => again.has(key));
    await again.close();
    expect(left).toEqual(['use', 'user', 'city', 'a user:1']);
  });

  test('one tombstone for each key that is there, none for one that was deleted before', async () => {
    const db = await Database.open(directory);
    for (const key of ['user:1', 'user:2', 'user:1', 'user:3', 'user:1']) db.put(key, 'v');
    db.delete('user:2');
    expect(deletePrefix(db, 'user:')).toBe(2);
    expect(deletePrefix(db, 'user:')).toBe(0);
    await db.close();
    expect(tombstones().sort()).toEqual(['user:1', 'user:2', 'user:3']);
  });

  test('a prefix is bytes; the empty one is that of every key', async () => {
    const db = await Database.open(directory);
    db.put(Buffer.from([0xff, 0x00, 1]), 'v');
    db.put(Buffer.from([0xff, 0x01]), 'v');
    db.put('Zürich', 'v');
    expect(deletePrefix(db, Buffer.from([0xff, 0x00]))).toBe(1);
    expect(deletePrefix(db, 'Zü')).toBe(1);
    expect(db.size).toBe(1);
    expect(deletePrefix(db, '')).toBe(1);
    expect(db.size).toBe(0);
    await db.close();
  });
});
