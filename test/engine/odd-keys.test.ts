/**
 * Keys and values that stores get wrong: every byte, broken UTF-8, one key the prefix of another, keys whose hashes are the
 * same; and sizes around every limit there is. Put, reopened from files and from hints, merged, and read in every way.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Database, type Space } from '../../engine/src/index.ts';
import { HashOrder, hashKey } from '../../engine/src/keydir/hash-order.ts';
import { toKeyString } from '../../engine/src/keydir/keydir.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hex = (...bytes: number[]): string => Buffer.from(bytes).toString('hex');
/** In the order of their bytes. */
const ODD_KEYS = [
  '',
  hex(0x00),
  hex(0x00, 0x00),
  hex(0x00, 0xff),
  hex(0x61),
  hex(0x61, 0x00),
  hex(0x61, 0x61),
  hex(0x7f),
  hex(0x80), // A continuation byte alone is no UTF-8.
  hex(0xc3), // Nor is the first byte of two.
  hex(0xc3, 0xa9),
  hex(0xed, 0xa0, 0x80), // A surrogate.
  hex(0xf4, 0x90, 0x80, 0x80), // Beyond the last character.
  hex(0xff),
  hex(0xff, 0x00),
  hex(0xff, 0xff),
];

/** What the default space holds, by key, in order, and that every way of reading agrees on it. */
function read(space: Database | Space): [string, string][] {
  const entries = Array.from(space.entries(), ([key, value]): [string, string] => [key.toString('hex'), String(value)]);
  for (const [key, value] of entries) {
    expect(String(space.get(Buffer.from(key, 'hex')))).toBe(value);
    expect(space.has(Buffer.from(key, 'hex'))).toBe(true);
  }
  return entries;
}

/** Reopened with hints, without them, and merged, a store holds the same. */
async function throughEverything(db: Database, check: (db: Database) => void): Promise<void> {
  const { directory } = db;
  check(db);
  await db.close();
  for (const change of ['nothing', 'merge', 'no hints'] as const) {
    if (change === 'no hints') for (let id = 1; id < 40; id++) rmSync(join(directory, hintOf(id)), { force: true });
    const again = await Database.open(directory, { merge: { auto: false }, maxDataFileSize: 300 });
    check(again);
    if (change === 'merge') await again.merge();
    check(again);
    await again.close();
  }
}

const hintOf = (id: number): string => `${String(id).padStart(10, '0')}.hint`;

describe('odd keys', () => {
  test('of any bytes are told apart, and come in the order of their bytes, through reopening and merging', async () => {
    const db = await Database.open(temporaryDirectory('odd'), { maxDataFileSize: 300, merge: { auto: false } });
    const expected = ODD_KEYS.map((key, i): [string, string] => [key, `value ${i}`]);
    for (const [key] of expected.toReversed()) db.put(Buffer.from(key, 'hex'), 'old');
    for (const [key, value] of expected) db.put(Buffer.from(key, 'hex'), value);
    await throughEverything(db, each => expect(read(each)).toEqual(expected));
  });

  test('are deleted one by one, and no other with them', async () => {
    for (const gone of ODD_KEYS) {
      const db = await Database.open(temporaryDirectory('odd'), { durability: 'memory' });
      for (const key of ODD_KEYS) db.put(Buffer.from(key, 'hex'), 'v');
      db.delete(Buffer.from(gone, 'hex'));
      expect(read(db).map(([key]) => key)).toEqual(ODD_KEYS.filter(key => key !== gone));
      await db.close();
    }
  });

  test('bound ranges and begin them: exactly the keys between, and below a prefix', async () => {
    const db = await Database.open(temporaryDirectory('odd'), { durability: 'memory' });
    for (const key of ODD_KEYS) db.put(Buffer.from(key, 'hex'), 'v');
    const keysOf = (range: object): string[] => Array.from(db.keys(range), key => key.toString('hex'));
    for (const from of ODD_KEYS) {
      for (const to of ODD_KEYS) {
        const [gte, lt] = [Buffer.from(from, 'hex'), Buffer.from(to, 'hex')];
        expect(keysOf({ gte, lt })).toEqual(ODD_KEYS.filter(key => key >= from && key < to));
      }
      const prefix = Buffer.from(from, 'hex');
      expect(keysOf({ prefix })).toEqual(ODD_KEYS.filter(key => key.startsWith(from)));
    }
    await db.close();
  });
});

describe('keys with the same hash', () => {
  const SEED = [1, 2] as const;
  const PAIRS = ['8nnhf adiud', '93txe 9zb5x', 'a40fq iz5uy', 'be2ll tr2bg'].map(pair => pair.split(' '));

  test('are kept, found, scanned and removed as the two keys they are', () => {
    const order = new HashOrder(SEED);
    const keys = PAIRS.flat().map(key => toKeyString(Buffer.from(key)));
    for (const [a, b] of PAIRS) {
      expect(hashKey(toKeyString(Buffer.from(a!)), SEED)).toBe(hashKey(toKeyString(Buffer.from(b!)), SEED));
    }
    for (const key of keys) order.add(key);
    for (const count of [1, 2, 3, 100]) {
      const met: string[] = [];
      let cursor = 0;
      do cursor = order.scan(cursor, count, key => met.push(key));
      while (cursor !== 0);
      expect(met.sort()).toEqual([...keys].sort());
    }
    order.remove(keys[0]!);
    const left: string[] = [];
    order.scan(0, 100, key => left.push(key));
    expect(left.sort()).toEqual(keys.slice(1).sort());
  });

  test('far more of them than a bucket holds are no endless loop', () => {
    const order = new HashOrder(SEED);
    const key = toKeyString(Buffer.from('8nnhf'));
    const twin = toKeyString(Buffer.from('adiud'));
    for (let i = 0; i < 100; i++) order.add(i % 2 === 0 ? key : twin); // What 100 keys with one hash would do.
    let met = 0;
    order.scan(0, 1, () => met++);
    expect(met).toBe(100);
  });
});

describe('sizes', () => {
  /** Around the sizes of sectors, pages, the buffers of the engine, and the file. */
  const LIMITS = [0, 1, 127, 128, 255, 256, 300, 511, 512, 513, 4095, 4096, 4097, 16_383, 16_384];
  const LARGE = [65_535, 65_536, 65_537, 262_143, 262_144, 1_048_575, 1_048_576, 1_048_577, 3_000_000];

  test('of values around every limit, larger than a file included, come back whole through reopening and merging', async () => {
    const db = await Database.open(temporaryDirectory('sizes'), { maxDataFileSize: 300, merge: { auto: false } });
    const valueFor = (size: number): Buffer => Buffer.alloc(size, `${size} `);
    for (const size of [...LIMITS, ...LARGE]) db.put(`k${size}`, 'old');
    for (const size of [...LIMITS, ...LARGE]) db.put(`k${size}`, valueFor(size));
    await throughEverything(db, each => {
      for (const size of [...LIMITS, ...LARGE])
        expect(each.get(`k${size}`)!.equals(valueFor(size)), `${size}`).toBe(true);
    });
  });

  test('of keys around every limit do too', async () => {
    const db = await Database.open(temporaryDirectory('sizes'), { maxDataFileSize: 300, merge: { auto: false } });
    const keyOf = (size: number): Buffer => Buffer.alloc(size, `${size} `);
    const sizes = [...LIMITS, 65_536, 1_048_577];
    for (const size of sizes) db.put(keyOf(size), `${size}`);
    await throughEverything(db, each => {
      expect(each.size).toBe(sizes.length);
      for (const size of sizes) expect(String(each.get(keyOf(size)))).toBe(`${size}`);
    });
  });
});
