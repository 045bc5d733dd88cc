import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions, type Snapshot, type SpaceSnapshot } from '../../engine/src/index.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const closed = expect.objectContaining({ code: 'CLOSED' });
const open = (options?: DatabaseOptions): Promise<Database> =>
  Database.open(temporaryDirectory(), { durability: 'memory', ...options });
const text = (space: Snapshot | SpaceSnapshot): string[] =>
  Array.from(space.entries(), pair => pair.map(String).join('='));

async function untilNothingIsKept(db: Database): Promise<void> {
  for (let turns = 0; turns < 100 && db.stats.oldVersions > 0; turns++) await new Promise(setImmediate);
  expect(db.stats).toMatchObject({ snapshots: 0, oldVersions: 0 });
}

describe('a snapshot', () => {
  test('sees what was there, not what was overwritten, deleted, put or cleared since', async () => {
    const db = await open();
    for (const key of ['a', 'b', 'c', 'd']) db.put(key, 'old');
    const snapshot = db.snapshot();
    expect(snapshot.seq).toBe(db.position);
    db.put('a', 'new');
    db.delete('b');
    db.put('bb', 'new');
    db.deleteRange({ gte: 'c' });
    expect(text(snapshot)).toEqual(['a=old', 'b=old', 'c=old', 'd=old']);
    expect(Array.from(snapshot.keys({ gt: 'a', reverse: true, limit: 2 }), String)).toEqual(['d', 'c']);
    expect(Array.from(snapshot.values({ lte: 'a' }), String)).toEqual(['old']);
    expect([snapshot.has('b'), snapshot.has('bb'), snapshot.get('bb')]).toEqual([true, false, undefined]);
    expect(String(snapshot.get('a'))).toBe('old');
    expect(snapshot.getEntry('b')).toEqual({ value: Buffer.from('old'), seq: 2, tag: 0 });
    db.clear();
    expect(text(snapshot)).toEqual(['a=old', 'b=old', 'c=old', 'd=old']);
    snapshot.close();
    await untilNothingIsKept(db);
    expect(Array.from(db.keys())).toEqual([]);
    await db.close();
  });

  test('sees a batch whole or not at all', async () => {
    const db = await open();
    db.batch().put('a', '1').put('b', '1').commit();
    const before = db.snapshot();
    db.batch().put('a', '2').delete('b').put('c', '2').commit();
    const after = db.snapshot();
    await db.write([{ type: 'put', key: 'a', value: '3' }]);
    expect(text(before)).toEqual(['a=1', 'b=1']);
    expect(text(after)).toEqual(['a=2', 'c=2']);
    await db.close();
  });

  test('is right in turn mode too, in the middle of a turn', async () => {
    const db = await open({ commit: 'turn' });
    db.put('a', '1');
    using first = db.snapshot();
    db.put('a', '2');
    db.commitTurn();
    using second = db.snapshot();
    db.delete('a');
    expect([text(first), text(second)]).toEqual([['a=1'], ['a=2']]);
    await db.close();
  });

  test('keeps the expiry that a key had, and judges it by the time at which it was made', async () => {
    let now = 1000;
    const db = await open({ now: () => now });
    db.put('due', 'x', { expiresAtMs: 1500 });
    db.put('later', 'x', { expiresAtMs: 3000 });
    db.put('changed', 'x', { expiresAtMs: 5000 });
    now = 2000;
    const snapshot = db.snapshot();
    expect(db.stats.keys).toBe(2); // What was due has been removed first.
    db.expireAt('changed', undefined);
    now = 10_000;
    expect(db.get('later')).toBeUndefined();
    expect(Array.from(snapshot.keys(), String)).toEqual(['changed', 'later']);
    expect(snapshot.getEntry('changed')).toMatchObject({ expiresAtMs: 5000 });
    expect(snapshot.has('due')).toBe(false);
    snapshot.close();
    await untilNothingIsKept(db);
    await db.close();
  });

  test('gives out due entries where expiry is left to the caller', async () => {
    const db = await open({ expiry: 'caller' });
    db.put('due', 'x', { expiresAtMs: 1 });
    using snapshot = db.snapshot();
    db.delete('due');
    expect(snapshot.getEntry('due')).toMatchObject({ expiresAtMs: 1 });
    await db.close();
  });

  test('throws CLOSED once it is closed, and once the database is; closing twice is nothing', async () => {
    const db = await open();
    db.put('a', '1');
    const snapshot = db.snapshot();
    const other = db.snapshot();
    const space = snapshot.space(0)!;
    const cursor = snapshot.keys();
    snapshot.close();
    snapshot.close();
    for (const use of [
      () => snapshot.get('a'),
      () => snapshot.has('a'),
      () => snapshot.getEntry('a'),
      () => [...snapshot.entries()],
      () => snapshot.space(0),
      () => space.get('a'),
      () => cursor.next(),
    ]) {
      expect(use).toThrow(closed);
    }
    await db.close();
    expect(() => other.get('a')).toThrow(closed);
    expect(() => [...other.keys()]).toThrow(closed);
    other.close();
    expect(() => db.snapshot()).toThrow(closed);
  });

  test('that is forgotten is let go of when the garbage collector finds it', async () => {
    const db = await open();
    db.put('a', '1');
    (() => {
      db.snapshot();
    })();
    db.delete('a');
    expect(db.stats.oldVersions).toBe(1);
    for (let tries = 0; tries < 50 && db.stats.snapshots > 0; tries++) await collectGarbage();
    await untilNothingIsKept(db);
    await db.close();
  });
});

describe('a snapshot and spaces', () => {
  test('a space that was dropped since is there with its keys, one that was made since is not', async () => {
    const db = await open();
    const spaces = [db.createSpace({ order: 'key' }), db.createSpace({ order: 'hash' })];
    for (const space of spaces) for (const key of ['x', 'y']) space.put(key, '1');
    const before = db.snapshot();
    const late = db.createSpace({ order: 'key' });
    for (const space of spaces) space.put('x', '2');
    const middle = db.snapshot();
    for (const { id } of [...spaces, late]) db.dropSpace(id);
    for (const { id, order } of spaces) {
      expect(before.space(id)).toMatchObject({ id, order });
      expect(text(before.space(id)!).sort()).toEqual(['x=1', 'y=1']);
      expect(text(middle.space(id)!).sort()).toEqual(['x=2', 'y=1']);
    }
    expect(before.space(late.id)).toBeUndefined();
    expect(text(middle.space(late.id)!)).toEqual([]);
    const after = db.snapshot();
    expect(after.space(spaces[0]!.id)).toBeUndefined();
    expect(() => before.space(spaces[1]!.id)!.keys({ gt: 'a' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
    for (const snapshot of [middle, before, after]) snapshot.close();
    await untilNothingIsKept(db);
    await db.close();
  });

  test('a cursor over a space that is dropped half-way comes to its end all the same', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'key' });
    for (const key of ['a', 'b', 'c']) space.put(key, '');
    const cursor = space.keys();
    cursor.next();
    db.dropSpace(space.id);
    expect(Array.from(cursor, String)).toEqual(['b', 'c']);
    await db.close();
  });

  test('random gives living keys only while a snapshot keeps others', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 200; i++) space.put(`k${i}`, '');
    using snapshot = db.snapshot();
    for (let i = 1; i < 200; i++) space.delete(`k${i}`);
    for (let i = 0; i < 20; i++) expect(space.random()?.key).toBe('k0');
    space.delete('k0');
    expect(space.random()).toBeUndefined();
    expect(Array.from(snapshot.space(space.id)!.keys()).length).toBe(200);
    await db.close();
  });
});

describe('many snapshots', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('put' as const), key) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('batch' as const), key) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('range' as const), key) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('open' as const), key) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('close' as const), key) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('reopen' as const), key) },
  );

  test('each keeps its moment over any history, and in the end nothing is kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
        let db = await open({ maxDataFileSize: 400 });
        const model = new Map<string, string>();
        let held: { snapshot: Snapshot; moment: Map<string, string> }[] = [];
        for (const [i, [what, k]] of steps.entries()) {
          if (what === 'put') {
            db.put(k, `${i}`);
            model.set(k, `${i}`);
          } else if (what === 'delete') {
            db.delete(k);
            model.delete(k);
          } else if (what === 'batch') {
            db.batch().delete(k).put(`${k}!`, `${i}`).commit();
            model.delete(k);
            model.set(`${k}!`, `${i}`);
          } else if (what === 'range') {
            db.deleteRange({ gte: k });
            for (const name of [...model.keys()]) if (name >= k) model.delete(name);
          } else if (what === 'open') held.push({ snapshot: db.snapshot(), moment: new Map(model) });
          else if (what === 'close') for (const { snapshot } of held.splice(i % 3, 1)) snapshot.close();
          else {
            await db.close();
            for (const { snapshot } of held) expect(() => snapshot.get('a')).toThrow(closed);
            held = [];
            db = await Database.open(db.directory, { durability: 'memory', maxDataFileSize: 400 });
          }
        }
        for (const { snapshot, moment } of [...held, { snapshot: db.snapshot(), moment: model }]) {
          const expected = [...moment].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}=${v}`);
          expect(text(snapshot)).toEqual(expected);
          expect(Array.from(snapshot.keys({ reverse: true }), String)).toEqual([...moment.keys()].sort().reverse());
          for (const name of ['a', 'c', 'e!', 'f']) expect(snapshot.get(name)?.toString()).toBe(moment.get(name));
          snapshot.close();
        }
        await untilNothingIsKept(db);
        await db.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
