/** One record deletes a range of keys, now and after every reopening. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type KeyRange, type Space } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const failsWith = (code: string) => expect.objectContaining({ code });

async function reopen(db: Database): Promise<Database> {
  await db.close();
  return Database.open(db.directory);
}

async function storeOf(...keys: string[]): Promise<Database> {
  const db = await Database.open(temporaryDirectory());
  for (const key of keys) db.put(key, `value of ${key}`);
  return db;
}

const keysOf = (store: Database | Space): string[] => Array.from(store.keys(), String);

describe('deleteRange', () => {
  const KEYS = ['', 'a', 'ab', 'b', 'ba', 'c', '\u00ff'];
  const RANGES: readonly (readonly [KeyRange, string[]])[] = [
    [{ gte: 'ab', lt: 'ba' }, ['', 'a', 'ba', 'c', '\u00ff']],
    [{ gt: 'ab', lte: 'ba' }, ['', 'a', 'ab', 'c', '\u00ff']],
    [{ prefix: 'a' }, ['', 'b', 'ba', 'c', '\u00ff']],
    [{ gte: 'b' }, ['', 'a', 'ab']],
    [{ lt: 'b' }, ['b', 'ba', 'c', '\u00ff']],
    [{ prefix: Buffer.of(0xc3) }, ['', 'a', 'ab', 'b', 'ba', 'c']],
    [{}, []],
  ];

  test.each(RANGES)('removes what %j holds and nothing else, also after reopening', async (range, left) => {
    const db = await storeOf(...KEYS);
    expect(db.deleteRange(range)).toBe(db.position);
    expect(keysOf(db)).toEqual(left);
    expect(db.size).toBe(left.length);
    const again = await reopen(db);
    expect(keysOf(again)).toEqual(left);
    await again.close();
  });

  test('writes nothing when no key is there, and answers undefined', async () => {
    const db = await storeOf('a', 'c');
    const { position } = db;
    for (const range of [{ gt: 'a', lt: 'c' }, { prefix: 'b' }, { gte: 'd' }, { lt: '' }, { gte: 'c', lt: 'a' }]) {
      expect(db.deleteRange(range)).toBeUndefined();
    }
    expect(db.position).toBe(position);
    expect(db.clear()).toBe(position + 1);
    expect(db.clear()).toBeUndefined();
    await db.close();
  });

  test('is one record of a few bytes, however many keys there are', async () => {
    const db = await storeOf(...Array.from({ length: 1000 }, (_, i) => `key ${i}`));
    const before = db.stats.dataBytes;
    db.deleteRange({ prefix: 'key ' });
    expect(db.stats.dataBytes - before).toBeLessThan(50);
    expect(db.stats.liveBytes).toBe(0);
    await db.close();
  });

  test('leaves what is put later, and what is put again', async () => {
    const db = await storeOf('a', 'b', 'c');
    db.deleteRange({ gte: 'a' });
    db.put('b', 'again');
    db.put('d', 'new');
    const again = await reopen(db);
    expect(Array.from(again.entries(), pair => pair.map(String))).toEqual([
      ['b', 'again'],
      ['d', 'new'],
    ]);
    await again.close();
  });

  test('works in the space it is called on, and in no other', async () => {
    const db = await storeOf('a', 'b');
    const space = db.createSpace({ order: 'key' });
    space.put('a', 'in the space');
    space.put('b', 'in the space');
    space.deleteRange({ lt: 'b' });
    const again = await reopen(db);
    expect(keysOf(again)).toEqual(['a', 'b']);
    expect(keysOf(again.space(space.id)!)).toEqual(['b']);
    await again.close();
  });

  test('a space of order hash can be cleared, and has no ranges', async () => {
    const db = await storeOf('a');
    const space = db.createSpace({ order: 'hash' });
    space.put('a', '1');
    space.put('b', '2');
    expect(() => space.deleteRange({ gte: 'a' })).toThrow(failsWith('UNSUPPORTED'));
    expect(space.clear()).toBe(db.position);
    expect(space.size).toBe(0);
    const again = await reopen(db);
    expect(keysOf(again.space(space.id)!)).toEqual([]);
    expect(keysOf(again)).toEqual(['a']);
    await again.close();
  });

  test('takes no limit and no direction, which would have to be guessed at', async () => {
    const db = await storeOf('a');
    const invalid = failsWith('INVALID_ARGUMENT');
    expect(() => db.deleteRange({ gte: 'a', limit: 1 } as KeyRange)).toThrow(invalid);
    expect(() => db.deleteRange({ gte: 'a', reverse: true } as KeyRange)).toThrow(invalid);
    expect(db.has('a')).toBe(true);
    await db.close();
  });

  test('a snapshot still sees what was there', async () => {
    const db = await storeOf('a', 'b');
    const snapshot = db.snapshot();
    db.clear();
    expect(Array.from(snapshot.keys(), String)).toEqual(['a', 'b']);
    snapshot.close();
    await db.close();
  });

  test('agrees with a list of keys, whatever the ranges', async () => {
    const key = fc.uint8Array({ maxLength: 2, max: 255 }).map(bytes => Buffer.from(bytes));
    const range = fc.record({ gt: key, gte: key, lt: key, lte: key, prefix: key }, { requiredKeys: [] });
    const db = await Database.open(temporaryDirectory(), { durability: 'memory' });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 30 }), range, (keys, within) => {
        db.clear();
        for (const k of keys) db.put(k, '');
        const inside = Array.from(db.keys(within), k => k.toString('hex'));
        const all = Array.from(db.keys(), k => k.toString('hex'));
        db.deleteRange(within);
        const left = Array.from(db.keys(), k => k.toString('hex'));
        expect(left).toEqual(all.filter(k => !inside.includes(k)));
      }),
    );
    await db.close();
  });
});

describe('deleteRange in a batch', () => {
  test('takes effect in its place, after what comes before and before what comes after', async () => {
    const db = await storeOf('a', 'b', 'c');
    db.batch().put('aa', '1').deleteRange({ gte: 'a', lt: 'c' }).put('b', 'again').commit();
    expect(keysOf(db)).toEqual(['b', 'c']);
    await db.write([
      { type: 'put', key: 'd', value: '1' },
      { type: 'deleteRange', gte: 'c' },
      { type: 'put', key: 'e', value: '1' },
    ]);
    expect(keysOf(db)).toEqual(['b', 'e']);
    const again = await reopen(db);
    expect(keysOf(again)).toEqual(['b', 'e']);
    await again.close();
  });

  test('of a range that can hold no key is nothing', async () => {
    const db = await storeOf('a', 'b');
    const { position } = db;
    db.batch().deleteRange({ lt: '' }).deleteRange({ gte: 'b', lt: 'a' }).commit();
    await db.write([{ type: 'deleteRange', gt: 'a', lt: 'a' }]);
    expect(db.position).toBe(position);
    const again = await reopen(db);
    expect(keysOf(again)).toEqual(['a', 'b']);
    await again.close();
  });

  test('clears a space of order hash, and refuses ranges of one', async () => {
    const db = await storeOf('a');
    const space = db.createSpace({ order: 'hash' });
    space.put('a', '1');
    expect(() => db.batch().deleteRange({ gte: 'a' }, { space: 1 })).toThrow(failsWith('UNSUPPORTED'));
    await expect(db.write([{ type: 'deleteRange', space: 1, prefix: 'a' }])).rejects.toThrow(failsWith('UNSUPPORTED'));
    await db.write([{ type: 'deleteRange', space: 1 }]);
    expect(space.size).toBe(0);
    expect(keysOf(db)).toEqual(['a']);
    await db.close();
  });

  test('makes keys of the range absent to the conditions that follow', async () => {
    const db = await storeOf('a', 'b');
    db.batch()
      .put('c', '1')
      .deleteRange({ gte: 'b' })
      .put('b', '2', { ifAbsent: true })
      .put('c', '2', { ifAbsent: true })
      .commit();
    expect(Array.from(db.entries(), pair => pair.join('='))).toEqual(['a=value of a', 'b=2', 'c=2']);
    expect(() => db.batch().deleteRange({ gte: 'b' }).put('a', '2', { ifAbsent: true }).commit()).toThrow(
      failsWith('CONFLICT'),
    );
    expect(keysOf(db)).toEqual(['a', 'b', 'c']);
    await Promise.all([
      db.write([{ type: 'deleteRange', gte: 'b' }]),
      db.write([{ type: 'put', key: 'b', value: '3', ifAbsent: true }]),
    ]);
    expect(keysOf(db)).toEqual(['a', 'b']);
    await db.close();
  });
});

describe('expire, persist and ttl', () => {
  test('say and change how long a key stays', async () => {
    let now = 5_000;
    const db = await Database.open(temporaryDirectory(), { now: () => now });
    db.put('a', '1');
    expect(db.ttl('a')).toBe(Number.POSITIVE_INFINITY);
    expect(db.ttl('absent')).toBeUndefined();
    expect(db.expire('a', 100)).toBe(2);
    now += 40;
    expect(db.ttl('a')).toBe(60);
    expect(db.persist('a')).toBe(3);
    expect(db.persist('a')).toBeUndefined();
    expect(db.persist('absent')).toBeUndefined();
    expect(db.expire('absent', 10)).toBeUndefined();
    expect(db.ttl('a')).toBe(Number.POSITIVE_INFINITY);
    db.expire('a', 10);
    now += 10;
    expect(db.ttl('a')).toBeUndefined();
    await db.close();
  });
});
