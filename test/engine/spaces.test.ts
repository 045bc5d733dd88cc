import { describe, expect, test } from 'vitest';
import { Database, type Space } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const noSpace = expect.objectContaining({ code: 'NO_SPACE_WITH_ID' });

async function reopen(db: Database): Promise<Database> {
  await db.close();
  return Database.open(db.directory);
}

function scanAll(space: Space, count: number): string[] {
  const keys: string[] = [];
  let cursor = 0;
  do cursor = space.scan(cursor, count, entry => keys.push(entry.key));
  while (cursor !== 0);
  return keys;
}

describe('spaces', () => {
  test('the same key in two spaces is two keys', async () => {
    const db = await Database.open(temporaryDirectory());
    const space = db.createSpace({ order: 'hash' });
    db.put('k', 'of the default space');
    space.put('k', 'of the other');
    const again = await reopen(db);
    expect(String(again.get('k'))).toBe('of the default space');
    expect(String(again.space(1)!.get('k'))).toBe('of the other');
    expect(again.spaces().map(({ id, order, size }) => ({ id, order, size }))).toEqual([
      { id: 0, order: 'key', size: 1 },
      { id: 1, order: 'hash', size: 1 },
    ]);
    await again.close();
  });

  test('a dropped space is gone with its keys, and its id is never used again', async () => {
    const db = await Database.open(temporaryDirectory());
    const first = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 100; i++) first.put(`k${i}`, 'v');
    expect(db.dropSpace(first.id)).toBe(db.position);
    expect(() => first.get('k1')).toThrow(noSpace);
    expect(() => db.dropSpace(first.id)).toThrow(noSpace);
    expect(db.space(first.id)).toBeUndefined();
    const again = await reopen(db);
    expect(again.spaces().map(space => space.id)).toEqual([0]);
    const second = again.createSpace({ order: 'key' });
    expect(second.id).toBe(2);
    expect(second.size).toBe(0);
    again.dropSpace(2);
    const third = await reopen(again);
    expect(third.createSpace({ order: 'hash' }).id).toBe(3);
    await third.close();
  });

  test('the default space cannot be dropped', async () => {
    const db = await Database.open(temporaryDirectory());
    expect(() => db.dropSpace(0)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    await db.close();
  });

  test('a space of order key has ranges and no scan, one of order hash has a scan and no ranges', async () => {
    const db = await Database.open(temporaryDirectory());
    const byKey = db.createSpace({ order: 'key' });
    const byHash = db.createSpace({ order: 'hash' });
    const unsupported = expect.objectContaining({ code: 'UNSUPPORTED' });
    for (const key of ['b', 'a', 'c']) for (const space of [byKey, byHash]) space.put(key, '');
    expect(Array.from(byKey.keys({ gt: 'a' }), String)).toEqual(['b', 'c']);
    expect(() => byKey.scan(0, 10, () => {})).toThrow(unsupported);
    expect(() => byKey.random()).toThrow(unsupported);
    expect(() => [...byHash.keys({ gt: 'a' })]).toThrow(unsupported);
    expect(Array.from(byHash.keys(), String)).toEqual(scanAll(byHash, 1));
    expect(Array.from(byHash.keys({ limit: 2 }), String)).toEqual(scanAll(byHash, 1).slice(0, 2));
    await db.close();
  });

  test('a scan meets all keys, in the same order after reopening', async () => {
    const db = await Database.open(temporaryDirectory());
    const space = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 3000; i++) space.put(`k${i}`, 'v');
    const order = scanAll(space, 10);
    expect(new Set(order).size).toBe(3000);
    const again = await reopen(db);
    expect(scanAll(again.space(1)!, 7)).toEqual(order);
    await again.close();
  });

  test('a visitor may delete what it visits', async () => {
    const db = await Database.open(temporaryDirectory());
    const space = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 500; i++) space.put(`k${i}`, 'v');
    let cursor = 0;
    do cursor = space.scan(cursor, 10, entry => space.delete(entry.key));
    while (cursor !== 0);
    expect(space.size).toBe(0);
    expect(space.random()).toBeUndefined();
    await db.close();
  });
});

describe('the forms for servers', () => {
  test('a key and a value are stretches of larger buffers', async () => {
    const db = await Database.open(temporaryDirectory());
    const space = db.createSpace({ order: 'hash' });
    const request = Buffer.from('*3 SET my-key my-value');
    const [ks, ke, vs, ve] = [7, 13, 14, 22];
    const seq = space.putSlice(request, ks, ke, request, vs, ve, 9, 0, Buffer.from('orderkey'));
    expect(space.peek(request, ks, ke)).toMatchObject({
      key: 'my-key',
      seq,
      tag: 9,
      expiresAtMs: 0,
      orderKey: Buffer.from('orderkey'),
      valueSize: 8,
    });
    const view = space.view(request, ks, ke)!;
    expect(view.buffer.toString('latin1', view.start, view.end)).toBe('my-value');
    expect(view).toMatchObject({ tag: 9, seq, expiresAtMs: 0, orderKey: Buffer.from('orderkey') });
    const patch = space.expireSlice(request, ks, ke, 9_000_000_000_000)!;
    expect(space.peek(request, ks, ke)).toMatchObject({ seq: patch, expiresAtMs: 9_000_000_000_000, tag: 9 });
    expect(space.deleteSlice(request, ks, ke)).toBe(patch + 1);
    expect(space.peek(request, ks, ke)).toBeUndefined();
    expect(space.view(request, ks, ke)).toBeUndefined();
    expect(space.deleteSlice(request, ks, ke)).toBeUndefined();
    expect(space.expireSlice(request, ks, ke, 5)).toBeUndefined();
    await db.close();
  });

  test('infos gives every entry without reading a value', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('a', '1', { tag: 1 });
    db.put('b', '22', { tag: 2 });
    const infos = Array.from(db.space(0)!.infos(), ({ key, tag, valueSize }) => ({ key, tag, valueSize }));
    expect(infos).toEqual([
      { key: 'a', tag: 1, valueSize: 1 },
      { key: 'b', tag: 2, valueSize: 2 },
    ]);
    await db.close();
  });
});
