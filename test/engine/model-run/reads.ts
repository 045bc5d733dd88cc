/** Operations that read: keys, ranges, cursors and snapshots that stay open while the store goes on. */
import type { Space } from '../../../engine/src/index.ts';
import type { Key } from './keys.ts';
import { sameValue } from './model.ts';
import type { OpenCursor, Pair } from './pair.ts';
import { toValue } from './store-reader.ts';
import { type Act, anyKey, anyRange, anySpace, compareWalk, expectedIn, mustAgree, textOf } from './support.ts';

export const get: Act = pair => {
  const [space, key] = [anySpace(pair), anyKey(pair)];
  const bytes = pair.keys.bytes[key]!;
  const store = pair.spaceOf(space);
  const how = pair.random(5);
  if (how === 0) mustAgree('has', store.has(bytes), pair.model.look(space, key) !== undefined, `${space.id}:${key}`);
  else if (how === 1) {
    const shown = store.getEntry(bytes);
    pair.mustFit(space, key, space.values[key], shown && toValue(shown));
    pair.model.look(space, key);
  } else {
    const shown = how === 2 ? store.getMany([bytes, bytes])[1] : store.get(bytes);
    const expected = pair.model.look(space, key);
    if (shown === undefined ? expected !== undefined : !expected?.bytes.equals(shown)) {
      throw new Error(`get ${space.id}:${key} answers ${shown?.length} bytes, must be ${expected?.bytes.length}`);
    }
  }
  return `get ${space.id}:${key}`;
};

export const size: Act = pair => {
  pair.checkSizes();
  return 'size';
};

export const walk: Act = pair => {
  const space = anySpace(pair);
  const range = anyRange(pair, space);
  const shown = [...pair.spaceOf(space).entries(range)];
  if (range.limit !== 0) pair.model.removeDue(space); // Who asks for nothing does not look.
  compareWalk(pair, space, range, shown);
  return `entries ${space.id} ${textOf(range)}: ${shown.length}`;
};

export const cursorStep: Act = pair => {
  if (pair.cursors.length < 3 && pair.random(4) === 0) return beginCursor(pair);
  const open = pair.cursors[pair.random(Math.max(1, pair.cursors.length))];
  if (open === undefined) return 'nothing';
  if (pair.random(20) === 0) {
    open.cursor.return();
    pair.cursors = pair.cursors.filter(each => each !== open);
    return 'cursor.return';
  }
  const steps = pair.random(8);
  for (let i = 0; i < steps && pair.cursors.includes(open); i++) stepCursor(pair, open);
  return `${steps} steps of a cursor`;
};

function beginCursor(pair: Pair): string {
  const space = anySpace(pair);
  if (space.order === 'hash') return 'nothing';
  const range = anyRange(pair, space);
  const open: OpenCursor = { cursor: pair.spaceOf(space).entries(range), left: [] };
  const first = open.cursor.next();
  if (range.limit !== 0) pair.model.removeDue(space);
  open.left.push(...expectedIn(pair, space, range));
  compareStep(pair, open, first);
  return `a cursor over ${space.id} ${textOf(range)}`;
}

function stepCursor(pair: Pair, open: OpenCursor): void {
  compareStep(pair, open, open.cursor.next());
}

function compareStep(
  pair: Pair,
  open: OpenCursor,
  { value: shown }: IteratorResult<[Buffer, Buffer], undefined>,
): void {
  const expected = open.left.shift();
  const isRight =
    shown === undefined
      ? expected === undefined
      : expected?.[0] === pair.keys.numberOf(shown[0]) && expected[1].bytes.equals(shown[1]);
  if (!isRight)
    throw new Error(`a cursor gives key ${shown && pair.keys.numberOf(shown[0])}, must be ${expected?.[0]}`);
  if (shown === undefined) pair.cursors = pair.cursors.filter(each => each !== open);
  else if (!pair.cursors.includes(open)) pair.cursors.push(open);
}

export const snapshot: Act = pair => {
  if (pair.snapshots.length < 4 && pair.random(3) === 0) {
    const made = pair.db.snapshot();
    for (const space of pair.model.spaces.values()) pair.model.removeDue(space);
    const spaces = new Map(
      Array.from(pair.model.spaces.values(), ({ id, order, values }) => [id, { order, values: [...values] }]),
    );
    pair.snapshots.push({ snapshot: made, spaces });
    return `snapshot at ${made.seq}`;
  }
  const open = pair.snapshots[pair.random(Math.max(1, pair.snapshots.length))];
  if (open === undefined) return 'nothing';
  if (pair.random(6) === 0) {
    open.snapshot.close();
    pair.snapshots = pair.snapshots.filter(each => each !== open);
    return 'snapshot.close';
  }
  return readSnapshot(pair, open);
};

function readSnapshot(pair: Pair, { snapshot: made, spaces }: Pair['snapshots'][number]): string {
  const ids = [...spaces.keys(), 1 + pair.random(30)];
  const id = ids[pair.random(ids.length)]!;
  const [store, space] = [made.space(id), spaces.get(id)];
  mustAgree(`snapshot.space(${id})`, store !== undefined, space !== undefined, `at ${made.seq}`);
  if (store === undefined || space === undefined) return 'a space that a snapshot has not';
  if (pair.random(4) === 0) {
    const range = anyRange(pair, { id, ...space });
    compareWalk(pair, space, range, [...store.entries(range)]);
    return `entries of a snapshot at ${made.seq}, ${id} ${textOf(range)}`;
  }
  const key = anyKey(pair);
  const shown = store.getEntry(pair.keys.bytes[key]!);
  const expected = space.values[key];
  const isRight = shown === undefined ? expected === undefined : expected && sameValue(expected, toValue(shown));
  if (!isRight) throw new Error(`a snapshot at ${made.seq} shows another value of ${id}:${key}`);
  return `get ${id}:${key} of a snapshot at ${made.seq}`;
}

export const hashCalls: Act = pair => {
  const space = anySpace(pair);
  if (space.order !== 'hash') return 'nothing';
  const store: Space = pair.spaceOf(space);
  const found = new Set<Key>();
  for (let cursor = store.scan(0, 10, visit); cursor !== 0; cursor = store.scan(cursor, 10, visit));
  function visit({ key }: { readonly key: string }): void {
    found.add(pair.keys.numberOf(Buffer.from(key, 'latin1')));
  }
  pair.model.removeDue(space);
  mustAgree('scan', found.size === pair.model.count(space), true, `space ${space.id}`);
  const any = store.random();
  mustAgree('random', any !== undefined, found.size > 0, `space ${space.id}`);
  return `scan and random of ${space.id}`;
};
