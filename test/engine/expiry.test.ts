import { describe, expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { FaultFileSystem, isSync } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A clock that a test sets. */
function clock(startMs = 1_000_000) {
  let nowMs = startMs;
  return { now: () => nowMs, set: (ms: number) => (nowMs = ms) };
}

describe('with expiry left to the engine', () => {
  test('a key is absent from its time on, to every way of asking', async () => {
    const { now, set } = clock();
    const db = await Database.open(temporaryDirectory(), { now });
    for (const key of ['get', 'has', 'entry', 'delete', 'expire', 'list', 'stays']) {
      db.put(key, 'v', key === 'stays' ? {} : { expiresAtMs: 1_000_500 });
    }
    set(1_000_499);
    expect(db.has('get')).toBe(true);
    set(1_000_500);
    expect(db.get('get')).toBeUndefined();
    expect(db.has('has')).toBe(false);
    expect(db.getEntry('entry')).toBeUndefined();
    expect(db.delete('delete')).toBeUndefined();
    expect(db.expireAt('expire', undefined)).toBeUndefined();
    expect(Array.from(db.keys(), String)).toEqual(['stays']);
    expect(db.size).toBe(1);
    await db.close();
  });

  test('a clock set back revives nothing, in this opening or in the next', async () => {
    const { now, set } = clock();
    const directory = temporaryDirectory();
    const db = await Database.open(directory, { now });
    db.put('seen', 'v', { expiresAtMs: 1_000_500 });
    db.put('unseen', 'v', { expiresAtMs: 1_000_600 });
    set(1_000_550);
    expect(db.has('seen')).toBe(false);
    set(0);
    expect(db.has('seen')).toBe(false);
    await db.close();
    const again = await Database.open(directory, { now });
    expect(again.has('seen')).toBe(false);
    expect(again.has('unseen')).toBe(true);
    await again.close();
  });

  test('time never runs backwards while the database is open', async () => {
    const { now, set } = clock();
    const db = await Database.open(temporaryDirectory(), { now });
    db.put('k', 'v', { expiresAtMs: 1_000_500 });
    db.put('later', 'v', { expiresAtMs: 1_000_500 });
    set(1_000_500);
    expect(db.has('k')).toBe(false);
    set(1_000_000);
    expect(db.has('later')).toBe(false);
    await db.close();
  });

  test('expireAt changes the time or takes it away, without writing the value again', async () => {
    const { now, set } = clock();
    const directory = temporaryDirectory();
    const db = await Database.open(directory, { now });
    const value = Buffer.alloc(10_000, 'v');
    db.put('sooner', value, { tag: 5 });
    db.put('stays', value, { expiresAtMs: 1_000_100 });
    const bytes = db.stats.dataBytes;
    expect(db.expireAt('sooner', 1_000_300)).toBe(3);
    expect(db.expireAt('sooner', 1_000_200)).toBe(4);
    expect(db.expireAt('stays', undefined)).toBe(5);
    expect(db.stats.dataBytes - bytes).toBeLessThan(150);
    await db.close();

    const again = await Database.open(directory, { now });
    expect(again.getEntry('sooner')).toEqual({ value, seq: 4, tag: 5, expiresAtMs: 1_000_200 });
    expect(again.getEntry('stays')).toEqual({ value, seq: 5, tag: 0 });
    set(1_000_200);
    expect(again.has('sooner')).toBe(false);
    expect(again.has('stays')).toBe(true);
    await again.close();
  });

  test('a patch belongs to one value: a newer put has its own expiry', async () => {
    const { now } = clock();
    const db = await Database.open(temporaryDirectory(), { now });
    db.put('k', '1');
    db.expireAt('k', 1_000_100);
    db.put('k', '2');
    await db.close();
    const again = await Database.open(db.directory, { now });
    expect(again.getEntry('k')).toEqual({ value: Buffer.from('2'), seq: 3, tag: 0 });
    await again.close();
  });

  test('when the disk has failed, a due key is absent all the same', async () => {
    const { now, set } = clock();
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { now, fs });
    db.put('k', 'v', { expiresAtMs: 1_000_500 });
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    await expect(db.sync()).rejects.toThrow(expect.objectContaining({ code: 'POISONED' }));
    set(1_000_500);
    expect(db.get('k')).toBeUndefined();
    expect(Array.from(db.keys())).toEqual([]);
    await db.close();
  });
});

describe('with expiry left to the caller', () => {
  test('due entries are read like others, and due() lists them, soonest first', async () => {
    const { now, set } = clock();
    const db = await Database.open(temporaryDirectory(), { now, expiry: 'caller' });
    const space = db.createSpace({ order: 'hash' });
    space.put('b', 'v', { expiresAtMs: 1_000_200 });
    space.put('a', 'v', { expiresAtMs: 1_000_100 });
    space.put('c', 'v', { expiresAtMs: 1_000_300 });
    space.put('never', 'v');
    set(1_000_250);
    expect(space.size).toBe(4);
    expect(String(space.get('a'))).toBe('v');
    expect(space.due(now(), 10).map(entry => entry.key)).toEqual(['a', 'b']);
    expect(space.due(now(), 1).map(entry => entry.key)).toEqual(['a']);
    space.delete('a');
    space.expireAt('b', 1_000_900);
    expect(space.due(now(), 10)).toEqual([]);
    await db.close();
    const again = await Database.open(db.directory, { now, expiry: 'caller' });
    expect(
      again
        .space(1)!
        .due(2_000_000, 10)
        .map(entry => entry.key),
    ).toEqual(['c', 'b']);
    await again.close();
  });
});
