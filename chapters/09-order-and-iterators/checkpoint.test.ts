/** What must hold at the end of chapter 09: keys in order at all times, and walks and snapshots that stand still while the database moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Database } from '#engine/database.ts';
import type { FileId } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { History } from '#engine/keydir/history.ts';
import { type Entry, type KeyString, toKeyString } from '#engine/keydir/keydir.ts';
import { nextKey, SkipList, type SkipNode } from '#engine/keydir/skip-list.ts';
import { type OpenSnapshot, Snapshots } from '#engine/keydir/snapshots.ts';
import { Cursor, type CursorSource } from '#engine/scan/cursor.ts';
import { boundsOf, limitOf, type Range } from '#engine/scan/scan.ts';

const key = (text: string): KeyString => text as KeyString;
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const hex = (text: string | undefined): string | undefined => text && Buffer.from(text, 'latin1').toString('hex');
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const closed = expect.objectContaining({ code: 'CLOSED' });

/** Numbers from 0 up to 1 that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What was done, for `course check` to show beside a failure. */
interface Told {
  readonly task: { readonly meta: object };
}

function historyOf({ task }: Told): string[] {
  const history: string[] = [];
  Object.assign(task.meta, { history });
  return history;
}

function forward(list: SkipList, from = ''): string[] {
  const keys: string[] = [];
  for (let node = list.firstFrom(key(from)); node !== undefined; node = list.after(node)) keys.push(node.key);
  return keys;
}

function backward(list: SkipList, before?: string): string[] {
  const keys: string[] = [];
  let node = list.lastBefore(before === undefined ? undefined : key(before));
  for (; node !== undefined; node = list.before(node)) keys.push(node.key);
  return keys;
}

function listOf(keys: readonly string[], seed = 1): SkipList {
  const list = new SkipList(seeded(seed));
  for (const k of keys) list.add(key(k));
  return list;
}

describe('The skip list', () => {
  test('keys come in the order of their bytes, whatever the order in which they went in', () => {
    const keys = ['b', '', 'ab', 'a', '\u00ff', 'a\0', '\u007f', '10', '9', 'B'];
    const sorted = ['', '10', '9', 'B', 'a', 'a\0', 'ab', 'b', '\u007f', '\u00ff'];
    for (let seed = 1; seed < 30; seed++) {
      const list = listOf(keys, seed);
      expect(forward(list)).toEqual(sorted);
      expect(backward(list)).toEqual(sorted.toReversed());
      expect(list.length).toBe(sorted.length);
    }
  });

  test('a search finds the first key from a place on, and the last before it', () => {
    const list = listOf(['b', 'd', 'f']);
    expect(['', 'b', 'c', 'f', 'g'].map(k => list.firstFrom(key(k))?.key)).toEqual(['b', 'b', 'd', 'f', undefined]);
    expect(['', 'b', 'c', 'f', 'g'].map(k => list.lastBefore(key(k))?.key)).toEqual([
      undefined,
      undefined,
      'b',
      'd',
      'f',
    ]);
    expect(list.lastBefore()?.key).toBe('f');
    expect(new SkipList().lastBefore()).toBeUndefined();
    expect(new SkipList().firstFrom(key(''))).toBeUndefined();
    expect([nextKey(key('a')), nextKey(key(''))]).toEqual(['a\0', '\0']);
  });

  test('removing takes out one key and no other; a key that is not there changes nothing', () => {
    const list = listOf(['a', 'b', 'c', 'd']);
    for (const k of ['b', 'x', '', 'd', 'd']) list.remove(key(k));
    expect(forward(list)).toEqual(['a', 'c']);
    expect(backward(list)).toEqual(['c', 'a']);
    expect(list.length).toBe(2);
    for (const k of ['e', 'b', 'd']) list.add(key(k)); // The end of every lane is where it should be.
    expect(forward(list)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(backward(list)).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  test('it agrees with a sorted array over 4,000 random changes', told => {
    const history = historyOf(told);
    const random = seeded(9);
    const list = new SkipList(seeded(10));
    const model = new Set<string>();
    for (let n = 0; n < 4000; n++) {
      const k = String.fromCharCode(Math.floor(random() * 256), Math.floor(random() * 2));
      if (model.delete(k)) list.remove(key(k));
      else {
        model.add(k);
        list.add(key(k));
      }
      if (n % 400 !== 399) continue;
      history.push(`${n + 1} changes, ${model.size} keys`);
      expect(forward(list).map(hex)).toEqual([...model].sort().map(hex));
    }
    const sorted = [...model].sort().map(hex);
    expect(sorted.length).toBeGreaterThan(50);
    expect(forward(list).map(hex)).toEqual(sorted);
    expect(backward(list).map(hex)).toEqual(sorted.toReversed());
  });

  test('a search passes a few dozen keys out of 10,000, and not thousands', () => {
    let compared = 0;
    const counted = (n: number): KeyString =>
      ({
        [Symbol.toPrimitive]: () => {
          compared++;
          return n;
        },
      }) as unknown as KeyString;
    const list = new SkipList(seeded(1000));
    for (let n = 0; n < 10_000; n++) list.add(counted((n * 7919) % 10_000));
    compared = 0;
    for (let n = 0; n < 1000; n++) list.firstFrom(counted(n * 10));
    expect(compared / 1000 / 2, 'keys compared in a search').toBeLessThan(50);
  });

  test('about one key in four is in the next lane too', () => {
    const list = listOf(Array.from({ length: 10_000 }, (_, n) => String(n).padStart(5, '0')));
    const inLane = [0, 0, 0, 0];
    for (let node = list.firstFrom(key('')); node !== undefined; node = list.after(node)) {
      for (let lane = 0; lane < 4; lane++) if (node.next.length > lane) inLane[lane]!++;
    }
    for (let lane = 1; lane < 4; lane++) {
      const share = inLane[lane]! / inLane[lane - 1]!;
      expect(share, `share of lane ${lane - 1} that is in lane ${lane}`).toBeGreaterThan(0.15);
      expect(share, `share of lane ${lane - 1} that is in lane ${lane}`).toBeLessThan(0.35);
    }
  });

  test('whoever stands on a key that is removed goes on from there', () => {
    const list = listOf(['a', 'b', 'c', 'd', 'e']);
    const c = list.firstFrom(key('c'))!;
    list.remove(key('c'));
    list.remove(key('d'));
    list.remove(key('b'));
    list.add(key('dd'));
    expect(list.after(c)?.key).toBe('dd');
    expect(list.before(c)?.key).toBe('a');
    list.add(key('c'));
    expect(list.after(c)?.key, 'a key that came back is not met twice').toBe('dd');
    expect(list.before(c)?.key).toBe('a');
  });

  test('a walk over any changes meets every key that was there all the time, once and in order', told => {
    const history = historyOf(told);
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const anyKey = (): string => String(Math.floor(random() * 60)).padStart(2, '0');
      const stays = new Set(Array.from({ length: 12 }, anyKey));
      const there = new Set(stays);
      const list = listOf([...there].sort(), seed);
      const isReverse = seed % 2 === 0;
      const met: string[] = [];
      history.length = 0;
      let node: SkipNode | undefined = isReverse ? list.lastBefore() : list.firstFrom(key(''));
      while (node !== undefined) {
        met.push(node.key);
        for (let n = 0; n < 4; n++) {
          const k = anyKey();
          if (stays.has(k)) continue;
          history.push(`at ${node.key}: ${there.has(k) ? 'remove' : 'add'} ${k}`);
          if (there.delete(k)) list.remove(key(k));
          else {
            there.add(k);
            list.add(key(k));
          }
        }
        node = isReverse ? list.before(node) : list.after(node);
      }
      const inOrder = [...new Set(met)].sort();
      expect(met).toEqual(isReverse ? inOrder.reverse() : inOrder);
      expect(met.filter(k => stays.has(k)).length).toBe(stays.size);
    }
  });
});

/** A version of which only key and seq matter. */
function version(name: string, seq: number): Entry {
  const place = { fileId: 1 as FileId, recordOffset: 32 * seq, recordSize: 20, valueSeq: seq };
  return { key: key(name), seq, tag: 0, expiresAtMs: 0, orderKey: undefined, valueSize: 1, ...place };
}

function serving(): { history: History; snapshots: Snapshots; forgotten: string[] } {
  const snapshots = new Snapshots();
  const forgotten: string[] = [];
  const history = new History(k => forgotten.push(k));
  history.serve(snapshots);
  return { history, snapshots, forgotten };
}

describe('Versions', () => {
  test('nothing old is kept while nobody looks', () => {
    const { history, snapshots } = serving();
    history.keep(version('a', 1), 2);
    snapshots.close(snapshots.open(2));
    history.keep(version('a', 2), 3);
    expect(history.length).toBe(0);
    expect(history.has(key('a'))).toBe(false);
  });

  test('what an open snapshot sees is kept, what came after it is not', () => {
    const { history, snapshots } = serving();
    snapshots.open(5);
    history.keep(version('seen', 5), 6);
    history.keep(version('later', 6), 7);
    expect({
      'kept what it sees': history.has(key('seen')),
      'kept what came later': history.has(key('later')),
    }).toEqual({
      'kept what it sees': true,
      'kept what came later': false,
    });
    expect(history.length, 'versions kept').toBe(1);
  });

  test('a version is seen from its own seq on, and up to the change that ended it', () => {
    const { history, snapshots } = serving();
    const [first, second] = [version('k', 3), version('k', 5)];
    snapshots.open(4);
    history.keep(first, 5);
    snapshots.open(6);
    history.keep(second, 8);
    const seen = [2, 3, 4, 5, 6, 7, 8].map(seq => history.at(key('k'), seq)?.seq);
    expect(seen).toEqual([undefined, 3, 3, 5, 5, 5, undefined]);
    expect(history.at(key('other'), 4)).toBeUndefined();
  });

  test('when the oldest snapshot closes, what only it saw goes, and nothing else', () => {
    const { history, snapshots, forgotten } = serving();
    const old = snapshots.open(1);
    history.keep(version('a', 1), 2);
    const middle = snapshots.open(2);
    const young = snapshots.open(2);
    history.keep(version('b', 2), 3);
    snapshots.close(old);
    expect({ 'kept a, which it alone saw': history.has(key('a')), 'kept b': history.has(key('b')) }).toEqual({
      'kept a, which it alone saw': false,
      'kept b': true,
    });
    expect(forgotten).toEqual(['a']);
    snapshots.close(young);
    expect(history.has(key('b')), 'the middle one still looks').toBe(true);
    snapshots.close(middle);
    expect([history.length, forgotten]).toEqual([0, ['a', 'b']]);
  });

  test('a snapshot that closes out of order, or twice, takes nothing from the others', () => {
    const { history, snapshots } = serving();
    const [a, b, c] = [snapshots.open(1), snapshots.open(1), snapshots.open(1)];
    history.keep(version('k', 1), 2);
    snapshots.close(b);
    snapshots.close(b);
    snapshots.close(a);
    snapshots.close(a);
    expect(history.at(key('k'), 1)?.seq).toBe(1);
    expect([a.isOpen, b.isOpen, c.isOpen]).toEqual([false, false, true]);
    expect([snapshots.isEmpty, snapshots.newestSeq]).toEqual([false, 1]);
    snapshots.close(c);
    expect([snapshots.isEmpty, snapshots.newestSeq, history.length]).toEqual([true, -1, 0]);
    const [d, e] = [snapshots.open(3), snapshots.open(3)];
    snapshots.close(e);
    const f = snapshots.open(5);
    snapshots.close(e);
    expect(snapshots.newestSeq, 'of those that are open').toBe(5);
    for (const open of [d, f]) snapshots.close(open);
    expect(snapshots.isEmpty).toBe(true);
  });

  test('10,000 old versions go in slices, and in the end all have gone', async () => {
    const { history, snapshots, forgotten } = serving();
    const snapshot = snapshots.open(10_000);
    for (let n = 1; n <= 10_000; n++) history.keep(version(`k${n}`, n), 10_000 + n);
    snapshots.close(snapshot);
    expect(history.length, 'of 10,000 versions, left after the first slice').toBeGreaterThan(0);
    for (let turns = 0; turns < 100 && history.length > 0; turns++) await turn();
    expect([history.length, forgotten.length]).toEqual([0, 10_000]);
  });

  test('who keeps old things is asked to let go when the oldest snapshot closes, and at no other time', () => {
    const snapshots = new Snapshots();
    let asked = 0;
    const [old, middle, young] = [snapshots.open(1), snapshots.open(2), snapshots.open(3)];
    snapshots.addKeeper({
      trim: () => {
        asked++;
        return 'seen';
      },
    });
    snapshots.close(middle);
    snapshots.close(young);
    expect(asked, 'times, while the oldest is open').toBe(0);
    snapshots.close(old);
    expect(asked, 'times, when the oldest has closed').toBe(1);
  });

  test('a snapshot whose owner is forgotten closes by itself, once the garbage collector has come', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const snapshots = new Snapshots();
    const kept = {};
    snapshots.closeWith(kept, snapshots.open(1));
    (() => snapshots.closeWith({}, snapshots.open(2)))();
    for (const until = performance.now() + 3000; snapshots.size > 1 && performance.now() < until; ) {
      await turn();
      collectGarbage();
    }
    expect({ open: snapshots.size, newest: snapshots.newestSeq }).toEqual({ open: 1, newest: 1 });
    expect(kept).toEqual({});
  });

  test('any number of snapshots over any history see what was there', told => {
    const log = historyOf(told);
    for (let seed = 1; seed <= 30; seed++) {
      const random = seeded(seed);
      const { history, snapshots } = serving();
      const now = new Map<string, Entry>();
      let open: { snapshot: OpenSnapshot; moment: Map<string, Entry> }[] = [];
      log.length = 0;
      for (let seq = 1; seq <= 60; seq++) {
        const name = 'abcd'[Math.floor(random() * 4)]!;
        const older = now.get(name);
        if (older !== undefined) history.keep(older, seq);
        if (random() < 0.3) now.delete(name);
        else now.set(name, version(name, seq));
        log.push(`seq ${seq}: ${now.has(name) ? 'put' : 'delete'} ${name}`);
        if (random() < 0.3) open.push({ snapshot: snapshots.open(seq), moment: new Map(now) });
        if (random() < 0.25) {
          const left = open[Math.floor(random() * open.length)];
          if (left !== undefined) snapshots.close(left.snapshot);
          open = open.filter(one => one !== left);
        }
        for (const { snapshot, moment } of open) {
          for (const k of 'abcd') {
            const current = now.get(k);
            const seen =
              current !== undefined && current.seq <= snapshot.seq ? current : history.at(key(k), snapshot.seq);
            expect(seen?.seq, `${k} as of ${snapshot.seq}, asked at ${seq}`).toBe(moment.get(k)?.seq);
          }
        }
      }
      for (const { snapshot } of open) snapshots.close(snapshot);
      expect(history.length).toBe(0);
    }
  });
});

const hexBounds = (range: Range): (string | undefined)[] => {
  const { from, to } = boundsOf(range);
  return [hex(from), hex(to)];
};

describe('Ranges', () => {
  test('each bound becomes a first key, or the first key behind', () => {
    expect(boundsOf({})).toEqual({ from: '', to: undefined });
    expect(boundsOf({ gte: 'b', lt: 'd' })).toEqual({ from: 'b', to: 'd' });
    expect(boundsOf({ gt: 'b', lte: 'd' })).toEqual({ from: 'b\0', to: 'd\0' });
    expect(boundsOf({ prefix: 'ab' })).toEqual({ from: 'ab', to: 'ac' });
    expect(boundsOf({ lte: '' })).toEqual({ from: '', to: '\0' });
  });

  test('of several bounds the narrowest counts', () => {
    expect(boundsOf({ gt: 'a', gte: 'c', prefix: 'b' })).toMatchObject({ from: 'c' });
    expect(boundsOf({ lt: 'x', lte: 'b', prefix: 'c' })).toMatchObject({ to: 'b\0' });
  });

  test('a prefix that ends in ff has an end too, and one of ff alone has none', () => {
    expect(hexBounds({ prefix: bytes(1, 0xff) })).toEqual(['01ff', '02']);
    expect(hexBounds({ prefix: bytes(0xfe, 0xff, 0xff) })).toEqual(['feffff', 'ff']);
    expect(hexBounds({ prefix: bytes(0xff, 0xff) })).toEqual(['ffff', undefined]);
    expect(boundsOf({ prefix: '' })).toEqual({ from: '', to: undefined });
  });

  test('a text bound is its UTF-8 bytes', () => {
    expect(boundsOf({ gte: 'ß' }).from).toBe(toKeyString(Buffer.from('ß')));
  });

  test('a limit is a whole number of at least 0, and Infinity is none', () => {
    expect([limitOf({ limit: 0 }), limitOf({ limit: 7 })]).toEqual([0, 7]);
    const none = Number.POSITIVE_INFINITY;
    expect([limitOf({}), limitOf({ limit: none })]).toEqual([none, none]);
    for (const limit of [-1, 1.5, Number.NaN, 'ten' as unknown as number]) {
      const what = `a limit of ${limit} must throw INVALID_ARGUMENT`;
      expect(() => limitOf({ limit }), what).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});

let directory = '';
let db: Database;

async function openDatabase(keys: readonly (string | Buffer)[]): Promise<void> {
  db = await Database.open(directory, { durability: 'memory' });
  for (const k of keys) db.put(k, `v ${String(k)}`);
}

const keysOf = (range?: Range): string[] => Array.from(db.keys(range), String);

/** A source of two keys that counts how often it is opened and closed. */
class CountedSource {
  opened = 0;
  closed = 0;
  broken = false;

  readonly source = {
    open: () => {
      this.opened++;
      const keys = ['a', 'b', 'c'];
      return {
        assertOpen: () => {},
        find: (k: KeyString) => version(k, 1),
        valueOf: () => Buffer.from('v'),
        walk: () => ({ next: () => keys.shift(), seek: () => {} }),
      };
    },
    close: () => {
      this.closed++;
    },
  } as unknown as CursorSource;

  cursor(range: Range = {}): Cursor<string> {
    return new Cursor(this.source, range, entry => {
      if (this.broken) throw new Error('broken');
      return entry.key;
    });
  }

  get counts(): number[] {
    return [this.opened, this.closed];
  }
}

describe('Cursors', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'checkpoint-09-'));
  });
  afterEach(async () => {
    await db?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('entries, keys and values come in the order of the keys, also after a reopen', async () => {
    await openDatabase(['b', 'a', '', 'ab', 'é']);
    const expected = ['', 'a', 'ab', 'b', 'é'];
    expect(keysOf()).toEqual(expected);
    expect(Array.from(db.values(), String)).toEqual(expected.map(k => `v ${k}`));
    expect(Array.from(db.entries(), pair => pair.map(String))).toEqual(expected.map(k => [k, `v ${k}`]));
    await db.close();
    await openDatabase([]);
    expect(keysOf()).toEqual(expected);
    db.put('aa', '');
    db.delete('b');
    expect(keysOf()).toEqual(['', 'a', 'aa', 'ab', 'é']);
  });

  test('every combination of bounds gives what a sorted list gives, both ways', async () => {
    const all = ['', 'a', 'b', 'ba', 'bb', 'c', 'd'];
    await openDatabase(all);
    const choices = [undefined, '', 'b', 'bb', 'x'];
    for (const gt of choices) {
      for (const gte of choices) {
        for (const lt of choices) {
          for (const lte of choices) {
            for (const prefix of [undefined, 'b']) {
              const given = Object.entries({ gt, gte, lt, lte, prefix }).filter(([, bound]) => bound !== undefined);
              const range = Object.fromEntries(given) as Range;
              const expected = all.filter(
                k =>
                  (gt === undefined || k > gt) &&
                  (gte === undefined || k >= gte) &&
                  (lt === undefined || k < lt) &&
                  (lte === undefined || k <= lte) &&
                  k.startsWith(prefix ?? ''),
              );
              expect(keysOf(range), JSON.stringify(range)).toEqual(expected);
              expect(keysOf({ ...range, reverse: true }), JSON.stringify(range)).toEqual(expected.reverse());
            }
          }
        }
      }
    }
    expect(keysOf({ limit: 2 })).toEqual(['', 'a']);
    expect(keysOf({ limit: 2, reverse: true })).toEqual(['d', 'c']);
    expect(keysOf({ limit: 0 })).toEqual([]);
  });

  test('in reverse a prefix of ff bytes begins at the last key of all', async () => {
    const keys = [bytes(0xfe), bytes(0xff), bytes(0xff, 0xfe), bytes(0xff, 0xff), bytes(0xff, 0xff, 0xff)];
    await openDatabase(keys);
    expect([...db.keys({ prefix: bytes(0xff, 0xff), reverse: true })]).toEqual([keys[4], keys[3]]);
    expect([...db.keys({ prefix: bytes(0xff), reverse: true, limit: 1 })]).toEqual([keys[4]]);
  });

  test('deleting what a walk gives, and what lies around it, does not confuse it', async () => {
    const keys = Array.from({ length: 200 }, (_, n) => `k${String(n).padStart(3, '0')}`);
    for (const reverse of [false, true]) {
      await openDatabase(keys);
      const met: string[] = [];
      for (const k of db.keys({ reverse })) {
        met.push(String(k));
        const n = Number(String(k).slice(1));
        for (const near of [n - 1, n, n + 1]) db.delete(`k${String(near).padStart(3, '0')}`);
      }
      expect(met).toEqual(reverse ? keys.toReversed() : keys);
      expect(db.size).toBe(0);
      await db.close();
    }
  });

  test('a walk gives everything as of its first step', async () => {
    await openDatabase(['a', 'b', 'c']);
    const cursor = db.entries();
    db.put('aa', 'before the first step');
    const met = [cursor.next().value!.map(String)];
    db.put('a', 'new');
    db.put('ab', 'new');
    db.put('b', 'new');
    db.delete('c');
    for (const pair of cursor) met.push(pair.map(String));
    expect(met).toEqual([
      ['a', 'v a'],
      ['aa', 'before the first step'],
      ['b', 'v b'],
      ['c', 'v c'],
    ]);
    expect(keysOf()).toEqual(['a', 'aa', 'ab', 'b']);
  });

  test('puts ahead of a walk do not make it run for ever', async () => {
    await openDatabase(['0']);
    let steps = 0;
    for (const k of db.keys()) {
      db.put(`${k}0`, '');
      if (++steps > 3) break;
    }
    expect(steps).toBe(1);
  });

  test('seek goes on at the first key that is not before the target, forward and back, within the range', async () => {
    await openDatabase(['a', 'b', 'd', 'e', 'g']);
    const cursor = db.keys({ gte: 'b', lt: 'g' });
    const seek = (target: string, expected: string): void => {
      expect(String(cursor.seek(target).next().value), `seek('${target}') from b up to g`).toBe(expected);
    };
    seek('c', 'd');
    seek('d', 'd');
    seek('a', 'b');
    seek('e', 'e');
    expect(cursor.next().done).toBe(true);
    const backward = db.keys({ lte: 'e', reverse: true });
    const seekBack = (target: string, expected: string): void => {
      expect(String(backward.seek(target).next().value), `seek('${target}') from e down`).toBe(expected);
    };
    seekBack('c', 'b');
    seekBack('x', 'e');
    seekBack('d', 'd');
    seekBack('a', 'a');
  });

  test('the limit counts on after a seek', async () => {
    await openDatabase(['a', 'b', 'd', 'e', 'g']);
    const cursor = db.keys({ limit: 3 });
    const given = [cursor.next(), cursor.next(), cursor.seek('a').next(), cursor.next()];
    expect(given.map(({ value }) => value && String(value))).toEqual(['a', 'b', 'a', undefined]);
  });

  test('keys reads nothing from the disk', async () => {
    await openDatabase(['a', 'b', 'c']);
    await db.close();
    let reads = 0;
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: (...args) => {
        const file = nodeFileSystem.open(...args);
        const read = file.read.bind(file);
        file.read = (...place) => {
          reads++;
          return read(...place);
        };
        return file;
      },
    };
    db = await Database.open(directory, { fs });
    reads = 0;
    expect(keysOf()).toEqual(['a', 'b', 'c']);
    expect(reads, 'reads of files during keys()').toBe(0);
  });

  test('seek past the end is the end, and a cursor that has ended says CLOSED to the next seek', async () => {
    await openDatabase(['a', 'b']);
    const cursor = db.keys();
    expect(cursor.seek('c').next()).toEqual({ done: true, value: undefined });
    expect(cursor.next()).toEqual({ done: true, value: undefined });
    expect(() => cursor.seek('a')).toThrow(closed);
    expect(db.keys({ reverse: true }).seek('A').next().done).toBe(true);
  });

  test('the source is opened at the first step, and let go of at the end, on break, return, error and limit', () => {
    const fresh = new CountedSource();
    fresh.cursor();
    expect(fresh.counts, 'not begun').toEqual([0, 0]);

    const whole = new CountedSource();
    const cursor = whole.cursor();
    expect([...cursor]).toEqual(['a', 'b', 'c']);
    expect(cursor.next().done).toBe(true);
    expect(whole.counts, 'at the end').toEqual([1, 1]);

    const left = new CountedSource();
    for (const _ of left.cursor()) break;
    expect(left.counts, 'break').toEqual([1, 1]);

    const returned = new CountedSource();
    const half = returned.cursor();
    half.next();
    expect(returned.counts, 'half-way').toEqual([1, 0]);
    expect(half.return()).toEqual({ done: true, value: undefined });
    half[Symbol.dispose]();
    expect(half.next().done).toBe(true);
    expect(returned.counts, 'return').toEqual([1, 1]);

    const failed = new CountedSource();
    failed.broken = true;
    expect(() => [...failed.cursor()]).toThrow('broken');
    expect(failed.counts, 'an error').toEqual([1, 1]);

    const limited = new CountedSource();
    expect([...limited.cursor({ limit: 2 })]).toEqual(['a', 'b']);
    expect(limited.counts, 'a limit').toEqual([1, 1]);

    const byHand = new CountedSource();
    expect(byHand.cursor({ limit: 1 }).next().value).toBe('a');
    expect(byHand.counts, 'the last item that a limit allows, nobody asks for more').toEqual([1, 1]);
  });

  test('for await lets go of the source in the same five ways', async () => {
    const counts: Record<string, number[]> = {};
    const walk = async (
      how: string,
      body: (cursor: Cursor<string>, source: CountedSource) => unknown,
      range: Range = {},
    ): Promise<void> => {
      const source = new CountedSource();
      source.broken = how === 'an error of its own';
      const cursor = source.cursor(range);
      try {
        for await (const _ of cursor) if (body(cursor, source) === 'break') break;
      } catch {}
      counts[how] = source.counts;
    };
    await walk('the end', () => {});
    await walk('a limit', () => {}, { limit: 2 });
    await walk('break', () => 'break');
    await walk('return()', cursor => cursor.return());
    await walk('an error of its own', () => {});
    await walk('an error of the loop', () => {
      throw new Error('of the loop');
    });
    const once = [1, 1];
    expect(counts).toEqual({
      'the end': once,
      'a limit': once,
      break: once,
      'return()': once,
      'an error of its own': once,
      'an error of the loop': once,
    });
  });

  test('for await gives the same items, and lets the event loop breathe', async () => {
    await openDatabase(Array.from({ length: 40 }, (_, n) => `k${10 + n}`));
    let turns = 0;
    let isRunning = true;
    const count = (): void => {
      turns++;
      if (isRunning) setImmediate(count);
    };
    setImmediate(count);
    const met: string[] = [];
    for await (const k of db.keys()) {
      met.push(String(k));
      for (const until = performance.now() + 1; performance.now() < until; );
    }
    isRunning = false;
    expect(met).toEqual(keysOf());
    expect(turns, 'turns of the event loop in 40 ms').toBeGreaterThan(3);
    const items = db.keys({ limit: 2 })[Symbol.asyncIterator]();
    const results = await Promise.all([items.next(), items.next(), items.next()]);
    expect(results.map(({ value }) => value && String(value))).toEqual(['k10', 'k11', undefined]);
  });

  test('after close a cursor says CLOSED, begun or not', async () => {
    await openDatabase(['a', 'b']);
    const [begun, fresh] = [db.keys(), db.keys()];
    begun.next();
    await db.close();
    expect(() => begun.next()).toThrow(closed);
    expect(() => fresh.next()).toThrow(closed);
  });
});

describe('Snapshots', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'checkpoint-09-'));
  });
  afterEach(async () => {
    await db?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a snapshot sees what was there, not what was put, overwritten or deleted since', async () => {
    await openDatabase(['a', 'b', 'c']);
    const snapshot = db.snapshot();
    expect(snapshot.seq).toBe(db.position);
    db.put('a', 'new');
    db.delete('b');
    db.put('bb', 'new');
    expect(Array.from(snapshot.entries(), pair => pair.join('='))).toEqual(['a=v a', 'b=v b', 'c=v c']);
    expect(Array.from(snapshot.keys({ gte: 'b', reverse: true }), String)).toEqual(['c', 'b']);
    expect(Array.from(snapshot.values({ prefix: 'b' }), String)).toEqual(['v b']);
    expect([String(snapshot.get('a')), String(snapshot.get('b')), snapshot.get('bb')]).toEqual([
      'v a',
      'v b',
      undefined,
    ]);
    expect([snapshot.has('b'), snapshot.has('bb')]).toEqual([true, false]);
    expect(keysOf()).toEqual(['a', 'bb', 'c']);
    snapshot.close();
    expect(keysOf()).toEqual(['a', 'bb', 'c']);
  });

  test('a deleted key has left the order when nobody sees it any more, and comes back when it is put', async () => {
    const keys = Array.from({ length: 200 }, (_, n) => `k${n}`);
    await openDatabase(['a', ...keys, 'z']);
    const snapshot = db.snapshot();
    for (const k of keys) db.delete(k);
    snapshot.close();
    for (let turns = 0; turns < 100; turns++) await turn();
    const steps = [vi.spyOn(SkipList.prototype, 'after'), vi.spyOn(SkipList.prototype, 'firstFrom')];
    expect(keysOf()).toEqual(['a', 'z']);
    const passed = steps.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    for (const step of steps) step.mockRestore();
    expect(passed, 'places passed by a walk over 2 keys').toBeLessThan(10);
    db.put('k7', '');
    expect(keysOf()).toEqual(['a', 'k7', 'z']);
  });

  test('a put that throws is in no snapshot', async () => {
    await openDatabase(['a']);
    const snapshot = db.snapshot();
    expect(() => db.put('a', 'x', { durability: 'safe' as 'disk' })).toThrow();
    expect(String(snapshot.get('a'))).toBe('v a');
    expect(db.snapshot().seq).toBe(snapshot.seq);
  });

  test('once it is closed, or the database is, every use says CLOSED', async () => {
    await openDatabase(['a']);
    const [snapshot, other] = [db.snapshot(), db.snapshot()];
    const cursor = snapshot.keys();
    snapshot.close();
    snapshot.close();
    const uses: Record<string, () => unknown> = {
      get: () => snapshot.get('a'),
      has: () => snapshot.has('a'),
      keys: () => [...snapshot.keys()],
      'next of a cursor that was made before': () => cursor.next(),
    };
    for (const [use, call] of Object.entries(uses)) expect(call, use).toThrow(closed);
    expect(other.has('a')).toBe(true);
    await db.close();
    expect(() => other.get('a')).toThrow(closed);
    other[Symbol.dispose]();
  });

  test('many snapshots over a random history each keep their moment', async told => {
    const history = historyOf(told);
    await openDatabase([]);
    const random = seeded(2026);
    const now = new Map<string, string>();
    let held: { snapshot: ReturnType<Database['snapshot']>; moment: Map<string, string> }[] = [];
    for (let n = 0; n < 600; n++) {
      const k = `k${Math.floor(random() * 12)}`;
      if (random() < 0.6) {
        db.put(k, `${n}`);
        now.set(k, `${n}`);
        history.push(`put ${k} ${n}`);
      } else {
        db.delete(k);
        now.delete(k);
        history.push(`delete ${k}`);
      }
      if (random() < 0.1) held.push({ snapshot: db.snapshot(), moment: new Map(now) });
      if (random() < 0.08) {
        const gone = held[Math.floor(random() * held.length)];
        gone?.snapshot.close();
        held = held.filter(one => one !== gone);
      }
      if (n % 20 !== 19) continue;
      for (const { snapshot, moment } of held) {
        const expected = [...moment].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, v]) => `${name}=${v}`);
        expect(Array.from(snapshot.entries(), pair => pair.join('='))).toEqual(expected);
        expect(snapshot.get(k)?.toString()).toBe(moment.get(k));
      }
    }
    for (const { snapshot } of held) snapshot.close();
    expect(keysOf()).toEqual([...now.keys()].sort());
  });
});
