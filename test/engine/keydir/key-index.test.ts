import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyIndex, type SpaceOrder } from '../../../engine/src/keydir/key-index.ts';
import { type Entry, type KeyString, toKeyString } from '../../../engine/src/keydir/keydir.ts';
import { MapKeydir } from '../../../engine/src/keydir/map-keydir.ts';
import { SkipList } from '../../../engine/src/keydir/skip-list.ts';
import { type OpenSnapshot, Snapshots } from '../../../engine/src/keydir/snapshots.ts';
import { entry } from './entry.ts';

const SEED = [3, 5] as const;
const key = (text: string): KeyString => text as KeyString;

/** Every key that a walk over the order meets, ghosts too. */
function orderedKeys({ order }: KeyIndex): string[] {
  const keys: string[] = [];
  if (!(order instanceof SkipList)) {
    order.scan(0, 1e9, k => keys.push(k));
    return keys.sort();
  }
  for (let node = order.firstFrom(key('')); node !== undefined; node = order.after(node)) keys.push(node.key);
  return keys;
}

function indexSuite(order: SpaceOrder): void {
  const serving = (): { index: KeyIndex; snapshots: Snapshots } => {
    const snapshots = new Snapshots();
    const index = new KeyIndex(order, SEED);
    index.history.serve(snapshots);
    return { index, snapshots };
  };

  describe(`key index in the order of ${order}`, () => {
    test('put returns the entry it has replaced, delete the one it has removed', () => {
      const index = new KeyIndex(order, SEED);
      const [older, newer] = [entry('k', 1), entry('k', 2)];
      expect(index.put(older)).toBeUndefined();
      expect(index.put(newer)).toBe(older);
      expect(index.delete(key('k'), 3)).toBe(newer);
      expect(index.delete(key('k'), 4)).toBeUndefined();
      expect(orderedKeys(index)).toEqual([]);
    });

    test('without an open snapshot nothing old is kept', () => {
      const { index, snapshots } = serving();
      snapshots.close(snapshots.open(0, 0));
      index.put(entry('k', 1));
      index.put(entry('k', 2));
      index.delete(key('k'), 3);
      expect(index.history.length).toBe(0);
    });

    test('an overwritten version is kept for the snapshots that see it, and goes with the last of them', () => {
      const { index, snapshots } = serving();
      const [one, two] = [entry('k', 1), entry('k', 2)];
      index.put(one);
      const first = snapshots.open(1, 0);
      index.put(two);
      const second = snapshots.open(2, 0);
      index.put(entry('k', 3));
      index.put(entry('k', 4)); // Nobody has seen version 3.
      expect(index.history.length).toBe(2);
      expect([index.at(key('k'), 0), index.at(key('k'), 1), index.at(key('k'), 2)]).toEqual([undefined, one, two]);
      snapshots.close(first);
      expect(index.history.length).toBe(1);
      expect(index.at(key('k'), 2)).toBe(two);
      snapshots.close(second);
      expect(index.history.length).toBe(0);
      expect(index.at(key('k'), 4)?.seq).toBe(4);
    });

    test('a deleted key stays in the order as long as a snapshot sees it', () => {
      const { index, snapshots } = serving();
      for (const [i, k] of ['a', 'b', 'c'].entries()) index.put(entry(k, i + 1));
      const snapshot = snapshots.open(3, 0);
      index.delete(key('b'), 4);
      expect(orderedKeys(index)).toEqual(['a', 'b', 'c']);
      expect(index.at(key('b'), 3)?.seq).toBe(2);
      expect(index.at(key('b'), 4)).toBeUndefined();
      snapshots.close(snapshot);
      expect(orderedKeys(index)).toEqual(['a', 'c']);
    });

    test('a key that comes back after it was deleted is in the order once, and stays when its old version goes', () => {
      const { index, snapshots } = serving();
      index.put(entry('k', 1));
      const snapshot = snapshots.open(1, 0);
      index.delete(key('k'), 2);
      index.put(entry('k', 3));
      expect(orderedKeys(index)).toEqual(['k']);
      expect(index.at(key('k'), 2)).toBeUndefined();
      snapshots.close(snapshot);
      expect(orderedKeys(index)).toEqual(['k']);
      index.delete(key('k'), 4);
      expect(orderedKeys(index)).toEqual([]);
    });

    test('removeRange takes the keys from the lower bound up to the upper one, and keeps them for snapshots', () => {
      const { index, snapshots } = serving();
      for (const [i, k] of ['a', 'b', 'c', 'd'].entries()) index.put(entry(k, i + 1));
      const snapshot = snapshots.open(4, 0);
      expect(new Set(index.removeRange(key('b'), key('d'), 5).map(e => e.key))).toEqual(new Set(['b', 'c']));
      expect(index.keydir.size).toBe(2);
      expect(index.at(key('c'), 4)?.seq).toBe(3);
      expect(index.removeRange(key(''), undefined, 6).length).toBe(2);
      expect(index.keydir.size).toBe(0);
      snapshots.close(snapshot);
      expect(orderedKeys(index)).toEqual([]);
    });

    test('an index built from a keydir has its keys in order and its expiries', () => {
      const keydir = new MapKeydir();
      for (const k of ['c', 'a', '\u00ff', 'b', '']) keydir.put(entry(k, 1, k === 'b' ? 5 : 0));
      const index = KeyIndex.build(keydir, order, SEED);
      expect(orderedKeys(index)).toEqual(['', 'a', 'b', 'c', '\u00ff']);
      expect(index.expiry.due(10, 10).map(e => e.key)).toEqual(['b']);
      index.put(entry('aa', 2));
      expect(orderedKeys(index)).toEqual(['', 'a', 'aa', 'b', 'c', '\u00ff']);
    });

    test('every open snapshot sees its moment, over any history, and at the end nothing is left', () => {
      const anyKey = fc.uint8Array({ maxLength: 1, max: 7 }).map(bytes => toKeyString(Buffer.from(bytes)));
      const step = fc.tuple(fc.constantFrom('put', 'put', 'delete', 'range', 'open', 'close'), anyKey, fc.nat(5));
      fc.assert(
        fc.property(fc.array(step, { maxLength: 150 }), steps => {
          const { index, snapshots } = serving();
          const model = new Map<KeyString, Entry>();
          const open: { snapshot: OpenSnapshot; moment: Map<KeyString, Entry> }[] = [];
          const keys = new Set<KeyString>();
          let seq = 0;
          for (const [what, k, n] of steps) {
            keys.add(k);
            if (what === 'open') open.push({ snapshot: snapshots.open(seq, 0), moment: new Map(model) });
            else if (what === 'close') for (const { snapshot } of open.splice(n, 1)) snapshots.close(snapshot);
            else if (what === 'put') {
              const put = entry(k, ++seq);
              index.put(put);
              model.set(k, put);
            } else if (what === 'delete') {
              if (index.delete(k, seq + 1) !== undefined) seq++;
              model.delete(k);
            } else {
              index.removeRange(k, undefined, ++seq);
              for (const other of [...model.keys()]) if (other >= k) model.delete(other);
            }
            for (const { snapshot, moment } of open) {
              for (const name of keys) expect(index.at(name, snapshot.seq)).toBe(moment.get(name));
              expect(orderedKeys(index)).toEqual(expect.arrayContaining([...moment.keys()]));
            }
          }
          for (const { snapshot } of open) snapshots.close(snapshot);
          expect(index.history.length).toBe(0);
          expect(orderedKeys(index)).toEqual([...model.keys()].sort());
        }),
        { numRuns: 200 },
      );
    });
  });
}

indexSuite('key');
indexSuite('hash');

describe('snapshots', () => {
  test('many old versions are let go of in slices', async () => {
    const snapshots = new Snapshots();
    const index = new KeyIndex('key', SEED);
    index.history.serve(snapshots);
    for (let i = 0; i < 10_000; i++) index.put(entry(`k${i}`, i + 1));
    const snapshot = snapshots.open(10_000, 0);
    index.removeRange(key(''), undefined, 10_001);
    expect(index.history.length).toBe(10_000);
    snapshots.close(snapshot);
    expect(index.history.length).toBeGreaterThan(0);
    const stillThere = index.history.length;
    for (let turns = 0; turns < 10 && index.history.length > 0; turns++) {
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(stillThere).toBeLessThan(10_000);
    expect(index.history.length).toBe(0);
    expect(orderedKeys(index)).toEqual([]);
  });

  test('who waits for snapshots is called when all up to that serial are closed, in whatever order they close', () => {
    const snapshots = new Snapshots();
    const called: string[] = [];
    snapshots.afterClosed(snapshots.lastSerial, () => called.push('none open'));
    expect(called).toEqual(['none open']);
    const [a, b] = [snapshots.open(1, 0), snapshots.open(1, 0)];
    snapshots.afterClosed(snapshots.lastSerial, () => called.push('a and b'));
    const c = snapshots.open(2, 0);
    snapshots.close(b);
    snapshots.close(b);
    expect(called).toEqual(['none open']);
    snapshots.close(a);
    expect(called).toEqual(['none open', 'a and b']);
    expect([snapshots.size, snapshots.newestSeq]).toEqual([1, 2]);
    snapshots.close(c);
    expect([snapshots.size, snapshots.newestSeq]).toEqual([0, -1]);
  });
});
