import { readdirSync, rmSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const fs: typeof import('node:fs') = createRequire(import.meta.url)('node:fs');
const original = { fdatasync: fs.fdatasync, fdatasyncSync: fs.fdatasyncSync };

afterEach(() => {
  Object.assign(fs, original);
  syncBuiltinESMExports();
});

/** The descriptors that are asked to sync from now on. */
function watchSyncs(): { now: number[]; later: number[] } {
  const seen = { now: [] as number[], later: [] as number[] };
  fs.fdatasyncSync = fd => {
    seen.now.push(fd);
    original.fdatasyncSync(fd);
  };
  fs.fdatasync = ((fd: number, done: () => void) => {
    seen.later.push(fd);
    original.fdatasync(fd, done);
  }) as typeof fs.fdatasync;
  syncBuiltinESMExports();
  return seen;
}

test('a sync in the background hears of a failed write-back by a descriptor of its own, which it closes', async () => {
  const path = join(temporaryDirectory(), 'file');
  const file = nodeFileSystem.open(path, 'create');
  file.write(Buffer.from('abc'), 0, 3, 0);
  const openFiles = readdirSync('/proc/self/fd').length;
  const seen = watchSyncs();
  const later = file.syncDataLater();
  file.syncData();
  await later;
  expect(seen.now).toHaveLength(1);
  expect(seen.later).toHaveLength(1);
  expect(seen.later).not.toEqual(seen.now);
  rmSync(path); // A file without a name can be synced too.
  await file.syncDataLater();
  expect(readdirSync('/proc/self/fd').length).toBe(openFiles);
  file.close();
});
