/**
 * Hints: a store opens the same with them and without, and whatever is wrong with one costs a warning and some time, never
 * a key.
 */
import { describe, expect, test, vi } from 'vitest';
import { hintFileName, isHintFileName } from '../../engine/src/disk/file-names.ts';
import { crc32 } from '../../engine/src/format/crc32.ts';
import { writeHintRecord } from '../../engine/src/format/hint-record.ts';
import { KIND_PUT } from '../../engine/src/format/record.ts';
import { Database } from '../../engine/src/index.ts';
import type { KeyIndex } from '../../engine/src/keydir/key-index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { FaultFileSystem, SimulatedDisk } from '../support/fault-house/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

vi.mock('../../engine/src/disk/lock-file.ts', () => ({
  LOCK_NAME: 'LOCK',
  lockDirectory: async () => ({ release: () => {} }),
}));

const root = temporaryDirectory('hints');

/** A closed store of several files with everything in it that a hint can hold; its hints are there. */
async function store(maxDataFileSize = 150): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(root);
  const options = { fs: disk, maxDataFileSize, merge: { auto: false } };
  const db = await Database.open(root, options);
  db.put('plain', 'value');
  db.put('tagged', Buffer.alloc(100), { tag: 200, expiresAtMs: 9_000_000_000_000, orderKey: Buffer.from('orderkey') });
  const space = db.createSpace({ order: 'hash' });
  space.put('\u00ff\0', 'in a space');
  db.createSpace({ order: 'key' }).put('in a space that goes', '');
  db.dropSpace(2);
  db.put('gone', 'x');
  db.delete('gone');
  db.put('r1', '1');
  db.put('r2', '2');
  db.deleteRange({ prefix: 'r' });
  db.put('patched', 'value');
  db.expireAt('patched', 9_000_000_000_001);
  db.batch().put('b1', '1').put('b2', '2').delete('plain').commit();
  await db.close();
  await (await Database.open(root, options)).close(); // What was not hinted in the background is now.
  return disk;
}

const hintsOf = (disk: SimulatedDisk): string[] => disk.fileNames.filter(isHintFileName).sort();
const dataFilesOf = (disk: SimulatedDisk): string[] => disk.fileNames.filter(name => name.endsWith('.data'));

function stateOf(indexes: ReadonlyMap<number, KeyIndex>): string[] {
  return Array.from(indexes, ([id, { keydir, orderName }]) => [
    `space ${id} ${orderName}`,
    ...Array.from(keydir.entries(), entry => `${id} ${JSON.stringify(entry)}`),
  ])
    .flat()
    .sort();
}

/** What recovery finds in a copy of a store, after this change of it, and whether it warned. */
async function recovered(disk: SimulatedDisk, change: (copy: SimulatedDisk) => void = () => {}) {
  const copy = disk.copy(root);
  change(copy);
  const reads = new Set<string>();
  const fs = new FaultFileSystem(copy);
  fs.plan = ({ operation, size, file }) => {
    if (operation === 'read' && size !== undefined && size > 32) reads.add(file);
    return undefined;
  };
  const { indexes, report } = await recover(root, resolveOptions({ fs }));
  return { state: stateOf(indexes), report, copy, dataFilesRead: [...reads].filter(name => name.endsWith('.data')) };
}

describe('hints', () => {
  test('stand beside every sealed file, and say what reading the file would say', async () => {
    const disk = await store();
    expect(dataFilesOf(disk).length).toBeGreaterThan(2);
    expect(hintsOf(disk)).toEqual(dataFilesOf(disk).map(name => name.replace('data', 'hint')));
    const withHints = await recovered(disk);
    const without = await recovered(disk, copy => {
      for (const name of hintsOf(copy)) copy.remove(`${root}/${name}`);
    });
    expect(withHints.dataFilesRead).toEqual([]);
    expect(without.dataFilesRead).toHaveLength(dataFilesOf(disk).length);
    expect(without.state).toEqual(withHints.state);
    expect(without.report).toEqual(withHints.report);
    expect(hintsOf(without.copy)).toEqual(hintsOf(disk));
    for (const name of hintsOf(disk)) expect(without.copy.bytesOf(name)).toEqual(disk.bytesOf(name));
  });

  test('are written by a merge, and for a file that is full in the background', async () => {
    const disk = new SimulatedDisk(root);
    const db = await Database.open(root, { fs: disk, maxDataFileSize: 100, merge: { auto: false } });
    for (let i = 0; i < 12; i++) db.put(`k${i % 3}`, `value ${i}`);
    await db.sync();
    await expect.poll(() => hintsOf(disk).length).toBe(db.stats.dataFiles - 1);
    await db.merge();
    await expect.poll(() => dataFilesOf(disk).length).toBe(db.stats.dataFiles);
    expect(hintsOf(disk)).toHaveLength(db.stats.dataFiles - 1);
    await db.close();
    const { report } = await recovered(disk);
    expect(report.warnings).toEqual([]);
  });

  test('are the last thing that an opening writes, and one that finds no room leaves no part behind', async () => {
    const disk = new SimulatedDisk(root);
    const db = await Database.open(root, { fs: disk, maxDataFileSize: 150, merge: { auto: false } });
    for (let i = 0; i < 9; i++) db.put(`k${i}`, 'x'.repeat(60));
    await db.sync();
    const copy = disk.copy(root); // Its last file is still growing.
    for (const name of hintsOf(copy)) copy.remove(`${root}/${name}`);
    const written: string[] = [];
    const fs = new FaultFileSystem(copy);
    fs.plan = ({ operation, file }) => {
      if (operation === 'write') written.push(file);
      return operation === 'write' && isHintFileName(file) ? { error: 'ENOSPC', afterBytes: 40 } : undefined;
    };
    const { report } = await recover(root, resolveOptions({ fs }));
    expect(report).toMatchObject({ records: 9, warnings: [] });
    expect(written.filter(isHintFileName).length).toBe(dataFilesOf(copy).length);
    expect(written.slice(written.findIndex(isHintFileName)).every(isHintFileName)).toBe(true);
    expect(written).toContain('MANIFEST.tmp');
    expect(hintsOf(copy)).toEqual([]);
    await db.close();
  });
});

/** Ways to spoil a hint, beside those of damaged-hints.test.ts. */
const SPOILT: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'is all zeroes': bytes => Buffer.alloc(bytes.length),
  'has another file number': bytes => resealed(bytes, copy => copy.writeUInt32LE(99, 12)),
  'is no hint': bytes => resealed(bytes, copy => copy.write('ZEROCASK', 0)),
  'points past the end of the data file': bytes => resealed(bytes, copy => copy.fill(0x7f, 37, 39)),
  'has bytes behind its end': bytes => Buffer.concat([bytes, Buffer.alloc(1)]),
  'has a record that nobody wrote, and then one that makes no sense': bytes => {
    const invented = Buffer.alloc(100);
    const record = { kind: KIND_PUT, space: 0, seq: 2 ** 40, tag: 0, expiresAtMs: 0, orderKey: undefined };
    const placed = { key: 'invented', value: Buffer.alloc(0), valueSize: 1, offset: 32, size: 40 };
    const size = writeHintRecord(invented, 0, { ...record, ...placed });
    return resealed(Buffer.concat([bytes.subarray(0, 32), invented.subarray(0, size), bytes.subarray(32)]), () => {});
  },
};

function resealed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32LE(crc32(copy, 0, copy.length - 4), copy.length - 4);
  return copy;
}

describe('a hint that', () => {
  test.each(Object.keys(SPOILT))('%s is a warning; the file is read instead, and gets a new one', async how => {
    const disk = await store();
    const { state } = await recovered(disk);
    const [first] = hintsOf(disk) as [string];
    const spoilt = await recovered(disk, copy => copy.change(first, SPOILT[how]!));
    expect(spoilt.state).toEqual(state);
    expect(spoilt.report.warnings).toEqual([expect.stringContaining(`${first} could not be used: `)]);
    expect(spoilt.copy.bytesOf(first)).toEqual(disk.bytesOf(first));
  });

  test('belongs to no file is swept, as is one that a merge has left behind', async () => {
    const disk = await store();
    const left = hintFileName(77 as Parameters<typeof hintFileName>[0]);
    disk.change(left, () => Buffer.from('left'));
    disk.change('0000000078.merging', () => Buffer.from('left'));
    disk.change('0000000078.data', () => Buffer.from('left'));
    const { copy, report } = await recovered(disk);
    expect(copy.fileNames.filter(name => /7[78]/.test(name))).toEqual([]);
    expect(report.warnings).toEqual([]);
  });

  test('cannot be written, or read, costs nothing', async () => {
    const disk = await store();
    const { state } = await recovered(disk);
    for (const operation of ['create', 'write', 'read'] as const) {
      const copy = disk.copy(root);
      const fs = new FaultFileSystem(copy);
      if (operation !== 'read') for (const name of hintsOf(copy)) copy.remove(`${root}/${name}`);
      fs.plan = call => (call.operation === operation && isHintFileName(call.file) ? { error: 'EIO' } : undefined);
      const { indexes } = await recover(root, resolveOptions({ fs }));
      expect(stateOf(indexes)).toEqual(state);
    }
  });
});
