/** What must hold at the end of chapter 01: three stores that answer alike and cost differently, and a scale to weigh them on. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CountedFile, newCounters } from '#sketch/counted-file.ts';
import { decodeLines, type Entry, encodeLine } from '#sketch/lines.ts';
import { LogStore } from '#sketch/log-store.ts';
import { measure, type Row, type Store, table } from '#sketch/measure.ts';
import { measureRedis, request } from '#sketch/redis-beside.ts';
import { SortedRun } from '#sketch/sorted-run.ts';
import { SortedStore } from '#sketch/sorted-store.ts';
import { TreeStore } from '#sketch/tree-store.ts';
import { randomWorkload, userBytes } from '#sketch/workload.ts';

let directory = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'checkpoint-01-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const key = (n: number): string => `key${String(n).padStart(5, '0')}`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
/** The same shuffle each time: 7919 is prime, so every number comes once. */
const shuffled = (count: number): number[] => numbers(count).map(i => (i * 7919) % count);

/** Every key that the model knows is found in the store, and its neighbours are not. */
function expectSame(store: { get(key: string): string | undefined }, model: Map<string, string>): void {
  for (const [name, value] of model) {
    expect(store.get(name), name).toBe(value);
    expect(store.get(`${name}?`), `${name}?`).toBeUndefined();
  }
}

describe('A log, and what it costs', () => {
  test('append answers the offset of its first byte', () => {
    const file = new CountedFile(join(directory, 'file'), newCounters());
    expect(file.append(Buffer.from('abc')), 'offset of the first append').toBe(0);
    expect(file.append(Buffer.from('de')), 'offset of the second append').toBe(3);
    expect(file.size, 'size of the file').toBe(5);
    file.close();
    expect(fs.readFileSync(join(directory, 'file'), 'utf8')).toBe('abcde');
  });

  test('a write inside the file does not make it longer', () => {
    const file = new CountedFile(join(directory, 'file'), newCounters());
    file.append(Buffer.from('abcde'));
    file.writeAt(1, Buffer.from('XY'));
    expect(file.size, 'size of the file').toBe(5);
    expect(file.readAt(0, 5).toString()).toBe('aXYde');
    file.close();
  });

  test('every write and read is counted, a read past the end with the bytes that were there', () => {
    const counters = newCounters();
    const file = new CountedFile(join(directory, 'file'), counters);
    file.append(Buffer.from('abcde'));
    file.writeAt(0, Buffer.from('A'));
    expect(file.readAt(3, 100).toString()).toBe('de');
    expect(counters, 'counters after two writes and a read').toEqual({
      writes: 2,
      bytesWritten: 6,
      reads: 1,
      bytesRead: 2,
    });
    file.close();
  });

  test('a file that is opened again goes on behind its last byte', () => {
    const path = join(directory, 'file');
    const first = new CountedFile(path, newCounters());
    first.append(Buffer.from('abc'));
    first.close();
    const second = new CountedFile(path, newCounters());
    expect(second.append(Buffer.from('d')), 'offset of the first append after the second open').toBe(3);
    expect(second.readAt(0, 4).toString()).toBe('abcd');
    second.remove();
    expect(fs.existsSync(path)).toBe(false);
  });

  test('a line carries quotes, line breaks and any script', () => {
    const entries: Entry[] = [
      ['"quoted"', 'two\nlines'],
      ['', ''],
      ['城市', '柏林 🐻'],
    ];
    const bytes = Buffer.concat(entries.map(([name, value]) => encodeLine(name, value)));
    expect(decodeLines(bytes)).toEqual(entries);
    expect(bytes.toString().split('\n').length - 1, 'lines of three entries').toBe(3);
  });

  test('the newest line of a key wins', () => {
    const store = new LogStore(directory);
    store.put('city', 'Bonn');
    store.put('river', 'Rhine');
    store.put('city', 'Berlin');
    expect(store.get('city')).toBe('Berlin');
    expect(store.get('river')).toBe('Rhine');
    expect(store.get('mountain')).toBeUndefined();
    store.close();
  });

  test('a log that is opened again knows every key', () => {
    const first = new LogStore(directory);
    for (const n of numbers(20)) first.put(key(n), `value ${n}`);
    first.close();
    const second = new LogStore(directory);
    second.put(key(3), 'newer');
    expect(second.get(key(3))).toBe('newer');
    expect(second.get(key(19))).toBe('value 19');
    second.close();
  });

  test('a put writes its line once, a get reads the whole file', () => {
    const store = new LogStore(directory);
    for (const n of numbers(50)) store.put(key(n), 'x'.repeat(100));
    expect(store.counters.bytesWritten, 'bytes written, beside the size of the log').toBe(store.bytesOnDisk());
    expect(store.counters.writes, 'writes for 50 puts').toBe(50);
    store.get(key(0));
    expect(store.counters.bytesRead, 'bytes read by one get, beside the size of the log').toBe(store.bytesOnDisk());
    store.close();
  });
});

describe('Sorted runs', () => {
  const entriesOf = (count: number): Entry[] => numbers(count).map((n): Entry => [key(n), `value ${n}`]);

  test('a run finds every key it holds, the first of a block too', () => {
    const run = new SortedRun(join(directory, 'run'), newCounters(), entriesOf(100));
    expectSame(run, new Map(entriesOf(100)));
    expect(run.get('a key before all others')).toBeUndefined();
    expect(run.entries()).toEqual(entriesOf(100));
    run.close();
  });

  test('a get reads one block of a run', () => {
    const counters = newCounters();
    const run = new SortedRun(join(directory, 'run'), counters, entriesOf(320));
    run.get(key(200));
    expect(counters.reads, 'reads of one get').toBe(1);
    expect(counters.bytesRead, 'bytes read by one get, beside a tenth of the run').toBeLessThan(run.size / 10);
    run.close();
  });

  test('a value that was put just now is in the log and found without a read', () => {
    const store = new SortedStore(directory);
    store.put('city', 'Berlin');
    expect(fs.readdirSync(directory).map(name => fs.readFileSync(join(directory, name), 'utf8'))).toEqual([
      '["city","Berlin"]\n',
    ]);
    const before = store.counters.reads;
    expect(store.get('city')).toBe('Berlin');
    expect(store.counters.reads - before, 'reads of a get from the memtable').toBe(0);
    store.close();
  });

  test('a key that stands in several runs has the value of the newest', () => {
    const store = new SortedStore(directory);
    for (const round of [1, 2, 3]) for (const n of numbers(256)) store.put(key(n), `round ${round}`);
    expect(store.get(key(0))).toBe('round 3');
    expect(store.get(key(255))).toBe('round 3');
    store.close();
  });

  test('a merge keeps the newest value of each key, once', () => {
    const store = new SortedStore(directory);
    for (const round of [1, 2, 3, 4]) for (const n of numbers(256)) store.put(key(n), `round ${round}`);
    expect(store.get(key(17))).toBe('round 4');
    const line = encodeLine(key(17), 'round 4').length;
    expect(store.bytesOnDisk(), 'bytes on disk after the merge').toBe(256 * line);
    store.close();
  });

  test('a merge removes its inputs from the directory', () => {
    const store = new SortedStore(directory);
    for (const n of shuffled(3000)) store.put(key(n), 'x');
    // the log, and fewer than four runs
    expect(fs.readdirSync(directory).length, 'files in the directory').toBeLessThan(5);
    store.close();
  });

  test('random puts and gets agree with a Map', () => {
    const store = new SortedStore(directory);
    const model = new Map<string, string>();
    let state = 1;
    for (let i = 0; i < 2000; i++) {
      state = (state * 16807) % 2147483647;
      const name = key(state % 400);
      store.put(name, `value ${i}`);
      model.set(name, `value ${i}`);
      expect(store.get(name), `${name} after put ${i}`).toBe(`value ${i}`);
    }
    expectSame(store, model);
    store.close();
  });
});

describe('A B+ tree', () => {
  const filled = (order: number[]): TreeStore => {
    const store = new TreeStore(directory);
    for (const n of order) store.put(key(n), `value ${n} `.repeat(8));
    return store;
  };
  const model = (order: number[]): Map<string, string> => new Map(order.map(n => [key(n), `value ${n} `.repeat(8)]));

  test('every key is found, put in rising, falling and mixed order', () => {
    for (const order of [numbers(300), numbers(300).reverse(), shuffled(300)]) {
      fs.rmSync(join(directory, 'tree'), { force: true });
      const store = filled(order);
      expectSame(store, model(order));
      store.close();
    }
  });

  test('every get walks through the same number of pages, also where inner pages have split', () => {
    const store = new TreeStore(directory);
    const entries = shuffled(600).map((n): Entry => [key(n).padEnd(200, '-'), `${n}`]);
    for (const [name, value] of entries) store.put(name, value);
    const pages = entries.map(([name, value]) => {
      const before = store.counters.reads;
      expect(store.get(name)).toBe(value);
      return store.counters.reads - before;
    });
    expect(new Set(pages).size, `different numbers of pages that gets read: ${[...new Set(pages)].join()}`).toBe(1);
    store.close();
    const again = new TreeStore(directory); // it may keep pages in memory, but has none yet
    again.get(entries[0]![0]);
    expect(again.counters.reads, 'pages on the way to a leaf').toBeGreaterThanOrEqual(3);
    again.close();
  });

  test('a put writes whole pages, and where nothing splits, one', () => {
    const store = filled(numbers(100));
    const before = { ...store.counters };
    store.put(key(50), 'short');
    expect(store.counters.writes - before.writes, 'writes of one put').toBe(1);
    expect(store.counters.bytesWritten - before.bytesWritten, 'bytes written by one put').toBe(4096);
    expect(store.bytesOnDisk() % 4096, 'bytes of the file behind its last whole page').toBe(0);
    store.close();
  });

  test('a newer value takes the place of the older one', () => {
    const store = filled(numbers(100));
    const size = store.bytesOnDisk();
    for (const n of numbers(100)) store.put(key(n), `newer ${n}`);
    expect(store.bytesOnDisk(), 'size of the tree after shorter values took the place of longer ones').toBe(size);
    expectSame(store, new Map(numbers(100).map(n => [key(n), `newer ${n}`])));
    store.close();
  });

  test('short and long entries side by side still split into pages that fit', () => {
    const store = new TreeStore(directory);
    const entries = shuffled(400).map((n): Entry => [key(n), n < 40 ? 'x'.repeat(900) : 'y']);
    for (const [name, value] of entries) store.put(name, value);
    expectSame(store, new Map(entries));
    store.close();
  });

  test('a page is full by bytes, not by characters', () => {
    const store = new TreeStore(directory);
    const entries = shuffled(200).map((n): Entry => [key(n), '柏林'.repeat(20)]);
    for (const [name, value] of entries) store.put(name, value);
    expectSame(store, new Map(entries));
    store.close();
  });

  test('an entry that is too large for a page is refused and changes nothing', () => {
    const store = filled(numbers(10));
    const before = { ...store.counters };
    expect(() => store.put('large', 'x'.repeat(2000))).toThrow(RangeError);
    expect(store.counters, 'counters after the refused put').toEqual(before);
    store.close();
  });

  test('a tree that is opened again knows every key', () => {
    filled(shuffled(300)).close();
    const store = new TreeStore(directory);
    expectSame(store, model(numbers(300)));
    store.close();
  });
});

describe('Side by side', () => {
  test('the workload is the same every time, and its keys collide', () => {
    const workload = randomWorkload(100, 300, 50);
    expect(workload).toEqual(randomWorkload(100, 300, 50));
    expect(workload.puts.length, 'puts').toBe(300);
    expect(new Set(workload.puts.map(([name]) => name)).size, 'different keys of the puts').toBeGreaterThan(80);
    const known = new Map(workload.puts);
    expect(workload.gets.every(name => known.has(name))).toBe(true);
    for (const [name, value] of workload.puts) {
      expect([name.length, value.length], 'lengths of a key and a value').toEqual([16, 100]);
    }
  });

  test('user bytes are the bytes of keys and values', () => {
    expect(
      userBytes([
        ['ab', 'c'],
        ['城', ''],
      ]),
    ).toBe(6);
  });

  test('an amplification is bytes at the file over bytes that the caller meant', () => {
    const counters = newCounters();
    const map = new Map<string, string>();
    const store: Store = {
      counters,
      put(name, value) {
        map.set(name, value);
        counters.reads += 7; // as a merge would; no get is to be charged for it
        counters.bytesRead += 7000;
        counters.bytesWritten += 2 * userBytes([[name, value]]);
      },
      get(name) {
        counters.reads += 3;
        counters.bytesRead += 5 * userBytes([[name, map.get(name)!]]);
        return map.get(name);
      },
      bytesOnDisk: () => 4 * userBytes(map),
      close: () => {},
    };
    const row = measure('made up', store, randomWorkload(10, 30, 5));
    expect(row).toMatchObject({
      name: 'made up',
      writeAmplification: 2,
      spaceAmplification: 4,
      readAmplification: 5,
      readsPerGet: 3,
    });
  });

  test('a store that answers wrongly is not measured', () => {
    const store: Store = {
      counters: newCounters(),
      put: () => {},
      get: () => undefined,
      bytesOnDisk: () => 0,
      close: () => {},
    };
    expect(() => measure('forgetful', store, randomWorkload(10, 30, 5))).toThrow('forgetful: wrong answer for user');
  });

  test('each store wins where its shape says, and loses where its shape says', () => {
    const workload = randomWorkload(300, 900, 60);
    const rowOf = (name: string, create: (path: string) => Store): Row => {
      const path = join(directory, name);
      fs.mkdirSync(path);
      const store = create(path);
      const row = measure(name, store, workload);
      store.close();
      return row;
    };
    const log = rowOf('log', path => new LogStore(path));
    const runs = rowOf('runs', path => new SortedStore(path));
    const tree = rowOf('tree', path => new TreeStore(path));
    expect(log.writeAmplification, 'write amplification: log below runs').toBeLessThan(runs.writeAmplification);
    expect(runs.writeAmplification, 'write amplification: runs below tree').toBeLessThan(tree.writeAmplification);
    expect(log.readAmplification, 'read amplification: log above five times tree').toBeGreaterThan(
      5 * tree.readAmplification,
    );
    expect(log.spaceAmplification, 'space amplification: log above tree').toBeGreaterThan(tree.spaceAmplification);
    expect(table([log, runs, tree], false).split('\n').length, 'lines of the table').toBe(4);
  });

  test('a request to Redis counts bytes', () => {
    expect(request('SET', 'city', '柏林')).toBe('*3\r\n$3\r\nSET\r\n$4\r\ncity\r\n$6\r\n柏林\r\n');
  });

  test('without Redis there are recorded figures, and they say so', async () => {
    const figures = await measureRedis('there-is-no-such-program', randomWorkload(10, 30, 5));
    expect(figures.source).toMatch(/^recorded on \d{4}-\d\d-\d\d with Redis/);
    expect(figures.memoryBytesPerEntry, 'recorded bytes of memory per entry').toBeGreaterThan(116);
  });
});
