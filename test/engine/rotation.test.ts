import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Database, type FileSystem, nodeFileSystem } from '../../engine/src/index.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const dataFiles = (directory: string): string[] =>
  readdirSync(directory)
    .filter(name => name.endsWith('.data'))
    .sort();
const manifestOf = (directory: string) => JSON.parse(readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n')[0]!);

test('a file that is full is followed by another; it is synced in the background, sealed and made read-only', async () => {
  const directory = temporaryDirectory();
  const db = await Database.open(directory, { maxDataFileSize: 1000 });
  for (let i = 0; i < 100; i++) db.put(`key ${i}`, 'x'.repeat(50));
  await db.sync();
  const names = dataFiles(directory);
  expect(names.length).toBeGreaterThan(5);
  const sizes = manifestOf(directory).files.map((file: { sealedSize: number }) => file.sealedSize);
  expect(sizes.slice(0, -1).every(Number.isInteger)).toBe(true);
  expect(sizes.at(-1)).toBeNull();
  for (const name of names.slice(0, -1)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o444);
  await db.close();
  expect(manifestOf(directory).files.every((file: { sealedSize: number }) => file.sealedSize > 0)).toBe(true);

  const again = await Database.open(directory);
  expect(again.size).toBe(100);
  expect(String(again.get('key 0'))).toBe('x'.repeat(50));
  await again.close();
});

test('a file that was left behind is synced and sealed although nobody asks for a sync', async () => {
  const directory = temporaryDirectory();
  const db = await Database.open(directory, { maxDataFileSize: 100 });
  db.put('a', 'x'.repeat(100));
  db.put('b', 'x');
  await vi.waitFor(() => expect(manifestOf(directory).files[0].sealedSize).toBeGreaterThan(100), { timeout: 10_000 });
  expect(db.isDurable(2)).toBe(true);
  await db.close();
});

test('the manifest says the lowest and the highest seq of each sealed file', async () => {
  const directory = temporaryDirectory();
  const db = await Database.open(directory, { maxDataFileSize: 300 });
  for (let i = 0; i < 20; i++) db.put(`key ${i}`, 'x'.repeat(50));
  await db.close();
  let next = 1;
  for (const file of manifestOf(directory).files) {
    expect(file.minSeq).toBe(next);
    next = file.maxSeq + 1;
  }
  expect(next).toBe(21);
});

test('a batch larger than a file is not split', async () => {
  const directory = temporaryDirectory();
  const db = await Database.open(directory, { maxDataFileSize: 1000 });
  const batch = db.batch();
  for (let i = 0; i < 100; i++) batch.put(`key ${i}`, 'x'.repeat(50));
  batch.commit();
  expect(dataFiles(directory).length).toBe(1);
  db.put('next', 'v');
  expect(dataFiles(directory).length).toBe(2);
  await db.close();
});

test('a new file is begun by every opening that writes, and by none that does not', async () => {
  const directory = temporaryDirectory();
  for (let opening = 1; opening <= 3; opening++) {
    const db = await Database.open(directory);
    db.put(`k${opening}`, 'v');
    await db.close();
    await (await Database.open(directory)).close();
    expect(dataFiles(directory).length).toBe(opening);
  }
});

test('when no new file can be made, the old one grows on, and a new one follows later', async () => {
  const fs = new FaultFileSystem();
  const directory = temporaryDirectory();
  const db = await Database.open(directory, { fs, maxDataFileSize: 1000 });
  db.put('first', 'v');
  fs.plan = call => (call.operation === 'create' ? { error: 'EMFILE' } : undefined);
  for (let i = 0; i < 50; i++) db.put(`key ${i}`, 'x'.repeat(50));
  expect(dataFiles(directory).length).toBe(1);
  fs.plan = () => undefined;
  for (let i = 50; i < 100; i++) db.put(`key ${i}`, 'x'.repeat(50));
  expect(dataFiles(directory).length).toBeGreaterThan(1);
  await db.close();
  const again = await Database.open(directory);
  expect(again.size).toBe(101);
  await again.close();
});

/** Real files, and no waiting for the disk. */
function withoutSyncs(): FileSystem {
  return {
    ...nodeFileSystem,
    open: (path, mode) => {
      const file = nodeFileSystem.open(path, mode);
      file.syncData = () => {};
      file.syncDataLater = async () => {};
      return file;
    },
    syncDirectory: () => {},
  };
}

test('10,000 rotations, in one opening after the other, leak no descriptor', async () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  let rotations = 0;
  for (let opening = 0; opening < 100; opening++) {
    const directory = temporaryDirectory();
    const db = await Database.open(directory, { maxDataFileSize: 100, fs: withoutSyncs() });
    for (let i = 0; i < 100; i++) {
      db.put(`key ${i}`, 'x'.repeat(100));
      if (i % 50 === 0) await db.sync();
    }
    for (let i = 0; i < 100; i++) expect(db.get(`key ${i}`)?.length).toBe(100);
    rotations += dataFiles(directory).length;
    expect(openFiles() - before).toBeLessThan(200);
    await db.close();
    expect(openFiles(), `after ${rotations} rotations`).toBeLessThanOrEqual(before);
    rmSync(directory, { recursive: true });
  }
  expect(rotations).toBe(10_000);
}, 120_000);

test('seqs that were given away are never given again, after a clean close or without one', async () => {
  const directory = temporaryDirectory();
  const db = await Database.open(directory);
  const put = db.put('k', 'v');
  const reserved = db.nextSeq();
  expect(reserved).toBe(put + 1);
  expect(db.put('k', 'v')).toBe(reserved + 1);
  expect(db.position).toBe(reserved + 1);
  const last = db.nextSeq();
  expect(db.isDurable(db.position)).toBe(true);
  await db.close();
  const again = await Database.open(directory);
  expect(again.nextSeq()).toBe(last + 1);
  await again.close();
});
