import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions, type Transaction } from '../../engine/src/index.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const conflict = expect.objectContaining({ code: 'CONFLICT' });
const closed = expect.objectContaining({ code: 'CLOSED' });
const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const full = expect.objectContaining({ code: 'DISK_FULL' });
const poisoned = expect.objectContaining({ code: 'POISONED' });

async function openWith(options: DatabaseOptions = {}): Promise<{ db: Database; fs: FaultFileSystem }> {
  const fs = new FaultFileSystem();
  const db = await Database.open(temporaryDirectory(), { fs, ...options });
  for (const key of ['a', 'b', 'c', 'd']) db.put(key, key.toUpperCase());
  db.commitTurn();
  return { db, fs };
}

const pairs = (entries: Iterable<[Buffer, Buffer]>): string[] => Array.from(entries, ([k, v]) => `${k}=${v}`);
const contents = (db: Database): string[] => pairs(db.entries());

async function contentsAfterReopen(db: Database): Promise<string[]> {
  await db.close();
  const again = await Database.open(db.directory);
  const found = contents(again);
  await again.close();
  return found;
}

const ways: [string, DatabaseOptions][] = [
  ['by call', {}],
  ['in turns', { commit: 'turn' }],
];
for (const [way, options] of ways) {
  describe(`a transaction ${way}`, () => {
    test('makes its changes in one write, and returns what its function returns', async () => {
      const { db, fs } = await openWith(options);
      const before = fs.calls.length;
      const result = db.transaction(tx => {
        tx.put('x', '1', { tag: 9 });
        tx.put('a', '2');
        expect(tx.delete('b')).toBe(true);
        expect(tx.delete('nobody')).toBe(false);
        expect(fs.calls.length).toBe(before);
        return 42;
      });
      db.commitTurn();
      expect(result).toBe(42);
      expect(fs.calls.slice(before).map(({ operation }) => operation)).toEqual(['write']);
      expect(db.getEntry('x')!.tag).toBe(9);
      expect(await contentsAfterReopen(db)).toEqual(['a=2', 'c=C', 'd=D', 'x=1']);
    });

    test('reads its own changes, which nobody else sees before its end', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('a', 'own', { tag: 3, orderKey: Buffer.alloc(8, 1), expiresAtMs: Date.now() + 100_000 });
        tx.delete('b');
        expect(String(tx.get('a'))).toBe('own');
        expect(tx.has('b')).toBe(false);
        expect(tx.get('b')).toBeUndefined();
        expect(tx.getEntry('a')).toMatchObject({
          value: Buffer.from('own'),
          tag: 3,
          orderKey: Buffer.alloc(8, 1),
          seq: 0,
        });
        expect(tx.getEntry('c')).toEqual(db.getEntry('c'));
        expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
      });
      await db.close();
    });

    test('has its own changes in every range, in order', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('bb', '1');
        tx.put('', 'first');
        tx.delete('c');
        tx.put('z', '2');
        tx.put('d', '3');
        const all = ['=first', 'a=A', 'b=B', 'bb=1', 'd=3', 'z=2'];
        expect(pairs(tx.entries())).toEqual(all);
        expect(pairs(tx.entries({ reverse: true }))).toEqual([...all].reverse());
        expect(Array.from(tx.keys({ prefix: 'b' }), String)).toEqual(['b', 'bb']);
        expect(Array.from(tx.values({ gt: 'b', lte: 'd' }), String)).toEqual(['1', '3']);
        expect(Array.from(tx.keys({ gte: 'b', limit: 2 }), String)).toEqual(['b', 'bb']);
        expect(Array.from(tx.keys({ lt: 'z', reverse: true, limit: 2 }), String)).toEqual(['d', 'bb']);
        const cursor = tx.keys();
        expect(Array.from(cursor.seek('bb'), String)).toEqual(['bb', 'd', 'z']);
      });
      await db.close();
    });

    test('has cursors that stand still while it goes on', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('b', 'own');
        const seen: string[] = [];
        for (const [key, value] of tx.entries()) {
          seen.push(`${key}=${value}`);
          tx.put('b', 'later');
          tx.put('cc', 'later');
          tx.delete('d');
          tx.deleteRange({ gte: 'c', lt: 'cb' });
        }
        expect(seen).toEqual(['a=A', 'b=own', 'c=C', 'd=D']);
        expect(pairs(tx.entries())).toEqual(['a=A', 'b=later', 'cc=later']);
      });
      expect(await contentsAfterReopen(db)).toEqual(['a=A', 'b=later', 'cc=later']);
    });

    test('removes ranges, and puts into them again', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('bb', '1');
        expect(tx.deleteRange({ gte: 'b', lt: 'd' })).toBe(true);
        expect(tx.deleteRange({ gte: 'b', lt: 'd' })).toBe(false);
        expect(tx.has('bb') || tx.has('b')).toBe(false);
        expect(pairs(tx.entries())).toEqual(['a=A', 'd=D']);
        tx.put('c', 'again');
        tx.put('cc', 'gone');
        tx.delete('cc');
        expect(pairs(tx.entries())).toEqual(['a=A', 'c=again', 'd=D']);
      });
      expect(contents(db)).toEqual(['a=A', 'c=again', 'd=D']);
      db.transaction(tx => tx.clear());
      expect(await contentsAfterReopen(db)).toEqual([]);
    });

    test('goes across spaces', async () => {
      const { db } = await openWith(options);
      const hashed = db.createSpace({ order: 'hash' });
      for (let i = 0; i < 300; i++) hashed.put(`k${i}`, 'x');
      db.transaction(tx => {
        const space = tx.space(hashed.id)!;
        space.put('own', '1');
        space.delete('k7');
        space.put('k8', '2');
        tx.put('a', '3');
        expect(String(tx.space(hashed.id)!.get('own'))).toBe('1');
        const keys = Array.from(space.keys(), String);
        expect(keys.length).toBe(300);
        expect(new Set(keys).size).toBe(300);
        expect(keys).toContain('own');
        expect(keys).not.toContain('k7');
        expect(tx.space(77)).toBeUndefined();
      });
      expect([hashed.size, String(hashed.get('k8')), hashed.has('k7')]).toEqual([300, '2', false]);
      expect(() =>
        db.transaction(tx => {
          tx.space(hashed.id)!.clear();
          tx.put('a', '4');
          throw new Error('no');
        }),
      ).toThrow('no');
      expect([hashed.size, String(db.get('a'))]).toEqual([300, '3']);
      await db.close();
    });

    test('whose function throws changes nothing, writes nothing, and passes the error on', async () => {
      const { db, fs } = await openWith(options);
      const before = { calls: fs.calls.length, position: db.position, pending: db.pendingBytes };
      const mine = new Error('mine');
      const run = () =>
        db.transaction(tx => {
          tx.put('a', '1');
          tx.clear();
          throw mine;
        });
      expect(run).toThrow(mine);
      expect({ calls: fs.calls.length, position: db.position, pending: db.pendingBytes }).toEqual(before);
      expect(await contentsAfterReopen(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
    });

    test('whose function returns a promise changes nothing', async () => {
      const { db } = await openWith(options);
      let late: Transaction | undefined;
      const run = () =>
        db.transaction(async tx => {
          late = tx;
          tx.put('a', '1');
          await undefined;
        });
      expect(run).toThrow(TypeError);
      expect(() => late!.put('a', '1')).toThrow(closed);
      expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
      await db.close();
    });

    test('without a change writes nothing', async () => {
      const { db, fs } = await openWith(options);
      const before = fs.calls.filter(isWrite).length;
      expect(
        db.transaction(tx => {
          tx.put('new', '1');
          tx.delete('new');
          tx.delete('nobody');
          tx.deleteRange({ gte: 'x' });
          return String(tx.get('a'));
        }),
      ).toBe('A');
      db.commitTurn();
      expect(fs.calls.filter(isWrite).length).toBe(before);
      await db.close();
    });

    test('writes each key once, however often it was changed', async () => {
      const { db } = await openWith(options);
      const { position } = db;
      db.transaction(tx => {
        for (let i = 0; i < 100; i++) tx.put('a', String(i));
      });
      expect(db.position).toBe(position + 1);
      expect(await contentsAfterReopen(db)).toEqual(['a=99', 'b=B', 'c=C', 'd=D']);
    });

    test('copies what it is given, and hands out copies', async () => {
      const { db } = await openWith(options);
      const key = Buffer.from('key');
      db.transaction(tx => {
        tx.put(key, key);
        tx.get('key')!.fill(0);
        tx.getEntry('key')!.value.fill(0);
        key.fill(0);
        expect(String(tx.get('key'))).toBe('key');
      });
      expect(String(db.get('key'))).toBe('key');
      await db.close();
    });

    test('lets nobody else change anything meanwhile, and write() comes after it', async () => {
      const { db } = await openWith(options);
      const space = db.createSpace({ order: 'key' });
      let write: Promise<number> | undefined;
      db.transaction(tx => {
        tx.put('a', 'tx');
        expect(() => db.put('a', 'other')).toThrow(invalid);
        expect(() => db.delete('b')).toThrow(invalid);
        expect(() => db.batch().put('x', 'y').commit()).toThrow(invalid);
        expect(() => db.createSpace({ order: 'key' })).toThrow(invalid);
        expect(() => db.dropSpace(space.id)).toThrow(invalid);
        expect(() => db.putMany([['x', 'y']])).toThrow(invalid);
        if (options.commit !== 'turn') write = db.write([{ type: 'put', key: 'a', value: 'written' }]);
        expect(String(db.get('a'))).toBe('A');
      });
      await write;
      expect(String(db.get('a'))).toBe(write === undefined ? 'tx' : 'written');
      db.put('a', 'after');
      expect(contents(db)).toEqual(['a=after', 'b=B', 'c=C', 'd=D']);
      await db.close();
    });

    test('sees what write() was given before it in the same turn', async () => {
      const { db } = await openWith(options);
      const write = db.write([{ type: 'put', key: 'a', value: '1' }]);
      db.transaction(tx => tx.put('a', `${tx.get('a')}2`));
      await write;
      expect(String(db.get('a'))).toBe('12');
      await db.close();
    });

    test('judges expiries by the time of its begin, its own ones too', async () => {
      let nowMs = 1000;
      const { db } = await openWith({ ...options, now: () => nowMs });
      db.put('soon', '1', { expiresAtMs: 1500 });
      db.transaction(tx => {
        nowMs = 2000;
        expect(tx.has('soon')).toBe(true);
        tx.put('own', '1', { expiresAtMs: 1001 });
        tx.put('past', '1', { expiresAtMs: 1000 });
        expect(tx.has('own')).toBe(true);
        expect(tx.has('past')).toBe(false);
      });
      expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
      await db.close();
    });

    test('has conditions, which see its own changes', async () => {
      const { db } = await openWith(options);
      const { seq } = db.getEntry('a')!;
      db.transaction(tx => {
        expect(() => tx.put('a', '1', { ifAbsent: true })).toThrow(conflict);
        expect(() => tx.delete('a', { ifSeq: seq + 1 })).toThrow(conflict);
        tx.put('a', '1', { ifSeq: seq });
        expect(() => tx.put('a', '2', { ifSeq: seq })).toThrow(conflict);
        expect(() => tx.put('a', '2', { ifAbsent: true })).toThrow(conflict);
        tx.delete('a');
        tx.put('a', '3', { ifAbsent: true });
      });
      expect(String(db.get('a'))).toBe('3');
      await db.close();
    });

    test('cannot be used after its end: not it, not its spaces, not its cursors', async () => {
      const { db } = await openWith(options);
      let tx: Transaction | undefined;
      const [space, cursor] = db.transaction(t => {
        tx = t;
        const keys = t.keys();
        keys.next();
        return [t.space(0)!, keys];
      });
      for (const use of [
        () => tx!.get('a'),
        () => tx!.has('a'),
        () => tx!.getEntry('a'),
        () => tx!.put('a', '1'),
        () => tx!.delete('a'),
        () => tx!.deleteRange({}),
        () => tx!.clear(),
        () => tx!.space(0),
        () => tx!.transaction(() => 1),
        () => [...tx!.entries()],
        () => space.get('a'),
        () => space.put('a', '1'),
        () => cursor.next(),
      ]) {
        expect(use).toThrow(closed);
      }
      await db.close();
    });
  });

  describe(`a transaction in a transaction ${way}`, () => {
    test('is taken back by itself when it throws', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('a', 'outer');
        tx.put('b', 'outer');
        expect(() =>
          tx.transaction(inner => {
            expect(String(inner.get('a'))).toBe('outer');
            inner.put('a', 'inner');
            inner.deleteRange({ gte: 'b' });
            expect(pairs(inner.entries())).toEqual(['a=inner']);
            throw new Error('no');
          }),
        ).toThrow('no');
        expect(pairs(tx.entries())).toEqual(['a=outer', 'b=outer', 'c=C', 'd=D']);
        const result = tx.transaction(inner => {
          inner.delete('c');
          inner.transaction(third => third.put('e', 'third'));
          expect(() =>
            inner.transaction(third => {
              third.put('f', 'third');
              throw new Error('no');
            }),
          ).toThrow('no');
          return 'result';
        });
        expect(result).toBe('result');
      });
      expect(await contentsAfterReopen(db)).toEqual(['a=outer', 'b=outer', 'd=D', 'e=third']);
    });

    test('may be begun by db.transaction too, at any depth', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        tx.put('a', '1');
        expect(() =>
          tx.transaction(() => {
            db.transaction(third => third.put('b', String(third.get('a'))));
            expect(String(tx.get('b'))).toBe('B');
            throw new Error('no');
          }),
        ).toThrow('no');
        db.transaction(inner => inner.put('c', String(inner.get('a'))));
      });
      expect(contents(db)).toEqual(['a=1', 'b=B', 'c=1', 'd=D']);
      await db.close();
    });

    test('whose function returns a promise is taken back, and ends with its function', async () => {
      const { db } = await openWith(options);
      db.transaction(tx => {
        expect(() => tx.transaction(async inner => inner.put('a', '1'))).toThrow(TypeError);
        let late: Transaction | undefined;
        tx.transaction(inner => {
          late = inner;
        });
        expect(() => late!.get('a')).toThrow(closed);
        tx.put('b', '1');
      });
      expect(contents(db)).toEqual(['a=A', 'b=1', 'c=C', 'd=D']);
      await db.close();
    });

    test('that changes a space dropped by nobody reaches that space', async () => {
      const { db } = await openWith(options);
      const space = db.createSpace({ order: 'key' });
      db.transaction(tx => tx.transaction(inner => inner.space(space.id)!.put('k', 'v')));
      expect(String(space.get('k'))).toBe('v');
      await db.close();
    });
  });
}

describe('a transaction and the disk', () => {
  test('when the disk is full it throws, has changed nothing, and can be run again', async () => {
    const { db, fs } = await openWith();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 25 } : undefined);
    const run = () =>
      db.transaction(tx => {
        tx.put('a', '1');
        tx.delete('b');
      });
    expect(run).toThrow(full);
    expect(contents(db)).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
    fs.plan = () => undefined;
    run();
    expect(await contentsAfterReopen(db)).toEqual(['a=1', 'c=C', 'd=D']);
  });

  test('at disk it returns after its sync; when that fails the store is poisoned and the change not visible', async () => {
    const { db, fs } = await openWith();
    const before = fs.calls.length;
    db.transaction(tx => tx.put('a', '1'), { durability: 'disk' });
    expect(fs.calls.slice(before).map(({ operation }) => operation)).toEqual(['write', 'syncData']);
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    expect(() => db.transaction(tx => tx.put('a', '2'), { durability: 'disk' })).toThrow(poisoned);
    expect(String(db.get('a'))).toBe('1');
    expect(() => db.transaction(tx => tx.put('a', '3'))).toThrow(poisoned);
    expect(db.transaction(tx => String(tx.get('a')))).toBe('1');
    fs.plan = () => undefined;
    await db.close();
  });

  test('a level that makes no sense is refused before the function runs', async () => {
    const { db } = await openWith();
    let ran = false;
    const run = () =>
      db.transaction(
        () => {
          ran = true;
        },
        { durability: 'safe' as 'disk' },
      );
    expect(run).toThrow(invalid);
    expect(ran).toBe(false);
    await db.close();
  });

  test('on a closed database it throws, and one that closes the database changes nothing', async () => {
    const { db } = await openWith();
    let closing: Promise<void> | undefined;
    let write: Promise<number> | undefined;
    expect(() =>
      db.transaction(tx => {
        tx.put('a', '1');
        write = db.write([{ type: 'put', key: 'b', value: 'written' }]);
        closing = db.close();
      }),
    ).toThrow(closed);
    await closing;
    await write; // Whoever waits is told.
    expect(() => db.transaction(() => 1)).toThrow(closed);
    const again = await Database.open(db.directory);
    expect(again.getMany(['a', 'b']).map(String)).toEqual(['A', 'written']);
    await again.close();
  });
});
