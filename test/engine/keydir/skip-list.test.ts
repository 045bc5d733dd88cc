import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyString } from '../../../engine/src/keydir/keydir.ts';
import { SkipList, type SkipNode } from '../../../engine/src/keydir/skip-list.ts';

const key = (text: string): KeyString => text as KeyString;
/** Any bytes, few of them, so that keys meet again. */
const anyKey = fc.uint8Array({ maxLength: 2 }).map(bytes => key(Buffer.from(bytes).toString('latin1')));

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

/** Numbers that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));

describe('skip list', () => {
  test('keys come in the order of their bytes, forward and backward, from any place', () => {
    const step = fc.tuple(fc.boolean(), anyKey);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), anyKey, fc.integer({ min: 1 }), (steps, place, seed) => {
        const list = new SkipList(seeded(seed));
        const model = new Set<KeyString>();
        for (const [isAdd, k] of steps) {
          if (isAdd && !model.has(k)) list.add(k);
          if (isAdd) model.add(k);
          else {
            list.remove(k);
            model.delete(k);
          }
        }
        const sorted = [...model].sort(byBytes);
        expect(list.length).toBe(sorted.length);
        expect(forward(list)).toEqual(sorted);
        expect(backward(list)).toEqual(sorted.toReversed());
        expect(forward(list, place)).toEqual(sorted.filter(k => byBytes(k, place) >= 0));
        expect(backward(list, place)).toEqual(sorted.filter(k => byBytes(k, place) < 0).toReversed());
      }),
    );
  });

  test('whoever walks goes on from where he stands, whatever is added and removed meanwhile', () => {
    const change = fc.tuple(fc.boolean(), anyKey);
    fc.assert(
      fc.property(fc.array(anyKey), fc.array(fc.array(change, { maxLength: 5 })), fc.boolean(), (first, rounds, up) => {
        const list = new SkipList(seeded(7));
        const model = new Set(first);
        for (const k of model) list.add(k);
        let node: SkipNode | undefined = up ? list.firstFrom(key('')) : list.lastBefore();
        for (const changes of rounds) {
          if (node === undefined) return;
          for (const [isAdd, k] of changes) {
            if (isAdd && !model.has(k)) list.add(k);
            if (!isAdd) list.remove(k);
            if (isAdd) model.add(k);
            else model.delete(k);
          }
          const here = node.key;
          const sorted = [...model].sort(byBytes);
          const expected = up ? sorted.find(k => byBytes(k, here) > 0) : sorted.findLast(k => byBytes(k, here) < 0);
          node = up ? list.after(node) : list.before(node);
          expect(node?.key).toBe(expected);
        }
      }),
    );
  });

  test('a key that was removed and added again while somebody stood on it is not met twice', () => {
    const list = new SkipList();
    for (const k of ['a', 'b', 'c']) list.add(key(k));
    const b = list.firstFrom(key('b'))!;
    list.remove(key('b'));
    list.add(key('b'));
    expect(list.after(b)?.key).toBe('c');
    expect(list.before(b)?.key).toBe('a');
  });

  test('a search looks at few nodes, in whatever order keys came: about two for each lane', () => {
    let compared = 0;
    const counted = (n: number): KeyString =>
      ({
        [Symbol.toPrimitive]: () => {
          compared++;
          return n;
        },
      }) as unknown as KeyString;
    const list = new SkipList(seeded(1000));
    for (let i = 0; i < 10_000; i++) list.add(counted((i * 7919) % 10_000));
    compared = 0;
    for (let i = 0; i < 1000; i++) list.firstFrom(counted(i * 10));
    expect(compared / 1000 / 2).toBeLessThan(40); // log4(10,000) = 6.6 lanes; a plain list would take 5,000.
  });

  test('removing a key that is not there changes nothing', () => {
    const list = new SkipList();
    list.remove(key('x'));
    list.add(key('b'));
    list.remove(key('a'));
    list.remove(key('c'));
    expect(forward(list)).toEqual(['b']);
    expect(list.length).toBe(1);
  });
});
