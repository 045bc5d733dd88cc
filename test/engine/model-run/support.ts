/** What the operations of a model run share: random choices, ranges by plain comparison, and comparing. */
import type { Durability, Range } from '../../../engine/src/index.ts';
import type { Key } from './keys.ts';
import type { ModelSpace, Value } from './model.ts';
import type { Pair } from './pair.ts';

/** Does one operation to the store and to the model, compares, and says in a few words what it was. */
export type Act = (pair: Pair) => string | Promise<string>;

/** Bytes as hex. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: { type?: string; data?: number[] } | undefined) =>
    part?.type === 'Buffer' ? Buffer.from(part.data!).toString('hex') : part,
  );

export function anySpace(pair: Pair): ModelSpace {
  const spaces = [...pair.model.spaces.values()];
  return pair.random(2) === 0 ? spaces[0]! : spaces[pair.random(spaces.length)]!;
}

export const anyKey = (pair: Pair): Key => pair.random(pair.keys.count);

export function anyBytes(pair: Pair): Buffer {
  const size = [0, 1, 20, 20, 60, 60, 100, 700][pair.random(8)]! + pair.random(30);
  const bytes = Buffer.alloc(pair.random(60) === 0 ? 5000 : size, pair.random(256));
  if (bytes.length >= 4) bytes.writeUInt32LE(pair.random(2 ** 32), 0);
  return bytes;
}

/** A new value, with its options as `put` takes them. */
export function anyValue(pair: Pair) {
  const bytes = anyBytes(pair);
  const tag = pair.random(3) === 0 ? pair.random(256) : 0;
  const expiresAtMs = pair.random(5) === 0 ? pair.nowMs + pair.random(400) - 20 : 0;
  const orderKey = pair.random(6) === 0 ? Buffer.alloc(8, pair.random(256)) : undefined;
  const options = { tag, ...(expiresAtMs > 0 && { expiresAtMs }), ...(orderKey && { orderKey }) };
  const value = (seq: number): Value => ({ bytes, tag, expiresAtMs, orderKey, seq, blurred: false });
  return { bytes, options, value };
}

export function anyRange(pair: Pair, space: ModelSpace): Range {
  const limit = pair.random(4) === 0 ? { limit: pair.random(20) } : {};
  if (space.order === 'hash') return limit;
  const bound = (): Buffer => pair.keys.bytes[anyKey(pair)]!;
  const range: Record<string, unknown> = { ...limit, ...(pair.random(3) === 0 && { reverse: true }) };
  if (pair.random(4) === 0) range['prefix'] = bound().subarray(0, 1 + pair.random(2));
  else {
    if (pair.random(2) === 0) range[pair.random(2) === 0 ? 'gt' : 'gte'] = bound();
    if (pair.random(2) === 0) range[pair.random(2) === 0 ? 'lt' : 'lte'] = bound();
  }
  return range as Range;
}

/** The keys of a range, by plain comparison. */
export function keysIn(pair: Pair, range: Range): Key[] {
  const { gt, gte, lt, lte, prefix } = range as Record<'gt' | 'gte' | 'lt' | 'lte' | 'prefix', Buffer | undefined>;
  const found: Key[] = [];
  for (const [key, bytes] of pair.keys.bytes.entries()) {
    if (gt !== undefined && Buffer.compare(bytes, gt) <= 0) continue;
    if (gte !== undefined && Buffer.compare(bytes, gte) < 0) continue;
    if (lt !== undefined && Buffer.compare(bytes, lt) >= 0) continue;
    if (lte !== undefined && Buffer.compare(bytes, lte) > 0) continue;
    if (prefix !== undefined && !bytes.subarray(0, prefix.length).equals(prefix)) continue;
    found.push(key);
  }
  return range.reverse ? found.reverse() : found;
}

/** What a walk over the range must give, in order. */
export function expectedIn(pair: Pair, space: Pick<ModelSpace, 'values'>, range: Range): [Key, Value][] {
  const entries = keysIn(pair, range).flatMap(key => {
    const value = space.values[key];
    return value === undefined ? [] : [[key, value] satisfies [Key, Value]];
  });
  return entries.slice(0, range.limit);
}

/** A change by itself has returned at this level: what survives now? */
export function returned(pair: Pair, level: Durability = pair.level): void {
  if (pair.commit === 'turn' || level === 'memory') return;
  pair.model.keptByKill();
  if (level === 'disk') pair.model.keptByCut(pair.model.moment);
}

export function compareWalk(
  pair: Pair,
  space: Pick<ModelSpace, 'order' | 'values'>,
  range: Range,
  shown: readonly [Buffer, Buffer][],
): void {
  const found = shown.map(([key, value]) => [pair.keys.numberOf(key), value] as const);
  const expected = expectedIn(pair, space, space.order === 'key' ? range : {});
  if (space.order === 'hash') {
    found.sort(([a], [b]) => a - b); // What the order by hash is, only the store knows.
    if (range.limit !== undefined) {
      mustAgree('a walk with a limit', found.length === Math.min(range.limit, expected.length), true, 'by hash');
      return;
    }
  }
  const isSame = found.every(([key, value], i) => expected[i]?.[0] === key && expected[i]?.[1].bytes.equals(value));
  if (!isSame || found.length !== expected.length) {
    throw new Error(`a walk gives ${found.map(([key]) => key)}, must be ${expected.map(([key]) => key)}`);
  }
}

export function mustAgree(what: string, shown: boolean, expected: boolean, where: string): void {
  if (shown !== expected) throw new Error(`${what} says ${shown}, must say ${expected}: ${where}`);
}
