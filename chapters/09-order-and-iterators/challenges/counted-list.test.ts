/** Challenge: a skip list that knows the place of each key. */
import { describe, expect, test } from 'vitest';
import { CountedList } from '#sketch/counted-list.ts';

/** Numbers from 0 up to 1 that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const name = (n: number): string => String(n).padStart(6, '0');

describe('The 500th key', () => {
  test('at gives the key of a place, rank the place of a key', () => {
    const list = new CountedList(seeded(1));
    for (const key of ['d', 'a', 'c', 'b']) list.add(key);
    expect([0, 1, 2, 3, 4, -1].map(rank => list.at(rank))).toEqual(['a', 'b', 'c', 'd', undefined, undefined]);
    expect(['a', 'b', 'c', 'd'].map(key => list.rank(key))).toEqual([0, 1, 2, 3]);
    expect(list.rank('bb'), 'a key that is not there').toBeUndefined();
    expect(list.length).toBe(4);
  });

  test('it agrees with a sorted array over any adds and removes', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const list = new CountedList(seeded(seed + 100));
      const model = new Set<string>();
      for (let n = 0; n < 300; n++) {
        const key = name(Math.floor(random() * 120));
        if (model.delete(key)) list.remove(key);
        else {
          model.add(key);
          list.add(key);
        }
        if (n % 30 !== 29) continue;
        const sorted = [...model].sort();
        expect(list.length).toBe(sorted.length);
        expect(sorted.map((_, rank) => list.at(rank))).toEqual(sorted);
        expect(sorted.map(k => list.rank(k))).toEqual(sorted.map((_, rank) => rank));
      }
    }
  });

  test('removing a key that is not there changes nothing', () => {
    const list = new CountedList(seeded(3));
    list.remove('x');
    list.add('b');
    list.remove('a');
    list.remove('c');
    expect([list.length, list.at(0), list.rank('b')]).toEqual([1, 'b', 0]);
  });

  test('among 50,000 keys, a thousand places are found in the time of a few walks', () => {
    const list = new CountedList(seeded(7));
    for (let n = 0; n < 50_000; n++) list.add(name((n * 7919) % 50_000));
    const start = performance.now();
    for (let n = 0; n < 1000; n++) {
      const rank = (n * 48_271) % 50_000;
      expect(list.at(rank)).toBe(name(rank));
      expect(list.rank(name(rank))).toBe(rank);
    }
    // A walk along lane 0 would pass 50 million nodes.
    expect(performance.now() - start, 'milliseconds').toBeLessThan(400);
  });
});
