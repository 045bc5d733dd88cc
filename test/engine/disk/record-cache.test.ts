import { expect, test } from 'vitest';
import { RecordCache } from '../../../engine/src/disk/record-cache.ts';

const MiB = 1024 * 1024;

function textOf(cache: RecordCache, owner: object): string | undefined {
  const value = cache.get(owner);
  return value?.chunk.bytes.toString('latin1', value.start, value.end);
}

test('a value that was added is found by its owner', () => {
  const cache = new RecordCache(MiB);
  const [a, b] = [{}, {}];
  cache.add(a, Buffer.from('..value of a..'), 2, 12);
  expect(textOf(cache, a)).toBe('value of a');
  expect(textOf(cache, b)).toBeUndefined();
  expect([cache.hits, cache.misses]).toEqual([1, 1]);
});

test('values that are asked for outlive those that are not', () => {
  const cache = new RecordCache(2 * MiB);
  const value = (i: number): Buffer => Buffer.from(String(i).padStart(1000, '-'));
  const owners = Array.from({ length: 10_000 }, (_, i) => ({ i }));
  const wanted = owners.slice(0, 100);
  for (const owner of owners) {
    cache.add(owner, value(owner.i), 0, 1000);
    for (const { i } of wanted.slice(0, owner.i)) if (owner.i % 100 === 0) textOf(cache, owners[i]!);
  }
  for (const owner of wanted.slice(0, 99)) expect(textOf(cache, owner)).toBe(String(value(owner.i)));
  expect(owners.slice(200, 7000).every(owner => cache.get(owner) === undefined)).toBe(true);
  expect(textOf(cache, owners.at(-1)!)).toBe(String(value(9999)));
});

test('a value that is too large, and any value in a cache of size 0, is not kept', () => {
  const cache = new RecordCache(MiB);
  const owner = {};
  cache.add(owner, Buffer.alloc(MiB), 0, MiB);
  expect(cache.get(owner)).toBeUndefined();
  const none = new RecordCache(0);
  none.add(owner, Buffer.from('x'), 0, 1);
  expect(none.get(owner)).toBeUndefined();
});
