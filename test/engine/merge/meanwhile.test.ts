/**
 * What happens to a key while a merge is copying it, to those who look at an older moment, and to a merge that cannot end
 * well. The merge runs on a file system that says when it is at which call, so a test can act at exactly that moment.
 */
import { describe, expect, test, vi } from 'vitest';
import { Database, type DatabaseOptions } from '../../../engine/src/index.ts';
import { type Call, FaultFileSystem, isSync, isWrite, SimulatedDisk } from '../../support/fault-house/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

vi.mock('../../../engine/src/disk/lock-file.ts', () => ({
  LOCK_NAME: 'LOCK',
  lockDirectory: async () => ({ release: () => {} }), // Copies of a store stand in the same place.
}));

const failsWith = (code: string) => expect.objectContaining({ code });
const isOf = (call: Call, extension: string): boolean => call.file.endsWith(extension);

/** A store on a simulated disk: a file with the keys a to e, another in which a to d are overwritten, and one for what comes. */
async function mergeable(options: DatabaseOptions = {}) {
  const disk = new SimulatedDisk(temporaryDirectory('meanwhile'));
  const fs = new FaultFileSystem(disk);
  const settings = { fs, maxDataFileSize: 120, merge: { auto: false }, now: () => 1000, ...options };
  const db = await Database.open(disk.root, settings);
  const space = db.createSpace({ order: 'key' });
  for (const round of [1, 2]) {
    for (const key of ['a', 'b', 'c', 'd', ...(round === 1 ? ['e'] : [])]) db.put(key, `${key} of round ${round}`);
  }
  space.put('s', 'in a space');
  await db.sync();
  await new Promise(resolve => setTimeout(resolve, 5)); // Hints are written by then.
  db.put('last', 'not synced yet');
  return { disk, fs, db, space };
}

/** What {@link mergeable} holds in its default space. */
const WHOLE = [
  ...['a', 'b', 'c', 'd', 'e'].map(key => `${key},${key} of round ${key === 'e' ? 1 : 2}`),
  'last,not synced yet',
];

const contents = (db: Database): string[] =>
  db
    .spaces()
    .flatMap(space =>
      Array.from(space.entries(), ([key, value]) => `${space.id}/${key}=${value}@${space.ttl(key) ?? 'gone'}`),
    );

async function reopened(left: SimulatedDisk): Promise<string[]> {
  const db = await Database.open(left.root, { fs: left, merge: { auto: false }, now: () => 1000 });
  const found = contents(db);
  expect((await db.verify()).problems).toEqual([]);
  await db.close();
  return found;
}

/** Run `act` once, just before the first call that is like this. */
function once(fs: FaultFileSystem, isLikeThis: (call: Call) => boolean, act: () => void): { readonly done: boolean } {
  const state = { done: false };
  fs.plan = call => {
    if (state.done || !isLikeThis(call)) return undefined;
    state.done = true;
    act();
    return undefined;
  };
  return state;
}

/** The moments of a merge, by the first call to the disk in each. */
const MOMENTS: Readonly<Record<string, (call: Call) => boolean>> = {
  'before its sync': call => isSync(call) && isOf(call, '.data'),
  'as it opens a file to copy': call => call.operation === 'read' && isOf(call, '.data'),
  'as it writes a copy': call => isWrite(call) && isOf(call, '.merging'),
  'as the copy is synced': call => isSync(call) && isOf(call, '.merging'),
  'as entries begin to point to the copies': call => call.operation === 'changeMode' && isOf(call, '.data'),
  'as an old file goes': call => call.operation === 'remove' && isOf(call, '.data'),
};

const ACTS: Readonly<Record<string, (db: Database) => unknown>> = {
  'is overwritten': db => db.put('a', 'new'),
  'is deleted': db => db.delete('a'),
  'gets an expiry': db => db.expireAt('a', 5000),
  'gets two expiries': db => [db.expireAt('a', 5000), db.expireAt('a', 6000)],
  'gets an expiry and is overwritten': db => [db.expireAt('a', 5000), db.put('a', 'new')],
  'is deleted and put again': db => [db.delete('a'), db.put('a', 'again')],
  'goes with a range': db => db.deleteRange({ lte: 'b' }),
  'goes with its space': db => db.dropSpace(1),
  'is looked at by a snapshot': db => db.snapshot(),
};

describe.each(Object.keys(MOMENTS))('a key that is being merged, %s,', moment => {
  test.each(Object.keys(ACTS))('and that %s, is what it became, now and after reopening', async act => {
    const { disk, fs, db } = await mergeable();
    const state = once(fs, MOMENTS[moment]!, () => ACTS[act]!(db));
    await db.merge();
    await expect.poll(() => state.done).toBe(true);
    await new Promise(setImmediate);
    const found = contents(db);
    const { liveBytes } = db.stats;
    expect((await db.verify()).problems).toEqual([]);
    await db.close();
    expect(await reopened(disk.copy(disk.root))).toEqual(found);
    const again = await Database.open(disk.root, { fs: disk, now: () => 1000 });
    expect(again.stats.liveBytes).toBe(liveBytes);
    await again.close();
  });

  test.each(Object.keys(ACTS))(
    'and that %s, is never older after a power cut than it was when the merge began',
    async act => {
      const { disk, fs, db } = await mergeable();
      const before = contents(db);
      once(fs, MOMENTS[moment]!, () => ACTS[act]!(db));
      await db.merge();
      await new Promise(setImmediate);
      const after = contents(db);
      for (const bytes of ['lost', 'torn', 'kept'] as const) {
        const left = disk.cutPower({ bytes, names: 'kept' }, disk.root);
        expect(steps(before, after, act)).toContainEqual(await reopened(left));
      }
      await db.close();
    },
  );
});

/** What a prefix of history may look like: before the act, after it, and in between when it is two changes. */
function steps(before: string[], after: string[], act: string): string[][] {
  const between: Readonly<Record<string, string[]>> = {
    'gets two expiries': before.map(line => line.replace('0/a=a of round 2@Infinity', '0/a=a of round 2@4000')),
    'gets an expiry and is overwritten': before.map(line =>
      line.replace('0/a=a of round 2@Infinity', '0/a=a of round 2@4000'),
    ),
    'is deleted and put again': before.filter(line => !line.startsWith('0/a=')),
  };
  return [before, after, ...(between[act] === undefined ? [] : [between[act]])];
}

describe('what made a record dead', () => {
  test('is on the disk before the merge lets the record go, at every level', async () => {
    for (const durability of ['memory', 'os', { intervalMs: 60_000 }] as const) {
      const { disk, db } = await mergeable({ durability });
      db.put('a', 'new'); // Its file has nothing dead and is not full, so nothing but this promise has it synced.
      await db.merge();
      await new Promise(setImmediate);
      const left = disk.cutPower({ bytes: 'lost', names: 'lost' }, disk.root);
      expect(await reopened(left)).toEqual(contents(db));
      await db.close();
    }
  });
});

describe('those who look at an older moment', () => {
  test('a snapshot reads on, and the old files stay until it is closed', async () => {
    const { disk, db } = await mergeable();
    const files = disk.fileNames.filter(name => name.endsWith('.data'));
    const before = contents(db);
    const snapshot = db.snapshot();
    db.put('a', 'new');
    db.dropSpace(1);
    await db.merge();
    await new Promise(setImmediate);
    db.put('b', 'new');
    await db.merge();
    await new Promise(setImmediate);
    expect(String(snapshot.get('a'))).toBe('a of round 2');
    expect(String(snapshot.get('b'))).toBe('b of round 2');
    expect(String(snapshot.space(1)!.get('s'))).toBe('in a space');
    expect(before).toContain(`0/e=${snapshot.get('e')}@Infinity`);
    expect(disk.fileNames).toEqual(expect.arrayContaining(files));
    snapshot.close();
    await expect.poll(() => disk.fileNames.filter(name => files.includes(name))).toEqual([]);
    await db.close();
  });

  test('a cursor in the middle of its way goes on over a merge and the removal of files', async () => {
    const { db } = await mergeable();
    const cursor = db.entries();
    const seen = [String(cursor.next().value)];
    db.put('c', 'new');
    await db.merge();
    await new Promise(setImmediate);
    for (const pair of cursor) seen.push(String(pair));
    expect(seen).toEqual(WHOLE);
    expect(String(db.get('c'))).toBe('new');
    await db.close();
  });

  test('a snapshot that is opened while entries move finds its values too', async () => {
    const { fs, db } = await mergeable();
    let snapshot: ReturnType<Database['snapshot']> | undefined;
    once(fs, MOMENTS['as entries begin to point to the copies']!, () => {
      snapshot = db.snapshot();
      db.expireAt('a', 5000);
      db.expireAt('a', 6000);
      db.delete('b');
    });
    await db.merge();
    await new Promise(setImmediate);
    expect(Array.from(snapshot!.entries(), String)).toEqual(WHOLE);
    snapshot!.close();
    await db.close();
  });
});

describe('a merge that cannot end well', () => {
  const FAULTS: Readonly<Record<string, (call: Call) => boolean>> = {
    'a file cannot be read': call => call.operation === 'read' && isOf(call, '.data') && call.size !== 32,
    'a copy cannot be made': call => call.operation === 'create' && isOf(call, '.merging'),
    'the disk is full': call => isWrite(call) && isOf(call, '.merging'),
    'a copy cannot be synced': call => isSync(call) && isOf(call, '.merging'),
    'a copy cannot get its name': call => call.operation === 'rename' && isOf(call, '.data'),
    'the directory cannot be synced': call => call.operation === 'syncDirectory',
    'the manifest cannot be written': call => isWrite(call) && call.file === 'MANIFEST.tmp',
    'the manifest cannot take its place': call => call.operation === 'rename' && call.file === 'MANIFEST',
  };

  test.each(Object.keys(FAULTS))('because %s, rejects and leaves the store as it was', async fault => {
    const { disk, fs, db } = await mergeable();
    db.put('a', 'newest');
    await db.sync();
    const before = contents(db);
    let isMerging = false;
    fs.plan = call => {
      isMerging ||= call.operation === 'read' && isOf(call, '.data');
      return isMerging && FAULTS[fault]!(call) ? { error: fault === 'the disk is full' ? 'ENOSPC' : 'EIO' } : undefined;
    };
    await expect(db.merge()).rejects.toThrow(failsWith(fault === 'the disk is full' ? 'DISK_FULL' : 'IO'));
    fs.plan = () => undefined;
    expect(contents(db)).toEqual(before);
    db.put('f', 'the store lives on');
    expect(disk.fileNames.filter(name => name.endsWith('.merging'))).toEqual([]);
    const found = contents(db);
    expect(await reopened(disk.copy(disk.root))).toEqual(found);
    const report = await db.merge();
    expect(report.files).toBeGreaterThan(0);
    expect(contents(db)).toEqual(found);
    await db.close();
    expect(await reopened(disk.copy(disk.root))).toEqual(found);
  });

  test('because an old file is damaged, names the place, and opening names it too', async () => {
    const { disk, db } = await mergeable();
    const name = disk.fileNames.filter(file => file.endsWith('.data')).sort()[0]!;
    disk.change(name, bytes => {
      bytes[60]! ^= 1;
      return bytes;
    });
    await expect(db.merge()).rejects.toThrow(expect.objectContaining({ code: 'CORRUPT', file: name }));
    await db.close();
  });

  test('ends when its signal says so, with the reason that it gives', async () => {
    for (const moment of [
      'before its sync',
      'as it opens a file to copy',
      'as it writes a copy',
      'as the copy is synced',
    ]) {
      const { disk, fs, db } = await mergeable();
      const before = contents(db);
      const controller = new AbortController();
      const reason = new Error('that will do');
      const state = once(fs, MOMENTS[moment]!, () => controller.abort(reason));
      await expect(db.merge({ signal: controller.signal })).rejects.toBe(reason);
      expect(state.done).toBe(true);
      expect(contents(db)).toEqual(before);
      expect(disk.fileNames.filter(name => name.endsWith('.merging'))).toEqual([]);
      await db.merge();
      expect(contents(db)).toEqual(before);
      await db.close();
    }
    const { db } = await mergeable();
    await expect(db.merge({ signal: AbortSignal.abort(new Error('not at all')) })).rejects.toThrow('not at all');
    await db.close();
  });

  test.each(Object.keys(MOMENTS).filter(moment => moment !== 'as an old file goes'))(
    'because the store is closed %s, leaves a store that opens with everything',
    async moment => {
      const { disk, fs, db } = await mergeable();
      const before = contents(db);
      let closed: Promise<void> | undefined;
      once(fs, MOMENTS[moment]!, () => (closed = db.close()));
      await db.merge().catch(error => expect(error).toMatchObject({ code: 'CLOSED' }));
      await closed;
      const calls = fs.calls.length;
      await new Promise(resolve => setTimeout(resolve, 20));
      expect(fs.calls).toHaveLength(calls); // Nobody is at work any more: the directory is free.
      expect(await reopened(disk.copy(disk.root))).toEqual(before);
    },
  );

  test('because the store is closed already, says so', async () => {
    const { db } = await mergeable();
    await db.close();
    await expect(db.merge()).rejects.toThrow(failsWith('CLOSED'));
  });
});
