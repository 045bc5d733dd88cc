/** The manifest is damaged after a crash in the middle of a merge, at any of its calls: what was there is there. */
import { expect, test } from 'vitest';
import { dataFileName } from '../../../engine/src/disk/file-names.ts';
import { MANIFEST_NAME, PREVIOUS_NAME } from '../../../engine/src/disk/manifest.ts';
import type { KeyIndex } from '../../../engine/src/keydir/key-index.ts';
import { resolveOptions } from '../../../engine/src/options.ts';
import { recover } from '../../../engine/src/recovery/recovery.ts';
import { FaultFileSystem, SimulatedDisk } from '../../support/fault-house/index.ts';
import { openParts } from '../../support/store-parts.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const stateOf = (indexes: Iterable<[number, KeyIndex]>): string[] =>
  Array.from(indexes, ([id, { keydir }]) =>
    Array.from(keydir.entries(), ({ key, seq, expiresAtMs }) => `${id} ${key} ${seq} ${expiresAtMs}`),
  )
    .flat()
    .sort();

async function recovered(disk: SimulatedDisk, damaged: readonly string[]): Promise<string[]> {
  for (const name of damaged) if (disk.fileNames.includes(name)) disk.change(name, () => Buffer.from('damaged'));
  const { indexes } = await recover(disk.root, resolveOptions({ fs: disk }));
  const state = stateOf(indexes);
  expect(stateOf((await recover(disk.root, resolveOptions({ fs: disk }))).indexes)).toEqual(state);
  return state;
}

test('the manifest is made anew from the one before, which knows what a merge has replaced', async () => {
  const disk = new SimulatedDisk(temporaryDirectory('lost-manifest'));
  const fs = new FaultFileSystem(disk);
  const { spaces, merger, commit, sealed, close } = await openParts(disk.root, { fs, maxDataFileSize: 100 });
  const main = spaces.find(0)!;
  const copies: SimulatedDisk[] = [];
  for (let round = 0; round < 4; round++) {
    for (const key of ['a', 'b', 'c', 'd']) main.put(key, `${key} of round ${round}`);
    main.delete(`${'abcd'[round]}`);
    main.expire('d', 1e12);
  }
  await commit.beginFile();
  const expected = stateOf(spaces.indexes());
  for (const which of [[1], [0, 2, 3], [0, 1, 2, 3, 4, 5]]) {
    const files = sealed().filter((_, i) => which.includes(i));
    fs.plan = () => {
      copies.push(disk.copy(disk.root));
      return undefined;
    };
    await merger.mergeFiles(files);
    await new Promise(resolve => setTimeout(resolve, 10));
    fs.plan = () => undefined;
  }
  copies.push(disk.copy(disk.root));
  await close();
  expect(copies.length).toBeGreaterThan(100);
  for (const copy of copies) {
    expect(await recovered(copy.copy(disk.root), [])).toEqual(expected);
    expect(await recovered(copy.copy(disk.root), [MANIFEST_NAME])).toEqual(expected);
  }
});

/** A store with a value in one file and its tombstone in the next, whose first file cannot be removed. */
async function unremovable() {
  const disk = new SimulatedDisk(temporaryDirectory('lost-manifest'));
  const fs = new FaultFileSystem(disk);
  const parts = await openParts(disk.root, { fs, maxDataFileSize: 100 });
  const main = parts.spaces.find(0)!;
  main.put('a', 'x'.repeat(100));
  main.put('b', 'stays');
  main.delete('a');
  await parts.commit.beginFile();
  const [first, second] = parts.sealed();
  const name = dataFileName(first!.id);
  fs.plan = ({ operation, file }) => (operation === 'remove' && file === name ? { error: 'EBUSY' } : undefined);
  await parts.merger.mergeFiles([first!]);
  await parts.merger.mergeFiles([second!]);
  await new Promise(resolve => setTimeout(resolve, 10));
  expect(disk.fileNames).toContain(name);
  expect(disk.fileNames).not.toContain(dataFileName(second!.id));
  return { disk, fs, ...parts };
}

test('with both manifests gone, a replaced file that could not be removed brings nothing back', async () => {
  const { disk, spaces, merger, sealed, close } = await unremovable();
  await merger.mergeFiles(sealed());
  await new Promise(resolve => setTimeout(resolve, 10));
  const expected = stateOf(spaces.indexes());
  expect(await recovered(disk.copy(disk.root), [MANIFEST_NAME, PREVIOUS_NAME])).toEqual(expected);
  await close();
});

test('a replaced file that could not be removed for a long time does not count in a manifest made anew', async () => {
  const { disk, fs, spaces, close } = await unremovable();
  const expected = stateOf(spaces.indexes());
  await close();
  const again = await openParts(disk.root, { fs, maxDataFileSize: 100 });
  await again.merger.mergeFiles(again.sealed()); // Nothing is left in the store that says when `a` was deleted.
  await again.close();
  expect(await recovered(disk.copy(disk.root), [MANIFEST_NAME])).toEqual(expected);
});
