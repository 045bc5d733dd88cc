import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('the directory', () => {
  test('is made when it is missing, with its parents', async () => {
    const directory = join(temporaryDirectory(), 'a b', 'ünï');
    const db = await Database.open(directory);
    db.put('k', 'v');
    await db.close();
    expect(readdirSync(directory).sort()).toEqual(['0000000001.data', 'LOCK', 'MANIFEST', 'MANIFEST.previous']);
  });

  test('must hold a database when createIfMissing is false, and none when errorIfExists is true', async () => {
    const directory = temporaryDirectory();
    const missing = expect.objectContaining({ code: 'NOT_FOUND' });
    await expect(Database.open(directory, { createIfMissing: false })).rejects.toThrow(missing);
    await expect(Database.open(join(directory, 'no'), { createIfMissing: false })).rejects.toThrow(missing);
    await (await Database.open(directory, { errorIfExists: true })).close();
    await expect(Database.open(directory, { errorIfExists: true })).rejects.toThrow(
      expect.objectContaining({ code: 'EXISTS' }),
    );
    await (await Database.open(directory, { createIfMissing: false })).close();
  });

  test('must not be a file, and must not lie in one', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    for (const directory of [file, join(file, 'db')]) {
      await expect(Database.open(directory)).rejects.toThrow(
        `${directory} is a file, or lies in one: a database needs a directory of its own`,
      );
    }
  });

  test('keeps files that are not ours', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    mkdirSync(join(directory, 'sub'));
    const db = await Database.open(directory);
    db.put('k', 'v');
    await db.close();
    await (await Database.open(directory)).close();
    expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('that cannot be written to is refused with a message that names it', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o555);
    const otherUser = process.getuid?.() === 0 ? ['65534'] : []; // Root may write anywhere, so it becomes somebody else.
    const { output } = await childEnd(startChild('open-database', [directory, 'try', ...otherUser]));
    expect(output).toContain('let this user read and write there, or use another directory');
    expect(output).toContain(`IO: could not open the database in ${directory}: EACCES`);
  });
});

describe('options', () => {
  test('that make no sense are refused by name', async () => {
    const directory = temporaryDirectory();
    const bad: [string, unknown][] = [
      ['durability', 'fast'],
      ['durability', { intervalMs: -1 }],
      ['commit', 'later'],
      ['expiry', 'never'],
      ['maxDataFileSize', 0],
      ['cacheBytes', Number.NaN],
      ['lockTimeoutMs', '5'],
    ];
    for (const [name, value] of bad) {
      const opening = Database.open(directory, { [name]: value } as DatabaseOptions);
      await expect(opening).rejects.toThrow(`the option ${name} must be`);
    }
    await (await Database.open(directory, { durability: undefined } as unknown as DatabaseOptions)).close();
  });

  test('onProgress is told how far opening has come, and opening lets others run', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory, { durability: 'memory' });
    for (let i = 0; i < 100_000; i++) db.put(`key ${i}`, 'value');
    await db.close();
    const calls: number[] = [];
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 1);
    const again = await Database.open(directory, { onProgress: ({ recordsRead }) => calls.push(recordsRead) });
    clearInterval(ticker);
    expect(calls.length).toBeGreaterThan(1);
    expect(ticks).toBeGreaterThan(1);
    expect(again.size).toBe(100_000);
    await again.close();
  });
});

describe('a path', () => {
  for (const name of ['with spaces', 'ünï çödé 数据', 'quote"and\'such', 'new\nline', '-rf', '%2e%2e', '.hidden']) {
    test(`called ${JSON.stringify(name)} is a path like any other`, async () => {
      const directory = join(temporaryDirectory(), name);
      const db = await Database.open(directory, { maxDataFileSize: 200 });
      for (let i = 0; i < 5; i++) db.put(`k${i}`, 'x'.repeat(100));
      await db.close();
      const again = await Database.open(directory);
      expect(again.size).toBe(5);
      await again.close();
    });
  }

  test('that is relative is that of the moment of opening, wherever the program goes afterwards', async () => {
    const [first, second] = [temporaryDirectory(), temporaryDirectory()];
    const before = process.cwd();
    try {
      process.chdir(first);
      const opening = Database.open('db', { maxDataFileSize: 200 });
      process.chdir(second);
      const db = await opening;
      for (let i = 0; i < 5; i++) db.put(`k${i}`, 'x'.repeat(100));
      await db.close();
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(second)).toEqual([]);
    const again = await Database.open(join(first, 'db'));
    expect(again.size).toBe(5);
    await again.close();
  });

  test('that is a symbolic link leads to the database behind it', async () => {
    const directory = temporaryDirectory();
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(directory, link);
    const db = await Database.open(link, { maxDataFileSize: 200 });
    for (let i = 0; i < 5; i++) db.put(`k${i}`, 'x'.repeat(100));
    await db.close();
    const again = await Database.open(directory);
    expect(again.size).toBe(5);
    await again.close();
  });
});
