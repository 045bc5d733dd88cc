/** A merge wins back the room of dead records, and changes nothing that anybody can see. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions, type MergeProgress } from '../../../engine/src/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SMALL: DatabaseOptions = { maxDataFileSize: 2000, durability: 'memory', merge: { auto: false } };

async function reopen(db: Database, options: DatabaseOptions = SMALL): Promise<Database> {
  await db.close();
  return Database.open(db.directory, options);
}

const contents = (db: Database): Record<string, string> =>
  Object.fromEntries(Array.from(db.entries(), ([key, value]) => [String(key), String(value)]));

const dataFiles = (db: Database): string[] => readdirSync(db.directory).filter(name => name.endsWith('.data'));

/** A store of many small files, most of whose records are dead. */
async function overwritten(rounds = 10): Promise<Database> {
  const db = await Database.open(temporaryDirectory('merge'), SMALL);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 50; i++) db.put(`key ${i}`, `value ${i} of round ${round}`);
    await db.sync();
  }
  return db;
}

describe('a merge', () => {
  test('leaves what is live, in as much room as that takes', async () => {
    const db = await overwritten();
    const before = contents(db);
    expect(db.stats.deadBytes).toBeGreaterThan(8 * db.stats.liveBytes);
    const report = await db.merge();
    expect(report.bytesBefore).toBeGreaterThan(report.bytesAfter * 8);
    expect(db.stats.deadBytes).toBe(0);
    expect(contents(db)).toEqual(before);
    const again = await reopen(db);
    expect(contents(again)).toEqual(before);
    expect(again.stats.deadBytes).toBe(0);
    await again.close();
  });

  test('removes the files that it has replaced', async () => {
    const db = await overwritten();
    const before = dataFiles(db);
    await db.merge();
    await new Promise(setImmediate);
    await expect.poll(() => dataFiles(db).filter(name => before.includes(name))).toEqual([]);
    expect(dataFiles(db)).toHaveLength(db.stats.dataFiles);
    await db.close();
  });

  test('of a store without dead records has nothing to do', async () => {
    const db = await Database.open(temporaryDirectory('merge'), SMALL);
    for (let i = 0; i < 100; i++) db.put(`key ${i}`, 'value');
    const files = dataFiles(db);
    expect(await db.merge()).toEqual({ files: 0, bytesBefore: 0, bytesAfter: 0 });
    expect(dataFiles(db)).toEqual(files);
    await db.close();
  });

  test('of everything deleted leaves no record at all', async () => {
    const db = await overwritten(2);
    const space = db.createSpace({ order: 'hash' });
    space.put('k', 'v');
    db.dropSpace(space.id);
    for (let i = 0; i < 25; i++) db.delete(`key ${i}`);
    db.clear();
    expect((await db.merge()).bytesAfter).toBe(0);
    const again = await reopen(db);
    expect(again.size).toBe(0);
    expect(again.createSpace({ order: 'key' }).id).toBe(2);
    expect(again.position).toBe(db.position + 1);
    await again.close();
  });

  test('keeps seq, tag, expiry, order key and space of each record', async () => {
    const db = await Database.open(temporaryDirectory('merge'), { ...SMALL, now: () => 1000 });
    const space = db.createSpace({ order: 'hash' });
    db.put('gone', 'x'.repeat(500));
    space.put('k', 'v', { tag: 7, expiresAtMs: 5000, orderKey: Buffer.from('orderkey') });
    db.batch().put('in a batch', '1').put('patched', '2').delete('gone').commit();
    db.expireAt('patched', 9000);
    const seen = () => [space.getEntry('k'), db.getEntry('in a batch'), db.getEntry('patched')];
    const before = seen();
    await db.merge();
    expect(seen()).toEqual(before);
    const again = await reopen(db, { ...SMALL, now: () => 1000 });
    expect([again.space(1)!.getEntry('k'), again.getEntry('in a batch'), again.getEntry('patched')]).toEqual(before);
    await again.close();
  });

  test('tells how far it is, and how much it has won', async () => {
    const db = await overwritten(60);
    const seen: MergeProgress[] = [];
    const { bytesBefore, files } = await db.merge({ onProgress: progress => seen.push(progress) });
    expect(files).toBeGreaterThan(20);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(({ bytesRead, bytesTotal }) => bytesRead <= bytesTotal && bytesTotal === bytesBefore)).toBe(true);
    await db.close();
  });

  test('can be asked for twice at once: the second waits for the first', async () => {
    const db = await overwritten();
    const [first, second] = await Promise.all([db.merge(), db.merge()]);
    expect(first.files).toBeGreaterThan(1);
    expect(second.files).toBe(0);
    await db.close();
  });

  test('runs in a thread of its own when there is much to do', async () => {
    const db = await Database.open(temporaryDirectory('merge'), { merge: { auto: false }, maxDataFileSize: 2 ** 20 });
    const value = 'x'.repeat(1000);
    for (let i = 0; i < 8000; i++) db.put(`key ${i % 1000}`, value + i);
    const { bytesBefore, bytesAfter } = await db.merge();
    expect(bytesBefore).toBeGreaterThan(7_000_000);
    expect(bytesAfter).toBeLessThan(1_100_000);
    for (let i = 0; i < 1000; i++) expect(String(db.get(`key ${i}`))).toBe(value + (7000 + i));
    await db.close();
  });
});
