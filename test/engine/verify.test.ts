/** verify: it finds each piece of damage, with its file and its offset, and nothing where nothing is wrong. */
import { describe, expect, test } from 'vitest';
import { verifyDirectory } from '../../engine/src/check/verify.ts';
import { encodeRecord } from '../../engine/src/format/record.ts';
import { CorruptionError, Database } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { flipBit } from '../support/change-file.ts';
import { SECOND } from '../support/crashed-store.ts';
import { dataFilesOf, manyFiles, saltOf, wholeRecords } from '../support/damaged-store.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = temporaryDirectory('verify');

/** Where opening says that the damage is; undefined when it opens. */
async function damageOf(left: SimulatedDisk): Promise<{ file: string; offset: number } | undefined> {
  try {
    await recover(root, resolveOptions({ fs: left.copy(root) }));
    return undefined;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return { file: error.file, offset: error.offset };
  }
}

for (const end of ['closed', 'killed'] as const) {
  test(`any one bit flipped in a store that was ${end}: verify agrees with opening on whether, and where`, async () => {
    const left = await manyFiles(root, end);
    expect((await verifyDirectory(left, root, {})).problems).toEqual([]);
    const files = dataFilesOf(left);
    expect(files.length).toBeGreaterThan(4);
    let damaged = 0;
    for (const name of files) {
      const bits = left.bytesOf(name).length * 8;
      for (let bit = 0; bit < bits; bit += 13) {
        const fs = left.copy(root);
        fs.change(name, bytes => flipBit(bytes, bit));
        const damage = await damageOf(fs);
        const { problems } = await verifyDirectory(fs, root, {});
        const places = problems.filter(({ code }) => code !== 'SPACE').map(({ file, offset }) => ({ file, offset }));
        expect(places, `${name}, bit ${bit}`).toEqual(damage === undefined ? [] : [damage]);
        if (damage !== undefined) damaged++;
      }
    }
    expect(damaged).toBeGreaterThan(1000);
  }, 60_000);
}

describe('a directory that nobody has open', () => {
  test('shows every piece of damage at once, each with its file and its offset', async () => {
    const fs = await manyFiles(root, 'closed');
    const planted: { file: string; offset: number; code: string }[] = [];
    for (const file of dataFilesOf(fs)) {
      const plain = wholeRecords(fs.bytesOf(file), saltOf(fs.bytesOf(file))).filter(({ record }) => !record.batch);
      for (const { offset, record } of plain.filter((_, n) => n === 0 || n === 2)) {
        if (record.kind !== 1) continue;
        fs.change(file, bytes => flipBit(bytes, 8 * (offset + record.size - 1)));
        planted.push({ file, offset, code: 'RECORD' });
      }
    }
    fs.remove(`${root}/MANIFEST`);
    const { problems } = await verifyDirectory(fs, root, {});
    expect(planted.length).toBeGreaterThan(8);
    expect(problems.map(({ file, offset, code }) => ({ file, offset, code }))).toEqual([
      { file: 'MANIFEST', offset: 0, code: 'MANIFEST' },
      ...planted,
    ]);
  });

  test('is only read', async () => {
    const disk = await manyFiles(root, 'killed');
    const fs = new FaultFileSystem(disk);
    await verifyDirectory(fs, root, {});
    expect(new Set(fs.calls.map(({ operation }) => operation))).toEqual(new Set(['read', 'size', 'close']));
  });

  test('shows what the next opening will cut, which is no damage', async () => {
    const fs = await manyFiles(root, 'killed');
    const last = dataFilesOf(fs).at(-1)!;
    const size = fs.bytesOf(last).length;
    fs.change(last, bytes => Buffer.concat([bytes, Buffer.alloc(100)]));
    const { problems, tails } = await verifyDirectory(fs, root, {});
    expect(problems).toEqual([]);
    expect(tails).toMatchObject([{ file: last, offset: size, code: 'RECORD' }]);
    await recover(root, resolveOptions({ fs }));
    expect(await verifyDirectory(fs, root, {})).toMatchObject({ problems: [], tails: [] });
  });

  test('that is empty has nothing wrong with it, and one that holds no database is NOT_FOUND', async () => {
    const fs = new SimulatedDisk(root);
    await (await Database.open(root, { fs })).close();
    expect(await Database.verify(root, { fs })).toMatchObject({ files: 0, records: 0, problems: [] });
    await expect(Database.verify(`${root}/nothing`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an open database', () => {
  /** Some sealed files, and an active one. */
  async function openStore(): Promise<{ db: Database; fs: SimulatedDisk }> {
    const directory = temporaryDirectory('open');
    const fs = new SimulatedDisk(directory);
    const db = await Database.open(directory, { fs, maxDataFileSize: 2000 });
    for (let n = 0; n < 100; n++) db.put(`key ${n % 60}`, `${n}`.repeat(20), { tag: n % 7 });
    db.batch().put('b', '1').delete('key 3').commit();
    db.expireAt('b', 9_000_000_000_000);
    const space = db.createSpace({ order: 'hash' });
    for (let n = 0; n < 20; n++) space.put(`${n}`, 'x');
    await db.sync();
    return { db, fs };
  }

  test('that is whole has nothing wrong with it, and each of its entries was compared', async () => {
    const { db } = await openStore();
    const keys = db.stats.keys;
    db.put('pending', 'x', { durability: 'memory' });
    const report = await db.verify();
    expect(report).toMatchObject({ problems: [], tails: [], entries: keys + 1, files: db.stats.dataFiles });
    await db.close();
  });

  test('shows damage in a sealed file and in what is written of the active one, while other keys are read', async () => {
    const { db, fs } = await openStore();
    const files = dataFilesOf(fs);
    const planted = [SECOND, files.at(-1)!].map(file => {
      const { offset } = wholeRecords(fs.bytesOf(file), saltOf(fs.bytesOf(file))).findLast(
        ({ record }) => record.kind === 1 && !record.batch,
      )!;
      fs.change(file, bytes => flipBit(bytes, 8 * (offset + 5)));
      return { file, offset, code: 'RECORD' };
    });
    const { problems } = await db.verify();
    expect(problems).toMatchObject(planted);
    expect(problems.length).toBe(2);
    expect(db.has('key 1')).toBe(true);
    await db.close();
  });

  test('shows an entry that points to the record of another change, of another key, or to none', async () => {
    const { db, fs } = await openStore();
    const file = dataFilesOf(fs).at(-2)!;
    const records = wholeRecords(fs.bytesOf(file), saltOf(fs.bytesOf(file)));
    const { offset, record } = records.find(({ record }) => db.getEntry(record.key)?.seq === record.seq)!;
    const changes = [
      { ...record, seq: record.seq - 1 },
      { ...record, key: Buffer.from(record.key).fill('x') },
      { ...record, kind: 2 },
    ];
    const original = Buffer.from(fs.bytesOf(file));
    for (const change of changes) {
      const other = encodeRecord(change, saltOf(original), offset);
      expect(other.length).toBe(record.size);
      fs.change(file, bytes =>
        Buffer.concat([bytes.subarray(0, offset), other, bytes.subarray(offset + other.length)]),
      );
      expect((await db.verify()).problems).toMatchObject([{ file: file, offset, code: 'ENTRY' }]);
    }
    fs.change(file, () => original);
    expect((await db.verify()).problems).toEqual([]);
    await db.close();
  });

  test('is used meanwhile: what changes is no problem, and the event loop is not held up', async () => {
    const directory = temporaryDirectory('used');
    const fs = new SimulatedDisk(directory);
    const db = await Database.open(directory, { fs, maxDataFileSize: 2_000_000 });
    for (let n = 0; n < 30_000; n++) db.put(`key ${n}`, 'x'.repeat(300));
    let turns = 0;
    let isDone = false;
    const report = db.verify().finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise(setImmediate);
      turns++;
      db.put(`key ${(turns * 7) % 30_000}`, `changed ${turns}`);
      db.delete(`key ${(turns * 11) % 30_000}`);
      db.put(`new ${turns}`, 'x');
    }
    expect((await report).problems).toEqual([]);
    expect(turns).toBeGreaterThan(2);
    await db.close();
  });

  test('is merged meanwhile: files that go and records that move are no problem', async () => {
    const directory = temporaryDirectory('merged');
    const fs = new SimulatedDisk(directory);
    const db = await Database.open(directory, { fs, maxDataFileSize: 20_000, merge: { auto: false } });
    for (let n = 0; n < 3000; n++) db.put(`key ${n % 1000}`, `${n}`.repeat(20));
    const before = db.stats.dataFiles;
    const [report] = await Promise.all([db.verify(), db.merge()]);
    expect(report.problems).toEqual([]);
    expect(db.stats.dataFiles).toBeLessThan(before);
    expect((await db.verify()).problems).toEqual([]);
    await db.close();
  });

  test('says how far it is, and stops when it is told to, or when the database is closed', async () => {
    const { db } = await openStore();
    for (let n = 0; n < 3000; n++) db.put(`more ${n}`, 'x'.repeat(300), { durability: 'memory' });
    await db.sync();
    const progress: number[] = [];
    await db.verify({ onProgress: ({ bytesRead }) => progress.push(bytesRead) });
    expect(progress.length).toBeGreaterThan(0);
    const stop = new AbortController();
    const stopped = db.verify({ signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    await expect(db.verify({ signal: stop.signal })).rejects.toThrow('enough');
    const late = db.verify();
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'CLOSED' }), db.close()]);
  });
});
