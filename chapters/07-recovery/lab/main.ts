/**
 * The crash lab of chapter 07: your recovery and your repair, stopped at every call to the disk, with every state of the
 * disk that may be found then. The first case that fails is made as small as it gets and played frame by frame.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repairDirectory } from '#engine/check/repair.ts';
import { Database } from '#engine/index.ts';
import { type Afterwards, crashLab, SimulatedDisk, type World } from './fault-house/index.ts';

const KEYS = ['a', 'b', 'c', 'd'];
const LONG = 'x'.repeat(120);
const FIRST = '0000000001.data';
const root = mkdtempSync(join(tmpdir(), 'lab-07-'));

/** What a store holds. */
async function contents({ fs, directory, opened }: Afterwards): Promise<Map<string, string>> {
  const db = await Database.open(directory, { fs });
  opened();
  const found = new Map<string, string>();
  for (const key of KEYS) if (db.has(key)) found.set(key, String(db.get(key)));
  await db.close();
  return found;
}

/** The files of a store that was killed after these puts, with its first file changed then. All of it is on the disk. */
async function killedAfter(
  puts: readonly (readonly [string, string])[],
  change: (bytes: Buffer) => Buffer,
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(root);
  const db = await Database.open(root, { fs: disk, maxDataFileSize: 100 });
  for (const put of puts) db.put(...put);
  const left = disk.copy(root);
  await db.close();
  left.change(FIRST, change);
  return left.cutPower({ bytes: 'kept', names: 'kept' }, root);
}

async function changes({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs, maxDataFileSize: 100 });
  await story.put(db, 'a', '1');
  await story.put(db, 'b', LONG);
  await story.sync(db);
  await story.put(db, 'a', '2');
  await story.put(db, 'c', LONG);
  await story.delete(db, 'b');
  await story.close(db);
}

async function changesAfterTornTail({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs });
  await story.put(db, 'c', '3');
  await story.sync(db);
  await story.put(db, 'd', '4');
  await story.close(db);
}

const torn = await killedAfter(
  [
    ['a', '1'],
    ['b', '2'],
  ],
  bytes => bytes.subarray(0, bytes.length - 3),
);

const damaged = await killedAfter(
  [
    ['a', '1'],
    ['b', LONG],
    ['c', '3'],
    ['d', LONG],
    ['a', '2'],
  ],
  bytes => {
    bytes[40]! ^= 1; // In the first record: a has a newer value, b stands behind the damage.
    return bytes;
  },
);
const readable = new Map([
  ['a', '2'],
  ['b', LONG],
  ['c', '3'],
  ['d', LONG],
]);

process.exitCode = await crashLab([
  {
    title: {
      en: 'what was synced is there after any crash, and no put is half there',
      zh: '同步过的，怎么崩溃都还在；没有只写了一半的数据',
    },
    workload: changes,
    reopen: contents,
    recoveryEvery: 6,
  },
  {
    title: {
      en: 'what is written after a torn tail is there after the next opening',
      zh: '残尾之后写下的东西，下次打开还在',
    },
    before: { disk: torn, found: new Map([['a', '1']]) },
    workload: changesAfterTornTail,
    reopen: contents,
  },
  {
    title: {
      en: 'a repair that is interrupted loses nothing that could be read',
      zh: '修复中途被打断，读得出来的一样不少',
    },
    before: { disk: damaged, found: readable },
    workload: async ({ fs, directory, story }) => {
      await story.other('repair', () => repairDirectory(fs, directory));
    },
    reopen: async afterwards => {
      await repairDirectory(afterwards.fs, afterwards.directory);
      return contents(afterwards);
    },
    states: 20,
  },
]);
rmSync(root, { recursive: true, force: true });
