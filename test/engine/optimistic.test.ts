import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions, type Transaction } from '../../engine/src/index.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const conflict = expect.objectContaining({ code: 'CONFLICT' });
const closed = expect.objectContaining({ code: 'CLOSED' });
const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const once = { attempts: 1 };

async function openWith(options: DatabaseOptions = {}): Promise<{ db: Database; fs: FaultFileSystem }> {
  const fs = new FaultFileSystem();
  const db = await Database.open(temporaryDirectory(), { fs, ...options });
  for (const key of ['a', 'b', 'c', 'd']) db.put(key, key.toUpperCase());
  db.commitTurn();
  return { db, fs };
}

const contents = (db: Database): string[] => Array.from(db.entries(), ([k, v]) => `${k}=${v}`);

/** Run a transaction that reads, is interfered with, and then puts `x`; says whether it was let through. */
async function goesThrough(
  db: Database,
  read: (tx: Transaction) => unknown,
  interfere: () => unknown,
  change: (tx: Transaction) => unknown = tx => tx.put('x', '1'),
): Promise<boolean> {
  const run = db.optimistic(async tx => {
    read(tx);
    await nextTurn();
    interfere();
    change(tx);
  }, once);
  const result = await Promise.allSettled([run]);
  if (result[0].status === 'rejected') expect(result[0].reason).toEqual(conflict);
  return result[0].status === 'fulfilled';
}

for (const [way, options] of [
  ['by call', {}],
  ['in turns', { commit: 'turn' }],
] as [string, DatabaseOptions][]) {
  describe(`an optimistic transaction ${way}`, () => {
    test('makes its changes in one write, and resolves to what its function returns', async () => {
      const { db, fs } = await openWith(options);
      const before = fs.calls.length;
      const result = await db.optimistic(async tx => {
        tx.put('a', '1');
        await nextTurn();
        tx.delete('b');
        tx.deleteRange({ gte: 'd' });
        tx.transaction(inner => inner.put('e', String(inner.get('a'))));
        expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
        return 42;
      });
      db.commitTurn();
      expect(result).toBe(42);
      expect(fs.calls.slice(before).filter(isWrite).length).toBe(1);
      expect(contents(db)).toEqual(['a=1', 'c=C', 'e=1']);
      await db.close();
    });

    test('reads one moment, whatever others change', async () => {
      const { db } = await openWith(options);
      await db.optimistic(async tx => {
        db.put('a', 'later');
        db.delete('b');
        await nextTurn();
        expect(Array.from(tx.entries(), String)).toEqual(['a,A', 'b,B', 'c,C', 'd,D']);
        expect(String(tx.get('b'))).toBe('B');
      });
      await db.close();
    });

    test('that changes nothing is never refused', async () => {
      const { db } = await openWith(options);
      const changeNothing = () => undefined;
      expect(
        await goesThrough(
          db,
          tx => tx.get('a'),
          () => db.put('a', '1'),
          changeNothing,
        ),
      ).toBe(true);
      await db.close();
    });

    test('is refused when a key that it read has changed, has gone or has come', async () => {
      const { db } = await openWith(options);
      expect(
        await goesThrough(
          db,
          tx => tx.get('a'),
          () => db.put('a', 'A'),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.has('b'),
          () => db.delete('b'),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.getEntry('new'),
          () => db.put('new', '1'),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.get('c'),
          () => db.expireAt('c', Date.now() + 100_000),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.get('d'),
          () => db.deleteRange({ gte: 'd' }),
        ),
      ).toBe(false);
      expect(db.has('x')).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.get('a'),
          () => db.put('other', '1'),
        ),
      ).toBe(true);
      await db.close();
    });

    test('is refused when a key that it changes was changed: the first one wins', async () => {
      const { db } = await openWith(options);
      const nothing = () => undefined;
      expect(await goesThrough(db, nothing, () => db.put('x', 'other'))).toBe(false);
      expect(String(db.get('x'))).toBe('other');
      expect(
        await goesThrough(
          db,
          nothing,
          () => db.put('a', '1'),
          tx => tx.delete('a'),
        ),
      ).toBe(false);
      await db.close();
    });

    test('write skew: two that read both keys and change one each do not both get through', async () => {
      const { db } = await openWith(options);
      db.put('on call/ada', 'yes');
      db.put('on call/bob', 'yes');
      const leave = (name: string) =>
        db.optimistic(async tx => {
          const others = Array.from(tx.values({ prefix: 'on call/' })).filter(v => String(v) === 'yes').length;
          await nextTurn();
          if (others > 1) tx.put(`on call/${name}`, 'no');
        }, once);
      const results = await Promise.allSettled([leave('ada'), leave('bob')]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const left = Array.from(db.values({ prefix: 'on call/' }), String);
      expect(left.sort()).toEqual(['no', 'yes']);
      await db.close();
    });

    test('phantom: a key that has come into a range that was read is noticed, one beside it is not', async () => {
      const { db } = await openWith(options);
      const all = (tx: Transaction) => [...tx.keys({ gte: 'b', lt: 'd' })];
      expect(await goesThrough(db, all, () => db.put('bb', '1'))).toBe(false);
      expect(await goesThrough(db, all, () => db.put('d', '1'))).toBe(true);
      expect(await goesThrough(db, all, () => db.delete('c'))).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => [...tx.keys({ prefix: 'q' })],
          () => db.put('q1', '1'),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => [...tx.keys({ gte: 'z' })],
          () => db.put('zz', '1'),
        ),
      ).toBe(false);
      await db.close();
    });

    test('depends on the part of a range that it has walked, forwards and backwards', async () => {
      const { db } = await openWith(options);
      const firstTwo = (tx: Transaction) => [...tx.keys({ limit: 2 })];
      expect(await goesThrough(db, firstTwo, () => db.put('c', '1'))).toBe(true);
      expect(await goesThrough(db, firstTwo, () => db.put('aa', '1'))).toBe(false);
      db.delete('aa');
      const lastTwo = (tx: Transaction) => [...tx.keys({ lte: 'd', reverse: true, limit: 2 })];
      expect(await goesThrough(db, lastTwo, () => db.put('b', '1'))).toBe(true);
      expect(await goesThrough(db, lastTwo, () => db.put('cc', '1'))).toBe(false);
      db.delete('cc');
      const untilC = (tx: Transaction) => {
        for (const key of tx.keys()) if (String(key) === 'c') break;
      };
      expect(await goesThrough(db, untilC, () => db.put('d', '2'))).toBe(true);
      expect(await goesThrough(db, untilC, () => db.delete('c'))).toBe(false);
      const sought = (tx: Transaction) => tx.keys({ lt: 'q' }).seek('d').next();
      expect(await goesThrough(db, sought, () => db.put('b', '3'))).toBe(true);
      expect(await goesThrough(db, sought, () => db.put('d', '3'))).toBe(false);
      const soughtBack = (tx: Transaction) => tx.keys({ reverse: true }).seek('b').next();
      expect(await goesThrough(db, soughtBack, () => db.put('a', '3'))).toBe(true);
      expect(await goesThrough(db, soughtBack, () => db.put('b', '4'))).toBe(false);
      await db.close();
    });

    test('that removes a range depends on all of it', async () => {
      const { db } = await openWith(options);
      const nothing = () => undefined;
      const change = (tx: Transaction) => tx.deleteRange({ gte: 'b', lt: 'd' });
      expect(await goesThrough(db, nothing, () => db.put('cc', '1'), change)).toBe(false);
      expect(await goesThrough(db, nothing, () => db.put('d', '1'), change)).toBe(true);
      expect(contents(db)).toEqual(['a=A', 'd=1']);
      await db.close();
    });

    test('in a space of order hash depends on every key once it has walked there', async () => {
      const { db } = await openWith(options);
      const space = db.createSpace({ order: 'hash' });
      for (let i = 0; i < 300; i++) space.put(`k${i}`, 'x');
      const one = (tx: Transaction) => tx.space(space.id)!.keys().next();
      expect(await goesThrough(db, one, () => space.put('new', '1'))).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.space(space.id)!.get('k1'),
          () => space.put('k2', '1'),
        ),
      ).toBe(true);
      expect(
        await goesThrough(
          db,
          tx => tx.space(space.id)!.get('k1'),
          () => space.delete('k1'),
        ),
      ).toBe(false);
      expect(
        await goesThrough(
          db,
          tx => tx.space(space.id)!.get('k3'),
          () => db.dropSpace(space.id),
        ),
      ).toBe(false);
      await db.close();
    });

    test('is refused when a key that it read is due by now', async () => {
      let nowMs = 1000;
      const { db } = await openWith({ ...options, now: () => nowMs });
      db.put('soon', '1', { expiresAtMs: 2000 });
      expect(
        await goesThrough(
          db,
          tx => tx.get('soon'),
          () => {
            nowMs = 2000;
            db.put('y', '1');
          },
        ),
      ).toBe(false);
      await db.close();
    });

    test('is run again on a new moment, and no more often than it is told', async () => {
      const { db } = await openWith(options);
      db.put('n', '0');
      const addOne = () =>
        db.optimistic(
          async tx => {
            const n = Number(tx.get('n'));
            await nextTurn();
            tx.put('n', String(n + 1));
          },
          { attempts: 50 },
        );
      await Promise.all(Array.from({ length: 20 }, addOne));
      expect(String(db.get('n'))).toBe('20');

      let runs = 0;
      const unlucky = db.optimistic(
        async tx => {
          runs++;
          tx.get('n');
          await nextTurn();
          db.put('n', 'other');
          tx.put('x', '1');
        },
        { attempts: 3 },
      );
      await expect(unlucky).rejects.toThrow(conflict);
      expect(runs).toBe(3);
      await expect(db.optimistic(() => 1, { attempts: 0 })).rejects.toThrow(invalid);
      await db.close();
    });

    test('whose function throws changes nothing and is not run again, for a condition of its own neither', async () => {
      const { db } = await openWith(options);
      let runs = 0;
      const throwing = db.optimistic(async tx => {
        runs++;
        tx.put('a', '1');
        await nextTurn();
        tx.put('a', '2', { ifAbsent: true });
      });
      await expect(throwing).rejects.toThrow(conflict);
      expect(runs).toBe(1);
      await expect(
        db.optimistic(() => {
          throw new Error('mine');
        }),
      ).rejects.toThrow('mine');
      expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
      await db.close();
    });

    test('sees and does not miss what write() was given', async () => {
      const { db } = await openWith(options);
      const before = db.write([{ type: 'put', key: 'a', value: '1' }]);
      let meanwhile: Promise<number> | undefined;
      const run = db.optimistic(async tx => {
        expect(String(tx.get('a'))).toBe('1');
        await nextTurn();
        tx.get('b');
        meanwhile = db.write([{ type: 'put', key: 'b', value: '2' }]);
        tx.put('x', '1');
      }, once);
      await expect(run).rejects.toThrow(conflict);
      await Promise.all([before, meanwhile]);
      await db.close();
    });

    test('cannot be used after its end', async () => {
      const { db } = await openWith(options);
      let late: Transaction | undefined;
      await db.optimistic(tx => {
        late = tx;
      });
      expect(() => late!.get('a')).toThrow(closed);
      expect(() => late!.put('a', '1')).toThrow(closed);
      await db.close();
    });
  });
}

describe('an optimistic transaction and the disk', () => {
  test('at disk shares its sync with others', async () => {
    const { db, fs } = await openWith();
    await db.sync();
    const before = fs.calls.length;
    const runs = Array.from({ length: 20 }, (_, i) =>
      db.optimistic(tx => tx.put(`k${i}`, '1'), { durability: 'disk' }),
    );
    await Promise.all(runs);
    const calls = fs.calls.slice(before);
    expect(calls.filter(isWrite).length).toBe(20);
    expect(calls.filter(isSync).length).toBeLessThanOrEqual(2);
    await db.close();
  });

  test('when the disk is full it rejects, has changed nothing, and leaves no snapshot behind', async () => {
    const { db, fs } = await openWith();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 5 } : undefined);
    const run = db.optimistic(tx => tx.put('a', '1'));
    await expect(run).rejects.toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    fs.plan = () => undefined;
    expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
    await db.optimistic(tx => tx.put('a', '1'));
    expect(String(db.get('a'))).toBe('1');
    await db.close();
  });

  test('that is under way when the database is closed rejects', async () => {
    const { db } = await openWith();
    const run = db.optimistic(async tx => {
      tx.put('a', '1');
      await nextTurn();
      await nextTurn();
    });
    const rejected = expect(run).rejects.toThrow(closed);
    await db.close();
    await rejected;
    await expect(db.optimistic(() => 1)).rejects.toThrow(closed);
  });
});
