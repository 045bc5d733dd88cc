import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExpiryQueue } from '../../../engine/src/keydir/expiry-queue.ts';
import { HashOrder, hashKey } from '../../../engine/src/keydir/hash-order.ts';
import type { Entry, KeyString } from '../../../engine/src/keydir/keydir.ts';
import { entry } from './entry.ts';

const SEED = [11, -7] as const;
const name = (i: number): KeyString => `key:${i}` as KeyString;

function scanAll(order: HashOrder, count: number): KeyString[] {
  const keys: KeyString[] = [];
  let cursor = 0;
  do cursor = order.scan(cursor, count, key => keys.push(key));
  while (cursor !== 0);
  return keys;
}

describe('hash order', () => {
  test('a scan meets every key once, in the order of their hashes, whatever the count', () => {
    const order = new HashOrder(SEED);
    for (let i = 0; i < 5000; i++) order.add(name(i));
    for (const count of [1, 10, 1000, 1e9]) {
      const hashes = scanAll(order, count).map(key => hashKey(key, SEED));
      expect(new Set(hashes).size).toBe(5000);
      expect(hashes).toEqual(hashes.toSorted((a, b) => a - b));
    }
  });

  test('a key that stays is met once, whatever comes and goes during the scan', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.nat(3000), { maxLength: 60 }), (count, changes) => {
        const order = new HashOrder(SEED);
        const there = new Set<number>();
        for (let i = 0; i < 300; i++) order.add(name(i));
        const met: KeyString[] = [];
        let cursor = 0;
        do {
          cursor = order.scan(cursor, count, key => met.push(key));
          for (const n of changes) {
            const i = 1000 + n;
            if (there.delete(i)) order.remove(name(i));
            else order.add(name(there.add(i) && i));
          }
        } while (cursor !== 0);
        const stayed = met.filter(key => Number(key.slice(4)) < 300);
        expect(stayed.length).toBe(300);
        expect(new Set(stayed).size).toBe(300);
      }),
      { numRuns: 30 },
    );
  });

  test('a visitor may put and delete so many keys that the directory doubles or shrinks', () => {
    const order = new HashOrder(SEED);
    for (let i = 0; i < 300; i++) order.add(name(i));
    const met: KeyString[] = [];
    let visits = 0;
    let cursor = 0;
    do {
      cursor = order.scan(cursor, 5, key => {
        if (Number(key.slice(4)) < 300) met.push(key);
        if (visits++ === 50) for (let i = 1000; i < 60_000; i++) order.add(name(i));
        if (visits === 400) for (let i = 1000; i < 60_000; i++) order.remove(name(i));
      });
    } while (cursor !== 0);
    expect(met.length).toBe(300);
    expect(new Set(met).size).toBe(300);
  });

  test('after most keys are gone the rest are still found', () => {
    const order = new HashOrder(SEED);
    for (let i = 0; i < 40_000; i++) order.add(name(i));
    for (let i = 0; i < 39_990; i++) order.remove(name(i));
    expect(scanAll(order, 3).toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => name(39_990 + i)));
    expect(Number(order.random()!.slice(4))).toBeGreaterThanOrEqual(39_990);
    for (let i = 39_990; i < 40_000; i++) order.remove(name(i));
    expect(order.random()).toBeUndefined();
    expect(scanAll(order, 3)).toEqual([]);
  });

  test('random gives every key about as often as the others', () => {
    const order = new HashOrder(SEED);
    for (let i = 0; i < 100; i++) order.add(name(i));
    const counts = new Map<KeyString, number>();
    for (let i = 0; i < 50_000; i++) {
      const key = order.random()!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(100);
    // 500 expected each; a fair draw leaves 350..650 about once in 10^11.
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(150);
  });

  test('hashes of near keys are spread over all buckets', () => {
    const buckets = new Array<number>(64).fill(0);
    for (let i = 0; i < 64_000; i++) buckets[Math.floor(hashKey(name(i), SEED) / 2 ** 42)]!++;
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});

describe('expiry queue', () => {
  test('due entries come soonest first, live ones only, and stay', () => {
    const times = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 250 }), (list, now, limit) => {
        const live = new Set<Entry>();
        const queue = new ExpiryQueue(e => live.has(e));
        for (const [i, [at, isLive]] of list.entries()) {
          const e = entry(`k${i}`, 1, at);
          if (isLive) live.add(e);
          queue.add(e);
        }
        const expected = [...live].map(e => e.expiresAtMs).filter(at => at <= now);
        const sorted = expected.sort((a, b) => a - b).slice(0, limit);
        expect(queue.due(now, limit).map(e => e.expiresAtMs)).toEqual(sorted);
        expect(queue.due(now, limit).map(e => e.expiresAtMs)).toEqual(sorted);
        expect(queue.nextDue(now)?.expiresAtMs).toBe(sorted[0]);
      }),
    );
  });

  test('says how many entries are live: exactly when they are few, about right when they are many', () => {
    const live = new Set<Entry>();
    const queue = new ExpiryQueue(e => live.has(e));
    for (let i = 1; i <= 40_000; i++) {
      const entry = { key: String(i), expiresAtMs: i } as unknown as Entry;
      live.add(entry);
      queue.add(entry);
      if (i === 5000) expect(queue.liveCount).toBe(5000);
    }
    for (const entry of live) if (entry.expiresAtMs % 4 === 0) live.delete(entry);
    expect(Math.abs(queue.liveCount - 30_000)).toBeLessThan(3000);
  });

  test('entries that were replaced do not pile up', () => {
    let newest = entry('k', 0, 1);
    const queue = new ExpiryQueue(e => e === newest);
    for (let i = 1; i <= 100_000; i++) {
      newest = entry('k', i, 1_000_000 - i);
      queue.add(newest);
    }
    expect(queue.due(2_000_000, 10)).toEqual([newest]);
    expect(queue.length).toBeLessThan(200);
  });
});
