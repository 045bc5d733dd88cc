import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type Range } from '../../engine/src/index.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hex = (bytes: readonly number[]): Buffer => Buffer.from(bytes);
const closed = expect.objectContaining({ code: 'CLOSED' });

/** A database in memory of the system, so that nothing waits for a disk. */
async function open(keys: readonly (string | Buffer)[] = []): Promise<Database> {
  const db = await Database.open(temporaryDirectory(), { durability: 'memory' });
  for (const key of keys) db.put(key, `v-${String(key)}`);
  return db;
}

/** What a range must give, from a plain list of keys. */
function modelOf(keys: readonly Buffer[], range: Range): Buffer[] {
  const bound = (input: Range['gt']): Buffer | undefined => (input === undefined ? undefined : Buffer.from(input));
  const [gt, gte, lt, lte, prefix] = [range.gt, range.gte, range.lt, range.lte, range.prefix].map(bound);
  const found = [...keys].sort(Buffer.compare).filter(key => {
    if (gt !== undefined && Buffer.compare(key, gt) <= 0) return false;
    if (gte !== undefined && Buffer.compare(key, gte) < 0) return false;
    if (lt !== undefined && Buffer.compare(key, lt) >= 0) return false;
    if (lte !== undefined && Buffer.compare(key, lte) > 0) return false;
    return prefix === undefined || key.subarray(0, prefix.length).equals(prefix);
  });
  return (range.reverse ? found.reverse() : found).slice(0, range.limit ?? found.length);
}

/** Bytes at both ends of the alphabet, so that bounds, prefixes and ff ff meet. */
const anyKey = fc.array(fc.constantFrom(0, 1, 0x7f, 0xfe, 0xff), { maxLength: 3 }).map(hex);
const keyList = fc.uniqueArray(anyKey, { maxLength: 40, selector: key => key.toString('hex') });
const anyRange: fc.Arbitrary<Range> = fc
  .record(
    { gt: anyKey, gte: anyKey, lt: anyKey, lte: anyKey, prefix: anyKey, reverse: fc.boolean(), limit: fc.nat(10) },
    { requiredKeys: [] },
  )
  .map(range => range as Range);

describe('ranges', () => {
  test('every combination of bounds gives what a sorted list gives, forward and in reverse', async () => {
    const db = await open();
    fc.assert(
      fc.property(keyList, anyRange, (keys, range) => {
        db.clear();
        for (const key of keys) db.put(key, '');
        expect(Array.from(db.keys(range))).toEqual(modelOf(keys, range));
      }),
      { numRuns: 1000 },
    );
    await db.close();
  });

  test('a reverse walk over the prefix ff ff begins at the last key of all', async () => {
    const keys = [[0xfe], [0xff], [0xff, 0xfe], [0xff, 0xff], [0xff, 0xff, 0xff]].map(hex);
    const db = await open(keys);
    expect([...db.keys({ prefix: hex([0xff, 0xff]), reverse: true })]).toEqual([keys[4], keys[3]]);
    expect([...db.keys({ prefix: hex([0xff]), reverse: true, limit: 1 })]).toEqual([keys[4]]);
    await db.close();
  });

  test('keys sort as bytes: text by its letters, numbers when they are written big-endian', async () => {
    const db = await open(['9', '10', 'B', 'a', 'é']);
    expect(Array.from(db.keys(), String)).toEqual(['10', '9', 'B', 'a', 'é']);
    const numbers = db.createSpace({ order: 'key' });
    for (const n of [256, 3, 70_000, 255]) {
      const key = Buffer.alloc(4);
      key.writeUInt32BE(n);
      numbers.put(key, '');
    }
    expect(Array.from(numbers.keys(), key => key.readUInt32BE())).toEqual([3, 255, 256, 70_000]);
    await db.close();
  });

  test('the empty key is the first of all, and a bound like any other', async () => {
    const db = await open(['', 'a']);
    expect(Array.from(db.keys(), String)).toEqual(['', 'a']);
    expect(Array.from(db.keys({ gt: '' }), String)).toEqual(['a']);
    expect(Array.from(db.keys({ lte: '' }), String)).toEqual(['']);
    expect(Array.from(db.keys({ lt: '' }), String)).toEqual([]);
    expect(Array.from(db.keys({ prefix: '', reverse: true }), String)).toEqual(['a', '']);
    await db.close();
  });

  test('a limit that is no count is refused at once', async () => {
    const db = await open();
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => db.keys({ limit: -1 })).toThrow(invalid);
    expect(() => db.keys({ limit: Number.NaN })).toThrow(invalid);
    expect(() => db.keys({ limit: 1.5 })).toThrow(invalid);
    expect([...db.keys({ limit: Number.POSITIVE_INFINITY })].length).toBe(db.size);
    await db.close();
  });
});

describe('seek', () => {
  test('goes to the first key that is not before the target, in reverse to the last that is not behind it', async () => {
    const db = await open();
    fc.assert(
      fc.property(keyList, anyRange, fc.array(anyKey, { minLength: 1, maxLength: 4 }), (keys, range, targets) => {
        db.clear();
        for (const key of keys) db.put(key, '');
        const { limit: _, ...bounds } = range;
        using cursor = db.keys(bounds);
        for (const target of targets) {
          const expected = modelOf(keys, bounds).find(key =>
            bounds.reverse ? Buffer.compare(key, target) <= 0 : Buffer.compare(key, target) >= 0,
          );
          const { done, value } = cursor.seek(target).next();
          expect(value).toEqual(expected);
          if (done) return;
        }
      }),
      { numRuns: 500 },
    );
    await db.close();
  });

  test('past the last key there is nothing, and the cursor has come to its end', async () => {
    const db = await open(['a', 'b', 'c']);
    const cursor = db.keys();
    expect(cursor.seek('x').next()).toEqual({ done: true, value: undefined });
    expect(cursor.next()).toEqual({ done: true, value: undefined });
    expect(() => cursor.seek('a')).toThrow(closed);
    const backward = db.keys({ reverse: true });
    expect(backward.seek('A').next().done).toBe(true);
    await db.close();
  });

  test('may go back, stays within the range, and the limit counts on', async () => {
    const db = await open(['a', 'b', 'c', 'd', 'e']);
    const cursor = db.keys({ gte: 'b', lt: 'e', limit: 4 });
    const next = (): string => String(cursor.next().value);
    expect([next(), next()]).toEqual(['b', 'c']);
    cursor.seek('a');
    expect([next(), next(), next()]).toEqual(['b', 'c', 'undefined']);
    await db.close();
  });

  test('a space of order hash cannot be searched', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    space.put('a', '');
    expect(() => space.keys().seek('a')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    await db.close();
  });
});

describe('a cursor stands still while the database moves', () => {
  test('deleting each key that it gives, and its neighbours, neither stops nor confuses it', async () => {
    for (const reverse of [false, true]) {
      const keys = Array.from({ length: 300 }, (_, i) => `k${String(i).padStart(3, '0')}`);
      const db = await open(keys);
      const met: string[] = [];
      for (const key of db.keys({ reverse })) {
        met.push(String(key));
        const n = Number(String(key).slice(1));
        for (const gone of [n - 1, n, n + 1]) db.delete(`k${String(gone).padStart(3, '0')}`);
      }
      expect(met).toEqual(reverse ? keys.toReversed() : keys);
      expect(db.size).toBe(0);
      await db.close();
    }
  });

  test('puts ahead of it do not make it run for ever', async () => {
    const db = await open(['0']);
    let steps = 0;
    for (const key of db.keys()) {
      expect(steps++).toBeLessThan(5);
      db.put(`${String(key)}0`, '');
    }
    expect(steps).toBe(1);
    await db.close();
  });

  test('it gives all as of its first step, in both orders of keys, whatever happens meanwhile', async () => {
    const db = await open();
    const spaces = [db.space(0)!, db.createSpace({ order: 'hash' })];
    const change = fc.tuple(fc.constantFrom('put', 'delete', 'clear'), anyKey);
    fc.assert(
      fc.property(
        keyList,
        fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }),
        fc.nat(1),
        (keys, all, n) => {
          const space = spaces[n]!;
          space.clear();
          for (const key of keys) space.put(key, 'old');
          const before = [...space.entries()];
          const cursor = space.entries();
          const met = [];
          for (let round = 0; ; round++) {
            const { done, value } = cursor.next();
            if (done) break;
            met.push(value);
            for (const [what, key] of all[round] ?? []) {
              if (what === 'put') space.put(key, `new ${round}`);
              else if (what === 'delete') space.delete(key);
              else space.clear();
            }
          }
          expect(met).toEqual(before);
        },
      ),
      { numRuns: 300 },
    );
    expect(db.stats).toMatchObject({ snapshots: 0, oldVersions: 0 });
    await db.close();
  });

  test('the moment is that of the first step, not of the call', async () => {
    const db = await open(['a']);
    const cursor = db.keys();
    db.put('b', '');
    expect(String(cursor.next().value)).toBe('a');
    db.put('c', '');
    expect(Array.from(cursor, String)).toEqual(['b']);
    await db.close();
  });

  test('a key that is due before the first step is not given, one that falls due later is', async () => {
    let now = 1000;
    const db = await Database.open(temporaryDirectory(), { now: () => now });
    for (const [key, expiresAtMs] of Object.entries({ a: 1500, b: 2500, c: 9000 })) db.put(key, '', { expiresAtMs });
    now = 2000;
    const cursor = db.keys();
    expect(String(cursor.next().value)).toBe('b');
    now = 10_000;
    expect(db.size).toBe(0);
    expect(Array.from(cursor, String)).toEqual(['c']);
    await db.close();
  });
});

describe('letting go', () => {
  const many = Array.from({ length: 100 }, (_, i) => `k${i}`);
  const kept = (db: Database): number => {
    for (const key of many) db.put(key, 'changed');
    return db.stats.oldVersions;
  };

  test('a cursor that was not begun keeps nothing, one under way keeps what it sees, one at its end keeps nothing', async () => {
    const db = await open(many);
    const cursor = db.values();
    expect(kept(db)).toBe(0);
    cursor.next();
    expect(kept(db)).toBe(100);
    expect(db.stats.snapshots).toBe(1);
    for (const _ of cursor);
    expect(db.stats).toMatchObject({ snapshots: 0, oldVersions: 0 });
    await db.close();
  });

  test('break, an error in the loop, return, using and a limit let go at once', async () => {
    const db = await open(many);
    for (const _ of db.keys()) break;
    expect(() => {
      for (const _ of db.keys()) throw new Error('stop');
    }).toThrow('stop');
    const cursor = db.keys();
    cursor.next();
    expect(cursor.return()).toEqual({ done: true, value: undefined });
    expect(cursor.next()).toEqual({ done: true, value: undefined });
    {
      using left = db.keys();
      left.next();
    }
    for (const _ of db.keys({ limit: 3 }));
    db.keys({ limit: 1 }).next(); // The last item that it will ever give.
    const [first, second] = db.keys();
    expect([first, second].map(String)).toEqual(['k0', 'k1']);
    for await (const _ of db.keys()) break;
    expect(db.stats.snapshots).toBe(0);
    expect(kept(db)).toBe(0);
    await db.close();
  });

  test('a cursor that is forgotten half-way is let go of when the garbage collector finds it', async () => {
    const db = await open(many);
    (() => db.keys().next())();
    expect(kept(db)).toBe(100);
    for (let tries = 0; tries < 50 && db.stats.snapshots > 0; tries++) await collectGarbage();
    expect(db.stats).toMatchObject({ snapshots: 0, oldVersions: 0 });
    await db.close();
  });

  test('after close a cursor throws CLOSED, begun or not', async () => {
    const db = await open(many);
    const [begun, fresh] = [db.keys(), db.keys()];
    begun.next();
    await db.close();
    expect(() => begun.next()).toThrow(closed);
    expect(() => fresh.next()).toThrow(closed);
    expect(begun.next().done).toBe(true);
  });
});

describe('for await', () => {
  test('gives the same items, and lets the event loop breathe', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `k${String(i).padStart(2, '0')}`);
    const db = await open(keys);
    let turns = 0;
    let isRunning = true;
    const turn = (): void => {
      turns++;
      if (isRunning) setImmediate(turn);
    };
    setImmediate(turn);
    const met: string[] = [];
    for await (const key of db.keys()) {
      met.push(String(key));
      for (const until = performance.now() + 1; performance.now() < until; );
    }
    isRunning = false;
    expect(met).toEqual(keys);
    expect(turns).toBeGreaterThan(5); // 60 ms of work, and a breath after every 5.
    await db.close();
  });

  test('items asked for at once come in order', async () => {
    const db = await open(['a', 'b', 'c']);
    const items = db.keys()[Symbol.asyncIterator]();
    const results = await Promise.all([items.next(), items.next(), items.next(), items.next()]);
    expect(results.map(({ value }) => value && String(value))).toEqual(['a', 'b', 'c', undefined]);
    await db.close();
  });
});
