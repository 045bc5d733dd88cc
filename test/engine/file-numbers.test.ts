/** The numbers of data files: with gaps, one file under two of them, near the last number there is, and names that are not ours. */
import { expect, test } from 'vitest';
import { dataFileName, type FileId, MAX_FILE_ID } from '../../engine/src/disk/file-names.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../engine/src/disk/manifest.ts';
import { Database } from '../../engine/src/index.ts';
import { contents } from '../support/crashed-store.ts';
import { SimulatedDisk } from '../support/fault-house/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const OPTIONS = { maxDataFileSize: 100, merge: { auto: false } } as const;

async function open(disk: SimulatedDisk): Promise<Database> {
  return Database.open(disk.root, { ...OPTIONS, fs: disk });
}

/** A store that was closed, with this changed in its manifest. */
async function closedStore(change: (manifest: Manifest) => void): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(temporaryDirectory('numbers'));
  const db = await open(disk);
  db.put('a', 'x'.repeat(100));
  db.put('b', '2');
  await db.close();
  disk.change('MANIFEST', bytes => {
    const manifest = decodeManifest(bytes)!;
    change(manifest);
    return encodeManifest(manifest);
  });
  return disk;
}

test('numbers with gaps between them are numbers like any others', async () => {
  const disk = await closedStore(() => {});
  const expected: string[] = [];
  for (const next of [7, 8, 1000, 4_000_000, 2 ** 31 + 5]) {
    disk.change('MANIFEST', bytes => encodeManifest({ ...decodeManifest(bytes)!, nextFileId: next }));
    const db = await open(disk);
    db.put(`key ${next}`, 'y'.repeat(100));
    expected.push(`key ${next}=${'y'.repeat(100)}`);
    await db.close();
  }
  const db = await open(disk);
  expect(contents(db)).toEqual([`a=${'x'.repeat(100)}`, 'b=2', ...expected.sort()]);
  await db.merge();
  expect(contents(db)).toHaveLength(2 + expected.length);
  await db.close();
});

test('the last numbers are used, then no new file is begun: the one there is grows on, and the next opening refuses changes', async () => {
  const disk = await closedStore(manifest => {
    manifest.nextFileId = MAX_FILE_ID - 1;
  });
  const db = await open(disk);
  for (let i = 0; i < 6; i++) db.put(`key ${i % 5}`, `${i}`.repeat(100)); // Two files, and then the second for all that follows.
  await db.close();
  expect(disk.fileNames).toContain(dataFileName(MAX_FILE_ID as FileId));
  const again = await open(disk);
  expect(again.size).toBe(7);
  expect(() => again.put('one more', 'v')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  await expect(again.merge()).rejects.toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  expect(again.size).toBe(7);
  await again.close();
});

test('a file that lies there under a second number does not count', async () => {
  const disk = await closedStore(() => {});
  const before = await read(disk);
  for (const id of [3, 4, 900]) disk.change(dataFileName(id as FileId), () => disk.bytesOf(dataFileName(1 as FileId)));
  expect(await read(disk)).toEqual(before);
  expect(disk.fileNames.filter(name => /[34]\.data$|900\.data$/.test(name))).toEqual([]); // They are swept.
});

/** What the store holds; it is closed again. */
async function read(disk: SimulatedDisk): Promise<string[]> {
  const db = await open(disk);
  try {
    return contents(db);
  } finally {
    await db.close();
  }
}

test('names that are not ours are left alone, and read by nobody', async () => {
  const disk = await closedStore(() => {});
  const names = ['1.data', '00000000001.data', '0000000001.data.bak', '0000000001.DATA', 'a.data', '-000000001.data'];
  for (const name of names) disk.change(name, () => Buffer.from('not a data file'));
  const db = await open(disk);
  expect(db.size).toBe(2);
  await db.merge();
  await db.close();
  expect(disk.fileNames).toEqual(expect.arrayContaining(names));
});
