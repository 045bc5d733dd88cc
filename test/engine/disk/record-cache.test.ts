import { expect, test } from 'vitest';
import { RecordCache } from '../../../engine/src/disk/record-cache.ts';

const MiB = 1024 * 1024;

/** The text of the value at a place, if the cache has it. */
function textAt(cache: RecordCache, fileId: number, offset: number, size: number): string | undefined {
  if (!cache.find(fileId, offset, size)) return undefined;
  return cache.bytes.toString('latin1', cache.start, cache.start + size);
}

test('a value that was added is found by the place of its record', () => {
  const cache = new RecordCache(MiB);
  cache.add(1, 32, Buffer.from('..value of a..'), 2, 12);
  expect(textAt(cache, 1, 32, 10)).toBe('value of a');
  expect(textAt(cache, 1, 33, 10)).toBeUndefined();
  expect(textAt(cache, 2, 32, 10)).toBeUndefined();
  expect([cache.hits, cache.misses]).toEqual([1, 2]);
});

test('offsets beyond four bytes are told apart', () => {
  const cache = new RecordCache(MiB);
  for (const high of [0, 1, 2]) cache.add(1, high * 2 ** 32 + 32, Buffer.from(`value ${high}`), 0, 7);
  for (const high of [0, 1, 2]) {
    const text = textAt(cache, 1, high * 2 ** 32 + 32, 7);
    expect([`value ${high}`, undefined]).toContain(text);
  }
  expect(textAt(cache, 1, 2 * 2 ** 32 + 32, 7)).toBe('value 2');
});

test('whatever the ring has come round to, a value found is the value that was added', () => {
  const cache = new RecordCache(64 * 1024);
  const textFor = (i: number): Buffer => Buffer.from(String(i).repeat(1 + (i % 700)), 'latin1');
  let found = 0;
  for (let i = 1; i <= 5000; i++) {
    cache.add(i % 3, i * 1000, textFor(i), 0, textFor(i).length);
    for (const j of [i, i - 1, i - 7, i - 30, i - 200]) {
      if (j < 1) continue;
      const text = textAt(cache, j % 3, j * 1000, textFor(j).length);
      if (text === undefined) continue;
      found++;
      expect(text).toBe(String(textFor(j)));
    }
  }
  expect(found).toBeGreaterThan(10_000);
});

test('values that are asked for outlive those that are not', () => {
  const cache = new RecordCache(2 * MiB);
  const value = (i: number): Buffer => Buffer.from(String(i).padStart(1000, '-'));
  const isHere = (i: number): boolean => textAt(cache, 1, i * 2000, 1000) === String(value(i));
  for (let i = 0; i < 10_000; i++) {
    cache.add(1, i * 2000, value(i), 0, 1000);
    if (i >= 100 && i % 100 === 0) for (let wanted = 0; wanted < 100; wanted++) isHere(wanted);
  }
  const wanted = Array.from({ length: 100 }, (_, i) => i).filter(isHere);
  const unwanted = Array.from({ length: 7000 }, (_, i) => i + 200).filter(isHere);
  expect(wanted.length).toBeGreaterThan(90); // A few are pushed out of the table by their neighbours.
  expect(unwanted).toEqual([]);
  expect(isHere(9999)).toBe(true);
});

test('a value that is too large, and any value in a cache of size 0, is not kept', () => {
  const cache = new RecordCache(MiB);
  cache.add(1, 32, Buffer.alloc(MiB), 0, MiB);
  expect(cache.find(1, 32, MiB)).toBe(false);
  const none = new RecordCache(0);
  none.add(1, 32, Buffer.from('x'), 0, 1);
  expect(none.find(1, 32, 1)).toBe(false);
});
