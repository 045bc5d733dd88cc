import { describe, expect, test } from 'vitest';
import * as engine from '../../engine/src/index.ts';
import { Database } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const text = (entries: Iterable<[Buffer, Buffer]>): string[] => Array.from(entries, pair => pair.map(String).join('='));

describe('what comes out of the door', () => {
  test('index.ts exports these values and no others', () => {
    expect(Object.keys(engine).sort()).toEqual([
      'CorruptionError',
      'Database',
      'EngineError',
      'MAX_KEY_SIZE',
      'MAX_VALUE_SIZE',
      'keyBytes',
      'nodeFileSystem',
    ]);
  });
});

describe('put, get, delete', () => {
  test('what was put is there, in this opening and in the next', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory);
    expect(db.get('name')).toBeUndefined();
    db.put('name', 'Ada');
    db.put(Buffer.from('bytes'), Buffer.from([0, 255, 10, 13]));
    expect(String(db.get('name'))).toBe('Ada');
    await db.close();

    const again = await Database.open(directory);
    expect(String(again.get('name'))).toBe('Ada');
    expect(again.get('bytes')).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(again.has('name')).toBe(true);
    expect(again.size).toBe(2);
    expect(again.report).toEqual({ files: 1, records: 2, cut: [], warnings: [] });
    await again.close();
  });

  test('the newest value wins, and a deleted key is absent', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory);
    db.put('k', '1');
    db.put('k', '2');
    db.put('gone', 'x');
    expect(db.delete('gone')).toBe(4);
    await nowAndLater(db, open => {
      expect(String(open.get('k'))).toBe('2');
      expect(open.get('gone')).toBeUndefined();
      expect(open.size).toBe(1);
    });
  });

  test('put and delete return rising seqs; deleting an absent key returns undefined and writes nothing', async () => {
    const db = await Database.open(temporaryDirectory());
    expect([db.put('a', '1'), db.put('b', '2'), db.delete('a')]).toEqual([1, 2, 3]);
    const bytes = db.stats.dataBytes;
    expect(db.delete('a')).toBeUndefined();
    expect(db.stats.dataBytes).toBe(bytes);
    expect(db.position).toBe(3);
    await db.close();
  });

  test('the empty key and the empty value are a key and a value', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('', '');
    expect(db.get('')).toEqual(Buffer.alloc(0));
    expect(db.has('')).toBe(true);
    const again = await reopen(db);
    expect(again.get('')).toEqual(Buffer.alloc(0));
    await again.close();
  });

  test('a string and its UTF-8 bytes are the same key', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('naïve ☕', 'x');
    expect(db.has(Buffer.from('naïve ☕'))).toBe(true);
    db.put(Buffer.from([0x66, 0xff]), 'not UTF-8');
    expect(String(db.get(Buffer.from([0x66, 0xff])))).toBe('not UTF-8');
    expect(db.has('f\u00ff')).toBe(false);
    await db.close();
  });

  test('a value that was returned is the caller’s own', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('k', 'value');
    db.get('k')!.fill(0);
    db.get('k')!.fill(0);
    expect(String(db.get('k'))).toBe('value');
    await db.close();
  });

  test('a key or value beyond its limit is refused, and nothing has changed', async () => {
    const db = await Database.open(temporaryDirectory());
    const big = Buffer.alloc(engine.MAX_KEY_SIZE + 1);
    expect(() => db.put(big, 'x')).toThrow(expect.objectContaining({ code: 'KEY_TOO_LARGE' }));
    db.put(big.subarray(1), 'largest key');
    expect(String(db.get(big.subarray(1)))).toBe('largest key');
    expect(db.position).toBe(1);
    await db.close();
  });

  test('a large value comes back whole', async () => {
    const db = await Database.open(temporaryDirectory());
    const value = Buffer.alloc(20_000_000, 'large');
    db.put('large', value);
    db.put('after', 'x');
    expect(db.get('large')!.equals(value)).toBe(true);
    const again = await reopen(db);
    expect(again.get('large')!.equals(value)).toBe(true);
    expect(String(again.get('after'))).toBe('x');
    await again.close();
  });
});

describe('tag, expiry and order key', () => {
  test('they come back with the entry, in this opening and in the next', async () => {
    const db = await Database.open(temporaryDirectory());
    const orderKey = Buffer.from('12345678');
    db.put('k', 'v', { tag: 200, expiresAtMs: 9_000_000_000_000, orderKey });
    orderKey.fill(0);
    db.put('plain', 'v');
    await nowAndLater(db, open => {
      expect(open.getEntry('k')).toEqual({
        value: Buffer.from('v'),
        seq: 1,
        tag: 200,
        expiresAtMs: 9_000_000_000_000,
        orderKey: Buffer.from('12345678'),
      });
      expect(open.getEntry('plain')).toEqual({ value: Buffer.from('v'), seq: 2, tag: 0 });
    });
  });

  test('values that make no sense are refused', async () => {
    const db = await Database.open(temporaryDirectory());
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => db.put('k', 'v', { tag: 256 })).toThrow(invalid);
    expect(() => db.put('k', 'v', { tag: 1.5 })).toThrow(invalid);
    expect(() => db.put('k', 'v', { expiresAtMs: 0 })).toThrow(invalid);
    expect(() => db.put('k', 'v', { expiresAtMs: Number.NaN })).toThrow(invalid);
    expect(() => db.put('k', 'v', { orderKey: Buffer.alloc(7) })).toThrow(invalid);
    expect(() => db.put('k', 'v', { durability: 'safe' as 'disk' })).toThrow(invalid);
    expect(() => [...db.entries({ limit: -1 })]).toThrow(invalid);
    expect(db.size).toBe(0);
    await db.close();
  });
});

describe('entries', () => {
  test('come in the order of the keys’ bytes, within the bounds given', async () => {
    const db = await Database.open(temporaryDirectory());
    for (const key of ['b', 'a', 'ab', 'c', 'd', 'aa']) db.put(key, key.toUpperCase());
    expect(text(db.entries())).toEqual(['a=A', 'aa=AA', 'ab=AB', 'b=B', 'c=C', 'd=D']);
    const keys = (range: engine.Range): string[] => Array.from(db.keys(range), String);
    expect(keys({ gt: 'a', lt: 'c' })).toEqual(['aa', 'ab', 'b']);
    expect(keys({ gte: 'a', lte: 'c' })).toEqual(['a', 'aa', 'ab', 'b', 'c']);
    expect(keys({ prefix: 'a' })).toEqual(['a', 'aa', 'ab']);
    expect(keys({ prefix: 'a', gt: 'aa' })).toEqual(['ab']);
    expect(keys({ reverse: true, limit: 2 })).toEqual(['d', 'c']);
    expect(keys({ limit: 0 })).toEqual([]);
    expect(keys({ gt: 'c', lt: 'a' })).toEqual([]);
    expect(Array.from(db.values({ prefix: 'd' }), String)).toEqual(['D']);
    await db.close();
  });

  test('a prefix of ff bytes has an end too', async () => {
    const db = await Database.open(temporaryDirectory());
    for (const bytes of [[0xfe], [0xff], [0xff, 0xff], [0xff, 0xff, 1], [0xff, 0xfe, 0xff]])
      db.put(Buffer.from(bytes), '');
    const hex = (range: engine.Range): string[] => Array.from(db.keys(range), key => key.toString('hex'));
    expect(hex({ prefix: Buffer.from([0xff, 0xff]) })).toEqual(['ffff', 'ffff01']);
    expect(hex({ prefix: Buffer.from([0xff, 0xfe]) })).toEqual(['fffeff']);
    await db.close();
  });

  test('keys may come and go meanwhile: all is given as of the first step', async () => {
    const db = await Database.open(temporaryDirectory());
    for (const key of ['a', 'b', 'c', 'd']) db.put(key, 'old');
    const seen: string[] = [];
    for (const [key, value] of db.entries()) {
      seen.push(`${key}=${value}`);
      if (String(key) === 'a') {
        db.delete('b');
        db.put('bb', 'new');
        db.put('c', 'changed');
      }
    }
    expect(seen).toEqual(['a=old', 'b=old', 'c=old', 'd=old']);
    expect(Array.from(db.keys(), String)).toEqual(['a', 'bb', 'c', 'd']);
    await db.close();
  });
});

describe('closing', () => {
  test('twice is once, and every use afterwards says that the database is closed', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('k', 'v');
    const space = db.createSpace({ order: 'hash' });
    const iterator = db.entries();
    await Promise.all([db.close(), db.close()]);
    await db.close();
    const closed = expect.objectContaining({ code: 'CLOSED' });
    expect(() => db.get('k')).toThrow(closed);
    expect(() => db.put('k', 'v')).toThrow(closed);
    expect(() => db.delete('k')).toThrow(closed);
    expect(() => db.size).toThrow(closed);
    expect(() => iterator.next()).toThrow(closed);
    expect(() => space.has('k')).toThrow(closed);
    expect(() => db.createSpace({ order: 'key' })).toThrow(closed);
    expect(() => db.batch().put('k', 'v').commit()).toThrow(closed);
    expect(() => db.nextSeq()).toThrow(closed);
    await expect(db.write([{ type: 'put', key: 'k', value: 'v' }])).rejects.toThrow(closed);
    await expect(db.sync()).rejects.toThrow(closed);
  });

  test('what was called before the close is done', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory, { durability: 'memory' });
    db.put('memory', 'x');
    const write = db.write([{ type: 'put', key: 'written', value: 'x' }], { durability: 'disk' });
    const sync = db.sync();
    const closing = db.close();
    await expect(write).resolves.toBe(2);
    await sync;
    await closing;
    const again = await Database.open(directory);
    expect(Array.from(again.keys(), String)).toEqual(['memory', 'written']);
    await again.close();
  });

  test('await using closes', async () => {
    const directory = temporaryDirectory();
    {
      await using db = await Database.open(directory);
      db.put('k', 'v');
    }
    await (await Database.open(directory)).close();
  });
});

async function reopen(db: Database): Promise<Database> {
  await db.close();
  return Database.open(db.directory);
}

/** Check an open database, and what it is after closing and opening again. */
async function nowAndLater(db: Database, check: (open: Database) => void): Promise<void> {
  check(db);
  const again = await reopen(db);
  check(again);
  await again.close();
}
