/** Challenge: write some data files anew without what is dead, and let no deleted key come back. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { decodeRecord, KIND_PUT } from '#engine/format/record.ts';
import { compactFiles } from '#sketch/compact-files.ts';

let parent = '';
let directory = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'compact-files-'));
  directory = join(parent, 'db');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** One process for each list: every one that changes something leaves a file. */
async function session(...changes: ((db: Database) => void)[]): Promise<void> {
  const db = await Database.open(directory);
  for (const change of changes) change(db);
  await db.close();
}

const put =
  (key: string, value = 'v') =>
  (db: Database) =>
    void db.put(key, value);
const del = (key: string) => (db: Database) => void db.delete(key);

const dataFiles = (at = directory): string[] =>
  readdirSync(at)
    .filter(name => name.endsWith('.data'))
    .sort();

/** Every record of the log, as text. */
function log(): string[] {
  return dataFiles().flatMap(name => {
    const bytes = readFileSync(join(directory, name));
    const { salt } = decodeFileHeader(bytes) as { salt: number };
    const records: string[] = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, salt, offset);
      if (typeof record === 'string') throw new Error(`${name} is ${record} at offset ${offset}`);
      records.push(`${record.kind === KIND_PUT ? 'put' : 'tombstone'} ${record.key} ${record.seq}`);
      offset += record.size;
    }
    return records;
  });
}

async function values(keys: readonly string[], at = directory): Promise<(string | undefined)[]> {
  const db = await Database.open(at);
  const found = keys.map(key => db.get(key)?.toString());
  await db.close();
  return found;
}

describe('Compaction', () => {
  test('what is live is kept, with its seq; what is dead is gone, and so are the old files', async () => {
    await session(put('a', 'old'), put('b', 'b1'), put('a', 'new'));
    await session(put('c', 'c1'));
    compactFiles(directory, ['0000000001.data']);
    expect(log().sort()).toEqual(['put a 3', 'put b 2', 'put c 4']);
    expect(dataFiles()).not.toContain('0000000001.data');
    expect(await values(['a', 'b', 'c'])).toEqual(['new', 'b1', 'c1']);
  });

  test('a tombstone stays while an older put of its key lies in a file that is not compacted', async () => {
    await session(put('city', 'Berlin'));
    await session(del('city'), put('river', 'Spree'));
    compactFiles(directory, ['0000000002.data']);
    expect(await values(['city', 'river'])).toEqual([undefined, 'Spree']);
    expect(log()).toContain('tombstone city 2');
  });

  test('a tombstone goes together with everything it covers', async () => {
    await session(put('city', 'Bonn'), put('river', 'Spree'));
    await session(put('city', 'Berlin'));
    await session(del('city'));
    compactFiles(directory, dataFiles());
    expect(log()).toEqual(['put river 2']);
    expect(await values(['city', 'river'])).toEqual([undefined, 'Spree']);
  });

  test('where nothing is needed, no file is left', async () => {
    await session(put('city', 'Berlin'), del('city'));
    compactFiles(directory, dataFiles());
    expect(dataFiles()).toEqual([]);
  });

  test('whatever files are chosen, every answer stays the same', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    await session(put('a', '1'), put('b', '1'), put('c', '1'));
    await session(del('a'), put('b', '2'), put('d', '2'));
    await session(put('a', '3'), del('b'), del('d'));
    await session(del('a'), put('c', '4'), put('d', '4'));
    const before = await values(keys);
    for (let chosen = 1; chosen < 16; chosen++) {
      const copy = join(parent, `copy ${chosen}`);
      cpSync(directory, copy, { recursive: true });
      compactFiles(
        copy,
        dataFiles(copy).filter((_, n) => chosen & (1 << n)),
      );
      expect(await values(keys, copy), `files ${chosen.toString(2)}`).toEqual(before);
      compactFiles(copy, dataFiles(copy));
      expect(await values(keys, copy), `files ${chosen.toString(2)}, then all`).toEqual(before);
    }
  });

  test('the new file is on the disk, and its name too, before the first old one goes', async () => {
    await session(put('city', 'Berlin'));
    await session(put('river', 'Spree'));
    const calls: string[] = [];
    const noting =
      <Args extends unknown[], T>(what: (...args: Args) => string, call: (...args: Args) => T) =>
      (...args: Args): T => {
        calls.push(what(...args));
        return call(...args);
      };
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: (path, mode) => {
        const file = nodeFileSystem.open(path, mode);
        if (mode !== 'read') file.syncData = noting(() => 'sync file', file.syncData.bind(file));
        return file;
      },
      syncDirectory: noting(() => 'sync directory', nodeFileSystem.syncDirectory),
      remove: noting(path => `remove ${basename(path)}`, nodeFileSystem.remove),
    };
    compactFiles(directory, dataFiles(), fs);
    const order = ['sync file', 'sync directory', 'remove 0000000001.data'].map(call => calls.indexOf(call));
    expect(order, calls.join(', ')).not.toContain(-1);
    expect(order, calls.join(', ')).toEqual([...order].sort((a, b) => a - b));
  });

  test('the power may go between two removals: nothing comes back', async () => {
    await session(put('city', 'Bonn'));
    await session(del('city'), put('river', 'Spree'));
    await session(del('river'));
    for (let stop = 0; stop < 3; stop++) {
      const copy = join(parent, `stopped ${stop}`);
      cpSync(directory, copy, { recursive: true });
      let removed = 0;
      const fs: FileSystem = {
        ...nodeFileSystem,
        remove: path => {
          if (removed++ === stop) throw new Error('the power is gone');
          nodeFileSystem.remove(path);
        },
      };
      expect(() => compactFiles(copy, dataFiles(copy).reverse(), fs)).toThrow('the power is gone');
      expect(await values(['city', 'river'], copy), `after ${stop} removals`).toEqual([undefined, undefined]);
    }
  });
});
