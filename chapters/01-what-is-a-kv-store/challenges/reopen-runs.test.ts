/** Challenge: a SortedStore that finds everything again when it is opened on an existing directory. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SortedStore } from '#sketch/sorted-store.ts';

let directory = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'challenge-01-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const key = (i: number): string => `key${(i * 7919) % 300}`;

describe('Sorted runs, opened again', () => {
  test('what was only in the log is found', () => {
    const first = new SortedStore(directory);
    for (let i = 0; i < 10; i++) first.put(key(i), `value ${i}`);
    first.close();
    const second = new SortedStore(directory);
    for (let i = 0; i < 10; i++) expect(second.get(key(i))).toBe(`value ${i}`);
    second.close();
  });

  test('after each of many openings the newest values are there, from the log and from every run', () => {
    const model = new Map<string, string>();
    for (let round = 0; round < 15; round++) {
      const store = new SortedStore(directory);
      for (const [name, value] of model) expect(store.get(name), `round ${round}`).toBe(value);
      for (let i = 0; i < 200; i++) {
        const name = key(round * 131 + i);
        model.set(name, `round ${round} value ${i}`);
        store.put(name, model.get(name)!);
      }
      store.close();
    }
  });

  test('a store that was never closed is found too', () => {
    const dead = new SortedStore(directory);
    for (let i = 0; i < 290; i++) dead.put(key(i), `value ${i}`);
    const store = new SortedStore(directory);
    for (let i = 0; i < 290; i++) expect(store.get(key(i))).toBe(`value ${i}`);
    store.close();
    dead.close();
  });

  test('a get still reads at most one block of a run', () => {
    const first = new SortedStore(directory);
    for (let i = 0; i < 256; i++) first.put(key(i), 'x'.repeat(100));
    first.close();
    const second = new SortedStore(directory);
    const before = { ...second.counters };
    second.get(key(17));
    expect(second.counters.reads - before.reads).toBe(1);
    expect(second.counters.bytesRead - before.bytesRead).toBeLessThan(3000);
    second.close();
  });
});
