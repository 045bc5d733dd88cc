import { describe, expect, test } from 'vitest';
import { Database, MAX_KEY_SIZE } from '../../engine/src/index.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const full = expect.objectContaining({ code: 'DISK_FULL' });

async function keysAfterReopen(db: Database): Promise<string[]> {
  await db.close();
  const again = await Database.open(db.directory);
  const keys = Array.from(again.keys(), String);
  await again.close();
  return keys;
}

describe('batch', () => {
  test('makes all its changes, in every space, with one write', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    const space = db.createSpace({ order: 'hash' });
    db.put('old', 'x');
    const before = fs.calls.length;
    const batch = db.batch().put('a', '1', { tag: 3 }).put('b', '2', { space: space.id }).delete('old').put('a', '3');
    expect(batch.size).toBe(4);
    expect(batch.commit()).toBe(db.position);
    expect(fs.calls.slice(before).filter(isWrite).length).toBe(1);
    expect(batch.size).toBe(0);
    expect([...db.entries()].map(String)).toEqual(['a,3']);
    expect(String(space.get('b'))).toBe('2');
    await db.close();
  });

  test('makes none when the disk is full, and still holds them', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    db.put('old', 'x');
    const batch = db.batch().put('a', '1').delete('old');
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 25 } : undefined);
    expect(() => batch.commit()).toThrow(full);
    expect([...db.entries()].map(String)).toEqual(['old,x']);
    fs.plan = () => undefined;
    batch.commit();
    expect(await keysAfterReopen(db)).toEqual(['a']);
  });

  test('copies what it is given', async () => {
    const db = await Database.open(temporaryDirectory());
    const key = Buffer.from('key');
    const batch = db.batch().put(key, key);
    key.fill(0);
    batch.commit();
    expect(String(db.get('key'))).toBe('key');
    await db.close();
  });

  test('names a space that does not exist', async () => {
    const db = await Database.open(temporaryDirectory());
    const noSpace = expect.objectContaining({ code: 'NO_SPACE_WITH_ID' });
    expect(() => db.batch().put('a', '1').put('a', '1', { space: 7 }).commit()).toThrow(noSpace);
    expect(db.size).toBe(0);
    await db.close();
  });

  test('of an unknown kind of change is refused', async () => {
    const db = await Database.open(temporaryDirectory());
    const unknown = db.write([{ type: 'remove' as 'delete', key: 'a' }]);
    await expect(unknown).rejects.toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    await db.close();
  });

  test('larger than a data file is not split', async () => {
    const db = await Database.open(temporaryDirectory(), { maxDataFileSize: 1000 });
    const batch = db.batch();
    for (let i = 0; i < 100; i++) batch.put(`k${i}`, 'x'.repeat(100));
    batch.commit();
    expect(db.stats.dataFiles).toBe(1);
    db.put('next', 'v');
    expect(db.stats.dataFiles).toBe(2);
    expect((await keysAfterReopen(db)).length).toBe(101);
  });

  test('may change a key more than once: the last change counts', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('b', 'old');
    db.batch().put('a', '1').delete('a').put('b', '1').put('b', '2').put('c', '1').delete('c').put('c', '3').commit();
    expect([...db.entries()].map(String)).toEqual(['b,2', 'c,3']);
    expect(await keysAfterReopen(db)).toEqual(['b', 'c']);
  });

  test('may have 100,000 members', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    db.put('first', 'x');
    const before = fs.calls.length;
    const batch = db.batch();
    for (let i = 0; i < 100_000; i++) batch.put(`key ${i}`, `value ${i}`);
    expect(batch.commit()).toBe(100_001);
    expect(fs.calls.slice(before).filter(isWrite).length).toBe(1);
    expect(String(db.get('key 99999'))).toBe('value 99999');
    await db.close();
    const again = await Database.open(db.directory);
    expect(again.size).toBe(100_001);
    expect(String(again.get('key 54321'))).toBe('value 54321');
    await again.close();
  });

  test('has keys and values from nothing to the limit, and refuses what is beyond it', async () => {
    const db = await Database.open(temporaryDirectory());
    const longest = Buffer.alloc(MAX_KEY_SIZE, 1);
    const batch = db.batch().put('', '').put('e', '').put(longest, 'v');
    const tooLong = Buffer.alloc(MAX_KEY_SIZE + 1);
    expect(() => batch.put(tooLong, '')).toThrow(expect.objectContaining({ code: 'KEY_TOO_LARGE' }));
    expect(() => batch.delete(tooLong)).toThrow(expect.objectContaining({ code: 'KEY_TOO_LARGE' }));
    expect(batch.size).toBe(3);
    batch.commit();
    await db.close();
    const again = await Database.open(db.directory);
    expect(again.size).toBe(3);
    expect(String(again.get(''))).toBe('');
    expect(String(again.get(longest))).toBe('v');
    await again.close();
  });

  test('at disk whose sync fails is not visible, and poisons the store', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    db.put('old', 'x');
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    const batch = db.batch().put('a', '1').delete('old');
    const poisoned = expect.objectContaining({ code: 'POISONED' });
    expect(() => batch.commit({ durability: 'disk' })).toThrow(poisoned);
    expect([...db.entries()].map(String)).toEqual(['old,x']);
    expect(() => batch.commit()).toThrow(poisoned);
    await expect(db.write([{ type: 'put', key: 'b', value: '2' }])).rejects.toThrow(poisoned);
    fs.plan = () => undefined;
    await db.close();
    const keys = await Database.open(db.directory).then(keysAfterReopen);
    expect([['old'], ['a']]).toContainEqual(keys); // All of the batch, or nothing.
  });

  test('of nothing writes nothing', async () => {
    const db = await Database.open(temporaryDirectory());
    expect(db.batch().commit()).toBe(0);
    expect(await db.write([])).toBe(0);
    expect(db.batch().put('k', 'v').clear().commit()).toBe(0);
    expect(db.stats.dataFiles).toBe(0);
    await db.close();
  });
});

describe('write', () => {
  test('many in one turn share one write and one sync', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    db.put('first', 'x');
    await db.sync();
    const before = fs.calls.length;
    const writes = Array.from({ length: 64 }, (_, i) =>
      db.write([{ type: 'put', key: `k${i}`, value: 'v' }], { durability: 'disk' }),
    );
    expect(await Promise.all(writes)).toEqual(writes.map((_, i) => i + 2));
    const calls = fs.calls.slice(before).map(call => call.operation);
    expect(calls).toEqual(['write', 'syncDataLater']);
    expect(db.stats.syncs).toBe(2);
    await db.close();
  });

  test('is visible before the next change of the same turn, and that change comes after it', async () => {
    const db = await Database.open(temporaryDirectory());
    const write = db.write([{ type: 'put', key: 'k', value: 'written' }]);
    db.put('k', 'put');
    expect(String(db.get('k'))).toBe('put');
    await write;
    expect(String(db.get('k'))).toBe('put');
    await db.close();
  });

  test('that cannot be appended rejects, and has changed nothing', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs });
    db.put('old', 'x');
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 7 } : undefined);
    const writes = [
      db.write([{ type: 'put', key: 'a', value: '1' }]),
      db.write(
        [
          { type: 'put', key: 'b', value: '2' },
          { type: 'delete', key: 'old' },
        ],
        { durability: 'disk' },
      ),
    ];
    for (const write of writes) await expect(write).rejects.toThrow(full);
    fs.plan = () => undefined;
    await db.write([{ type: 'put', key: 'c', value: '3' }]);
    expect(await keysAfterReopen(db)).toEqual(['c', 'old']);
  });

  test('of many changes waits behind older bytes that are stuck, and is told when there is space', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs, durability: 'memory' });
    db.put('pending', 'x');
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    const write = db.write([{ type: 'put', key: 'a', value: '1' }], { durability: 'os' });
    await expect(write).rejects.toThrow(full);
    expect(Array.from(db.keys(), String)).toEqual(['pending']);
    fs.plan = () => undefined;
    await db.write([{ type: 'put', key: 'b', value: '1' }]);
    expect(await keysAfterReopen(db)).toEqual(['b', 'pending']);
  });

  test('with an argument that makes no sense rejects, and leaves the others of its turn alone', async () => {
    const db = await Database.open(temporaryDirectory());
    const good = db.write([{ type: 'put', key: 'a', value: '1' }]);
    const bad = db.write([{ type: 'put', key: 'b', value: '1', tag: -1 }]);
    await expect(bad).rejects.toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    await good;
    expect(db.size).toBe(1);
    await db.close();
  });
});
