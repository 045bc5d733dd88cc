/** Changes that happen only on a condition, one by one and together; and the calls that stand on them. */
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const conflict = expect.objectContaining({ code: 'CONFLICT' });
const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const ways: [string, DatabaseOptions][] = [
  ['by call', {}],
  ['in turns', { commit: 'turn' }],
];

async function openWith(options: DatabaseOptions = {}): Promise<{ db: Database; fs: FaultFileSystem }> {
  const fs = new FaultFileSystem();
  return { db: await Database.open(temporaryDirectory(), { fs, ...options }), fs };
}

const contents = (db: Database): string[] => Array.from(db.entries(), ([k, v]) => `${k}=${v}`);

for (const [way, options] of ways) {
  describe(`a condition ${way}`, () => {
    test('ifAbsent puts a key once, and again when it has been deleted', async () => {
      const { db } = await openWith(options);
      db.put('k', '1', { ifAbsent: true });
      expect(() => db.put('k', '2', { ifAbsent: true })).toThrow(conflict);
      expect(contents(db)).toEqual(['k=1']);
      db.delete('k');
      db.put('k', '3', { ifAbsent: true });
      expect(contents(db)).toEqual(['k=3']);
      await db.close();
    });

    test('ifSeq changes a key that nobody has changed meanwhile', async () => {
      const { db } = await openWith(options);
      const first = db.put('k', '1');
      const second = db.put('k', '2', { ifSeq: first });
      expect(() => db.put('k', '3', { ifSeq: first })).toThrow(conflict);
      expect(() => db.put('other', '3', { ifSeq: first })).toThrow(conflict);
      expect(() => db.delete('k', { ifSeq: first })).toThrow(conflict);
      expect(() => db.delete('other', { ifSeq: second })).toThrow(conflict);
      expect(contents(db)).toEqual(['k=2']);
      db.delete('k', { ifSeq: second });
      expect(contents(db)).toEqual([]);
      await db.close();
    });

    test('a change of the expiry is a change', async () => {
      const { db } = await openWith(options);
      const seq = db.put('k', '1');
      db.expireAt('k', Date.now() + 100_000);
      expect(() => db.put('k', '2', { ifSeq: seq })).toThrow(conflict);
      await db.close();
    });

    test('a key that is due is absent', async () => {
      let nowMs = 1000;
      const { db } = await openWith({ ...options, now: () => nowMs });
      const seq = db.put('k', '1', { expiresAtMs: 2000 });
      nowMs = 2000;
      expect(() => db.put('k', '2', { ifSeq: seq })).toThrow(conflict);
      db.put('k', '3', { ifAbsent: true });
      expect(contents(db)).toEqual(['k=3']);
      await db.close();
    });

    test('that is not met writes nothing, and a batch with it changes nothing', async () => {
      const { db, fs } = await openWith(options);
      const seq = db.put('k', '1');
      db.commitTurn();
      const before = { calls: fs.calls.length, position: db.position, pending: db.pendingBytes };
      expect(() => db.put('k', '2', { ifAbsent: true })).toThrow(conflict);
      const batch = db.batch().put('a', '1').delete('k').put('b', '2', { ifSeq: seq });
      expect(() => batch.commit()).toThrow(conflict);
      await expect(
        db.write([
          { type: 'put', key: 'a', value: '1' },
          { type: 'delete', key: 'k', ifSeq: seq + 1 },
        ]),
      ).rejects.toThrow(conflict);
      expect({ calls: fs.calls.length, position: db.position, pending: db.pendingBytes }).toEqual(before);
      expect(contents(db)).toEqual(['k=1']);
      expect(batch.size).toBe(3);
      await db.close();
    });

    test('in a batch sees the changes before it', async () => {
      const { db } = await openWith(options);
      const seq = db.put('k', '1');
      db.batch().delete('k', { ifSeq: seq }).put('k', '2', { ifAbsent: true }).commit();
      expect(contents(db)).toEqual(['k=2']);
      expect(() => db.batch().put('n', '1').put('n', '2', { ifAbsent: true }).commit()).toThrow(conflict);
      expect(() => db.batch().delete('k').delete('k', { ifSeq: db.position }).commit()).toThrow(conflict);
      expect(contents(db)).toEqual(['k=2']);
      await db.close();
    });

    test('in write() sees the writes before it in the same turn, and fails alone', async () => {
      const { db } = await openWith(options);
      const put = (value: string) => db.write([{ type: 'put', key: 'k', value, ifAbsent: true }]);
      const results = await Promise.allSettled([
        put('first'),
        put('second'),
        db.write([{ type: 'delete', key: 'k' }]),
        put('third'),
        db.write([
          { type: 'put', key: 'other', value: 'x' },
          { type: 'put', key: 'k', value: 'fourth', ifAbsent: true },
        ]),
        db.write([{ type: 'put', key: 'other', value: 'y', ifAbsent: true }]),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect((results[1] as PromiseRejectedResult).reason).toEqual(conflict);
      expect(contents(db)).toEqual(['k=third', 'other=y']);
      await db.close();
    });

    test('of a call sees what write() was given before it in the same turn', async () => {
      const { db } = await openWith(options);
      const write = db.write([{ type: 'put', key: 'k', value: 'written' }]);
      expect(() => db.put('k', '2', { ifAbsent: true })).toThrow(conflict);
      expect(() => db.batch().put('k', '2', { ifAbsent: true }).commit()).toThrow(conflict);
      await write;
      expect(contents(db)).toEqual(['k=written']);
      await db.close();
    });

    test('that makes no sense is refused', async () => {
      const { db } = await openWith(options);
      const seq = db.put('k', '1');
      for (const bad of [
        { ifSeq: 0 },
        { ifSeq: -1 },
        { ifSeq: 1.5 },
        { ifSeq: '1' as never },
        { ifSeq: seq, ifAbsent: true },
      ]) {
        expect(() => db.put('k', '2', bad)).toThrow(invalid);
        expect(() => db.batch().put('k', '2', bad)).toThrow(invalid);
      }
      db.put('k', '2', { ifAbsent: false });
      expect(contents(db)).toEqual(['k=2']);
      await db.close();
    });
  });

  describe(`a change ${way} that depends on what is there`, () => {
    test('delete, expireAt and update see what write() was given before them in the same turn', async () => {
      const { db } = await openWith(options);
      const put = (key: string) => db.write([{ type: 'put', key, value: '1' }]);
      const writes = [put('a')];
      expect(db.delete('a')).toBe(db.position);
      writes.push(put('b'));
      expect(db.expireAt('b', Date.now() + 100_000)).toBe(db.position);
      writes.push(put('c'));
      db.update('c', old => `${old}2`);
      await Promise.all(writes);
      expect(contents(db)).toEqual(['b=1', 'c=12']);
      expect(db.getEntry('b')!.expiresAtMs).toBeDefined();
      await db.close();
    });

    test('update makes a new value of the old one, keeps what else is known of the key, and removes it', async () => {
      const { db } = await openWith(options);
      expect(db.update('n', old => String(Number(old ?? 0) + 1))).toBe(db.position);
      db.update('n', old => String(Number(old ?? 0) + 1));
      expect(contents(db)).toEqual(['n=2']);
      const orderKey = Buffer.from('12345678');
      const expiresAtMs = Date.now() + 100_000;
      db.put('k', 'old', { tag: 7, expiresAtMs, orderKey });
      db.update('k', old => Buffer.concat([old!, Buffer.from('er')]));
      expect(db.getEntry('k')).toMatchObject({ value: Buffer.from('older'), tag: 7, expiresAtMs, orderKey });
      db.update('k', () => 'x', { tag: 8 });
      expect(db.getEntry('k')).toMatchObject({ tag: 8, expiresAtMs });
      expect(db.update('k', () => undefined)).toBe(db.position);
      expect(db.has('k')).toBe(false);
      const { position } = db;
      expect(db.update('k', () => undefined)).toBeUndefined();
      expect(db.position).toBe(position);
      await db.close();
    });

    test('update passes on what its function throws, and notices that the function has changed the key', async () => {
      const { db } = await openWith(options);
      db.put('k', '1');
      expect(() =>
        db.update('k', () => {
          throw new Error('mine');
        }),
      ).toThrow('mine');
      expect(() => db.update('k', () => String(db.put('k', 'inner')))).toThrow(conflict);
      expect(() => db.update('new', () => String(db.put('new', 'inner')))).toThrow(conflict);
      expect(() => db.update('k', (async () => 'x') as never)).toThrow(TypeError);
      expect(contents(db)).toEqual(['k=inner', 'new=inner']);
      await db.close();
    });

    test('putMany stores all or none, getMany reads in the order asked for', async () => {
      const { db, fs } = await openWith(options);
      db.put('old', 'x');
      db.commitTurn();
      const before = fs.calls.length;
      const seq = db.putMany(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
        { tag: 5 },
      );
      db.commitTurn();
      expect(seq).toBe(db.position);
      expect(fs.calls.slice(before).map(({ operation }) => operation)).toEqual(['write']);
      expect(db.getMany(['b', 'no', 'a']).map(v => v && String(v))).toEqual(['2', undefined, '1']);
      expect(db.getEntry('a')!.tag).toBe(5);
      const more: [string, string][] = [['c', '1'], ['a', '2']]; // biome-ignore format: two pairs
      expect(() => db.putMany(more, { ifAbsent: true })).toThrow(conflict);
      expect(db.has('c')).toBe(false);
      expect(db.putMany([])).toBe(seq);
      await db.close();
    });
  });
}
