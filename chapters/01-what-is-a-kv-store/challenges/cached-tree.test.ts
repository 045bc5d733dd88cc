/** Challenge: a B+ tree that keeps its inner pages in memory. A get reads one page, a put reads one and writes what it must. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TreeStore } from '#sketch/tree-store.ts';

let directory = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'challenge-01-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const key = (i: number): string => `key${(i * 7919) % 1000}`.padEnd(100, '-');

describe('A tree with its inner pages in memory', () => {
  test('a get reads one page, however high the tree is', () => {
    const store = new TreeStore(directory);
    for (let i = 0; i < 1000; i++) store.put(key(i), `value ${i}`);
    const before = store.counters.reads;
    for (let i = 0; i < 1000; i++) expect(store.get(key(i))).toBe(`value ${i}`);
    expect(store.counters.reads - before).toBe(1000);
    store.close();
  });

  test('a put between two gets is seen, also when it splits pages', () => {
    const store = new TreeStore(directory);
    for (let i = 0; i < 1000; i++) {
      store.put(key(i), `value ${i}`);
      expect(store.get(key(i))).toBe(`value ${i}`);
      expect(store.get(key(i >> 1))).toBe(`value ${i >> 1}`);
    }
    store.close();
  });

  test('the file is as before: an ordinary tree opens it', () => {
    const first = new TreeStore(directory);
    for (let i = 0; i < 500; i++) first.put(key(i), `value ${i}`);
    first.close();
    const second = new TreeStore(directory);
    for (let i = 0; i < 500; i++) expect(second.get(key(i))).toBe(`value ${i}`);
    for (let i = 500; i < 1000; i++) second.put(key(i), `value ${i}`);
    const before = second.counters.reads;
    for (let i = 0; i < 1000; i++) expect(second.get(key(i))).toBe(`value ${i}`);
    expect(second.counters.reads - before).toBe(1000);
    second.close();
  });
});
