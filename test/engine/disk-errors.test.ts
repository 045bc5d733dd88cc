/** A disk that is full, or fails: what throws has changed nothing, what was accepted is kept, and all goes on afterwards. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { contents, recoverCopy } from '../support/crashed-store.ts';
import { type Call, FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { stoppingAt } from '../support/fault-house/index.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const full = expect.objectContaining({ code: 'DISK_FULL' });
const poisoned = expect.objectContaining({ code: 'POISONED' });

async function open(
  options: DatabaseOptions = {},
): Promise<{ db: Database; fs: FaultFileSystem; disk: SimulatedDisk }> {
  const root = temporaryDirectory();
  const disk = new SimulatedDisk(root);
  const fs = new FaultFileSystem(disk);
  return { db: await Database.open(root, { fs, ...options }), fs, disk };
}

/** What is there after closing (which may fail) and opening again. */
async function reopened(db: Database, disk: SimulatedDisk): Promise<string[]> {
  await db.close().catch(() => {});
  const again = await Database.open(db.directory, { fs: disk });
  const found = contents(again);
  await again.close();
  return found;
}

describe('a full disk', () => {
  for (const afterBytes of [0, 1, 20, 99]) {
    test(`at any one write, ${afterBytes} bytes into it: that change throws and is absent, the others are there`, async () => {
      for (let failing = 0; failing < 12; failing++) {
        const { db, fs, disk } = await open({ maxDataFileSize: 150 });
        let writes = 0;
        fs.plan = call => (isWrite(call) && writes++ === failing ? { error: 'ENOSPC', afterBytes } : undefined);
        const expected: string[] = [];
        for (let i = 10; i < 20; i++) {
          try {
            db.put(`k${i}`, 'x'.repeat(60));
            expected.push(`k${i}=${'x'.repeat(60)}`);
          } catch (error) {
            expect(error).toEqual(full);
          }
        }
        expect(contents(db)).toEqual(expected);
        expect(expected.length).toBeGreaterThanOrEqual(9);
        expect(await reopened(db, disk)).toEqual(expected);
      }
    });
  }

  test('lets nothing be written until there is space, and loses nothing', async () => {
    const { db, fs, disk } = await open();
    db.put('a', '1');
    db.createSpace({ order: 'key' });
    fs.plan = call => (isWrite(call) ? { error: 'EDQUOT', afterBytes: 3 } : undefined);
    for (let i = 0; i < 3; i++) expect(() => db.put('b', '2')).toThrow(full);
    expect(() => db.put('b', '2')).toThrow('no space left; free some and try again');
    expect(() => db.delete('a')).toThrow(full);
    expect(() => db.expireAt('a', 9e12)).toThrow(full);
    expect(() => db.createSpace({ order: 'hash' })).toThrow(full);
    expect(() => db.dropSpace(1)).toThrow(full);
    expect(db.spaces().map(space => space.id)).toEqual([0, 1]);
    expect(contents(db)).toEqual(['a=1']);
    fs.plan = () => undefined;
    db.put('b', '2');
    expect(db.createSpace({ order: 'hash' }).id).toBe(2);
    expect(await reopened(db, disk)).toEqual(['a=1', 'b=2']);
  });

  test('at level memory keeps what was accepted, and writes it when there is space', async () => {
    const { db, fs, disk } = await open({ durability: 'memory' });
    db.put('a', '1');
    await db.sync();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 3 } : undefined);
    db.put('b', '2');
    await expect(db.sync()).rejects.toThrow(full);
    expect(() => db.put('c', '3')).toThrow(full);
    expect(() => db.put('c', '3', { durability: 'os' })).toThrow(full);
    expect(contents(db)).toEqual(['a=1', 'b=2']);
    fs.plan = () => undefined;
    db.put('d', '4', { durability: 'os' });
    expect(await reopened(db, disk)).toEqual(['a=1', 'b=2', 'd=4']);
  });

  test('at level memory bounds what is pending, within one turn too', async () => {
    const { db, fs, disk } = await open({ durability: 'memory' });
    fs.plan = call =>
      isWrite(call) && call.file.endsWith('.data') && db.stats.pendingBytes > 0 ? { error: 'ENOSPC' } : undefined;
    const accepted: string[] = [];
    for (let i = 10; i < 30; i++) {
      try {
        db.put(`k${i}`, 'x'.repeat(10_000));
        accepted.push(`k${i}`);
      } catch (error) {
        expect(error).toEqual(full);
      }
    }
    expect(accepted.length).toBe(7);
    expect(Array.from(db.keys(), String)).toEqual(accepted);
    fs.plan = () => undefined;
    expect((await reopened(db, disk)).map(pair => pair.slice(0, 3))).toEqual(accepted);
  });

  test('at level os drops only the change that throws, not those of level memory before it', async () => {
    const { db, fs, disk } = await open();
    db.put('a', '1');
    db.put('b', '2', { durability: 'memory' });
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 30 } : undefined);
    expect(() => db.put('c', '3')).toThrow(full);
    expect(contents(db)).toEqual(['a=1', 'b=2']);
    fs.plan = () => undefined;
    await db.sync();
    expect(db.stats.pendingBytes).toBe(0);
    expect(await reopened(db, disk)).toEqual(['a=1', 'b=2']);
  });

  test('while opening is said so, and opening works when there is space', async () => {
    const root = temporaryDirectory();
    const fs = new FaultFileSystem();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    await expect(Database.open(root, { fs })).rejects.toThrow(full);
    fs.plan = () => undefined;
    await (await Database.open(root, { fs })).close();
  });
});

test('a mistake in the program below is passed on as it is, and called no trouble with the disk', async () => {
  const fs = new FaultFileSystem();
  const mistake = new TypeError('readsValue is not a function');
  fs.plan = () => {
    throw mistake;
  };
  await expect(Database.open(temporaryDirectory(), { fs })).rejects.toBe(mistake);
});

describe('any one call that fails', () => {
  const workload = async (db: Database, done: string[]): Promise<void> => {
    const attempt = async (name: string, change: () => unknown): Promise<void> => {
      try {
        await change();
        done.push(name);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(IO|POISONED|DISK_FULL)$/) });
      }
    };
    await attempt('a', () => db.put('a', 'x'.repeat(60)));
    await attempt('b', () => db.put('b', 'x'.repeat(60)));
    await attempt('', () => db.sync());
    await attempt('c', () => db.put('c', 'x'.repeat(60), { durability: 'disk' }));
    await attempt('d', () => db.batch().put('d', 'x'.repeat(60)).commit());
    await attempt('e', () => db.write([{ type: 'put', key: 'e', value: 'x'.repeat(60) }], { durability: 'disk' }));
    await attempt('f', () => db.put('f', 'x'.repeat(60)));
    await attempt('', () => db.close());
  };

  test('in changing, rotating, syncing and closing, leaves all that was done, and the store opens', async () => {
    let callCount = 1;
    for (let failing = 0; failing < callCount; failing++) {
      const { db, fs, disk } = await open({ maxDataFileSize: 150 });
      const start = fs.calls.length;
      let failed: Call | undefined;
      fs.plan = call => {
        if (call.index - start !== failing) return undefined;
        failed = call;
        return { error: 'EIO', afterBytes: 10 };
      };
      const done: string[] = [];
      await workload(db, done);
      callCount = fs.calls.length - start;
      await db.close().catch(() => {});
      const { keys } = await recoverCopy(disk, () => {});
      // After a failed sync a change that threw may be there; otherwise what threw is absent.
      const names = done.filter(name => name !== '');
      if (failed !== undefined && isSync(failed)) expect(keys).toEqual(expect.arrayContaining(names));
      else expect(keys, JSON.stringify(failed)).toEqual(names);
    }
    expect(callCount).toBeGreaterThan(80);
  });
});

describe('a sync that fails', () => {
  test('is believed by nobody, though another sync that was under way says yes', async () => {
    const { db, fs } = await open({ durability: 'disk' });
    db.put('a', '1', { durability: 'os' });
    const position = db.position;
    const round = db.sync();
    fs.plan = ({ operation }) => (operation === 'syncData' ? { error: 'EIO' } : undefined);
    expect(() => db.put('b', '2')).toThrow(poisoned);
    await expect(round).rejects.toThrow(poisoned);
    await new Promise(resolve => setTimeout(resolve, 20)); // The round has ended by then.
    expect(db.isDurable(position)).toBe(false);
    await db.close().catch(() => {});
  });

  test('poisons the store: pending syncs reject, writes throw, reads go on, also when later syncs would work', async () => {
    const { db, fs } = await open();
    db.put('a', '1');
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    const syncs = [db.sync(), db.sync(), db.write([{ type: 'put', key: 'b', value: '2' }], { durability: 'disk' })];
    for (const sync of syncs) await expect(sync).rejects.toThrow(poisoned);
    fs.plan = () => undefined;
    expect(() => db.put('c', '3')).toThrow(poisoned);
    expect(() => db.batch().put('c', '3').commit()).toThrow(poisoned);
    expect(() => db.nextSeq()).toThrow(poisoned);
    await expect(db.sync()).rejects.toThrow(poisoned);
    await expect(db.write([{ type: 'put', key: 'c', value: '3' }])).rejects.toThrow(poisoned);
    expect(String(db.get('a'))).toBe('1');
    await db.close();
  });

  test('in a put of level disk makes it throw, and the key is not visible', async () => {
    const { db, fs } = await open({ durability: 'disk' });
    db.put('a', '1');
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    expect(() => db.put('a', '2')).toThrow(poisoned);
    expect(String(db.get('a'))).toBe('1');
    await db.close();
  });

  test('while closing makes close reject, and nothing is sealed', async () => {
    const { db, fs, disk } = await open();
    db.put('a', '1');
    let syncs = 0;
    fs.plan = call => (isSync(call) && syncs++ === 0 ? { error: 'EIO' } : undefined);
    const sync = db.sync();
    const rejected = expect(sync).rejects.toThrow(poisoned);
    await expect(db.close()).rejects.toThrow(poisoned);
    await rejected;
    expect(String(disk.bytesOf('MANIFEST'))).toContain('"sealedSize":null');
    expect(disk.bytesOf('POISONED').length).toBeGreaterThan(0);
  });

  test('makes the next opening write anew what may not be on the disk', async () => {
    const { db, fs, disk } = await open();
    db.put('a', 'synced');
    await db.sync();
    db.put('b', 'x'.repeat(1000));
    db.batch().put('c', '1').put('d', '2').commit();
    fs.plan = call => (call.operation === 'syncDataLater' ? { error: 'EIO' } : undefined);
    await expect(db.sync()).rejects.toThrow(poisoned);
    fs.plan = () => undefined;
    await db.close();

    // The system takes the pages for clean now: a sync of the old file says that all is well, and does nothing.
    const lying = new FaultFileSystem(disk);
    const openFile = lying.open.bind(lying);
    lying.open = (path, mode) => {
      const file = openFile(path, mode);
      if (path.endsWith('0000000001.data')) file.syncData = () => {};
      return file;
    };
    const again = await Database.open(db.directory, { fs: lying });
    expect(again.report.warnings).toEqual(['0000000001.data was written anew, as a sync had failed']);
    await again.close();
    const after = disk.cutPower({ bytes: 'lost', names: 'lost' }, disk.root);
    const last = await Database.open(db.directory, { fs: after });
    expect(contents(last).map(pair => pair.slice(0, 4))).toEqual(['a=sy', 'b=xx', 'c=1', 'd=2']);
    expect(last.report.warnings).toEqual([]);
    await last.close();
  });
});

describe('an opening that writes anew and does not come to its end', () => {
  test('whatever its last call was, can be followed by another, which finds everything', async () => {
    const { db, fs, disk } = await open({ maxDataFileSize: 200 });
    const expected: string[] = [];
    for (let i = 10; i < 16; i++) {
      if (i === 12) await db.sync();
      db.put(`k${i}`, 'x'.repeat(60));
      expected.push(`k${i}`);
    }
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    await expect(db.sync()).rejects.toThrow(poisoned);
    await db.close();

    let callCount = 1;
    for (let last = 0; last < callCount; last++) {
      const copy = disk.copy(disk.root);
      const dying = stoppingAt(last, copy);
      const isWhole = await recover(disk.root, resolveOptions({ fs: dying })).then(
        () => true,
        () => false,
      );
      callCount = isWhole ? last : last + 2;
      expect((await recoverCopy(copy, () => {})).keys, `stopped before call ${last}`).toEqual(expected);
    }
    expect(callCount).toBeGreaterThan(40);
  });
});

describe('a write that can neither be done nor undone', () => {
  for (const [afterBytes, found] of [
    [10, ['a=1']],
    [15, ['a=1', 'b=2']],
  ] as const) {
    test(`poisons the store; after ${afterBytes} of its 15 bytes the next opening finds ${found.join(' and ')}`, async () => {
      const { db, fs, disk } = await open();
      db.put('a', '1');
      fs.plan = call =>
        isWrite(call) ? { error: 'EIO', afterBytes } : call.operation === 'truncate' ? { error: 'EIO' } : undefined;
      expect(() => db.put('b', '2')).toThrow(poisoned);
      expect(() => db.put('c', '3')).toThrow(poisoned);
      fs.plan = () => undefined;
      expect(contents(db)).toEqual(['a=1']);
      expect(await reopened(db, disk)).toEqual(found);
    });
  }
});

describe('the directory', () => {
  test('taken away while the database is open does not end the process', async () => {
    const root = temporaryDirectory();
    const db = await Database.open(root, { maxDataFileSize: 100 });
    db.put('a', 'x'.repeat(100));
    rmSync(root, { recursive: true });
    db.put('b', 'x'.repeat(100)); // No new file can be made: the old one grows on.
    expect(String(db.get('b'))).toBe('x'.repeat(100));
    await expect(db.close()).rejects.toThrow(expect.objectContaining({ code: 'IO' }));
    expect(existsSync(join(root, 'MANIFEST'))).toBe(false);
  });
});
