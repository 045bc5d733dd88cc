/** Challenge: a Bloom filter for each run, so that a key that does not exist costs next to nothing. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BloomFilter } from '#sketch/bloom-filter.ts';
import { SortedStore } from '#sketch/sorted-store.ts';

let directory = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'challenge-01-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const keys = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('A Bloom filter', () => {
  test('never denies a key that it has seen', () => {
    const filter = new BloomFilter(keys('key', 1000));
    for (const key of keys('key', 1000)) expect(filter.mightHave(key), key).toBe(true);
  });

  test('denies at least 98 of 100 keys that it has not seen, with ten bits for each key', () => {
    const filter = new BloomFilter(keys('key', 1000));
    const wrong = keys('other', 10_000).filter(key => filter.mightHave(key)).length;
    expect(wrong).toBeLessThan(200);
    expect(filter.sizeInBytes).toBeLessThanOrEqual(1250);
  });

  test('keys that differ in one character are told apart', () => {
    const filter = new BloomFilter(keys('user00000000000', 10));
    const wrong = keys('user00000000001', 10).filter(key => filter.mightHave(key)).length;
    expect(wrong).toBeLessThanOrEqual(1);
  });

  test('an empty one denies everything', () => {
    expect(new BloomFilter([]).mightHave('key')).toBe(false);
  });

  test('a store asks it before it reads: absent keys cost less than one read in ten', () => {
    const store = new SortedStore(directory);
    for (let i = 0; i < 768; i++) store.put(`key${(i * 7919) % 1000}`, 'x');
    const before = store.counters.reads;
    for (const key of keys('key', 1000)) expect(store.get(`${key}?`)).toBeUndefined();
    expect(store.counters.reads - before).toBeLessThan(100);
    for (let i = 0; i < 768; i++) expect(store.get(`key${(i * 7919) % 1000}`)).toBe('x');
    store.close();
  });
});
