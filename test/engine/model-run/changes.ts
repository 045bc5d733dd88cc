/** Operations that change keys or spaces, one by one or several together. */
import type { Durability, Operation, WriteBatch } from '../../../engine/src/index.ts';
import type { ModelSpace } from './model.ts';
import type { Pair } from './pair.ts';
import {
  type Act,
  anyKey,
  anyRange,
  anySpace,
  anyValue,
  expectedIn,
  keysIn,
  mustAgree,
  returned,
  textOf,
} from './support.ts';

/** The level of one call: mostly the store's. In turn mode levels are those of the store. */
function anyCallLevel(pair: Pair): { durability?: Durability } {
  return pair.commit === 'call' && pair.random(20) === 0 ? { durability: pair.anyLevel() } : {};
}

export const put: Act = pair => {
  const [space, key, made, level] = [anySpace(pair), anyKey(pair), anyValue(pair), anyCallLevel(pair)];
  const seq = pair.spaceOf(space).put(pair.keys.bytes[key]!, made.bytes, { ...made.options, ...level });
  pair.model.step(() => pair.model.set(space, key, made.value(seq)));
  returned(pair, level.durability);
  return `put ${space.id}:${key} ${made.bytes.length} bytes ${textOf(made.options)} ${textOf(level)} -> ${seq}`;
};

export const remove: Act = pair => {
  const [space, key, level] = [anySpace(pair), anyKey(pair), anyCallLevel(pair)];
  const seq = pair.spaceOf(space).delete(pair.keys.bytes[key]!, level);
  const expected = pair.model.look(space, key);
  mustAgree('delete', seq !== undefined, expected !== undefined, `${space.id}:${key}`);
  pair.model.step(() => pair.model.set(space, key, undefined));
  if (seq !== undefined) returned(pair, level.durability);
  return `delete ${space.id}:${key} -> ${seq}`;
};

export const expire: Act = pair => {
  const [space, key] = [anySpace(pair), anyKey(pair)];
  const expiresAtMs = pair.random(3) === 0 ? undefined : pair.nowMs + pair.random(500) - 10;
  const seq = pair.spaceOf(space).expireAt(pair.keys.bytes[key]!, expiresAtMs);
  const old = pair.model.look(space, key);
  mustAgree('expireAt', seq !== undefined, old !== undefined, `${space.id}:${key}`);
  if (old !== undefined) {
    const value = { ...old, expiresAtMs: expiresAtMs ?? 0, seq: seq!, blurred: false };
    pair.model.step(() => pair.model.set(space, key, value));
    returned(pair);
  }
  return `expireAt ${space.id}:${key} ${expiresAtMs} -> ${seq}`;
};

export const update: Act = pair => {
  const [space, key, made] = [anySpace(pair), anyKey(pair), anyValue(pair)];
  const removes = pair.random(5) === 0;
  const seq = pair.spaceOf(space).update(pair.keys.bytes[key]!, () => (removes ? undefined : made.bytes));
  const old = pair.model.look(space, key);
  mustAgree('update', seq !== undefined, !removes || old !== undefined, `${space.id}:${key}`);
  const fresh = { ...made.value(seq ?? 0), tag: 0, expiresAtMs: 0, orderKey: undefined };
  const value = old === undefined ? fresh : { ...old, bytes: made.bytes, seq: seq ?? 0, blurred: false };
  pair.model.step(() => pair.model.set(space, key, removes ? undefined : value));
  if (seq !== undefined) returned(pair);
  return `update ${space.id}:${key} ${removes ? 'to nothing' : `${made.bytes.length} bytes`} -> ${seq}`;
};

export const conditional: Act = pair => {
  const [space, key, made] = [anySpace(pair), anyKey(pair), anyValue(pair)];
  const bytes = pair.keys.bytes[key]!;
  const store = pair.spaceOf(space);
  const seqNow = store.getEntry(bytes)?.seq;
  mustAgree('getEntry', seqNow !== undefined, pair.model.look(space, key) !== undefined, `${space.id}:${key}`);
  const condition =
    pair.random(2) === 0 ? { ifAbsent: true as const } : { ifSeq: pair.random(2) === 0 ? (seqNow ?? 7) : 3 };
  const met = 'ifAbsent' in condition ? seqNow === undefined : condition.ifSeq === seqNow;
  try {
    const seq = store.put(bytes, made.bytes, { ...made.options, ...condition });
    if (!met) throw new Error(`a put of ${space.id}:${key} that had to conflict did not`);
    pair.model.step(() => pair.model.set(space, key, made.value(seq)));
    returned(pair);
  } catch (error) {
    if (met || (error as { code?: string }).code !== 'CONFLICT') throw error;
  }
  return `put ${space.id}:${key} ${textOf(condition)}: ${met ? 'met' : 'unmet'}`;
};

export const putMany: Act = pair => {
  const [space, made] = [anySpace(pair), anyValue(pair)];
  const keys = Array.from({ length: pair.random(6) }, () => anyKey(pair));
  pair.spaceOf(space).putMany(
    keys.map(key => [pair.keys.bytes[key]!, made.bytes] as const),
    made.options,
  );
  pair.model.step(() => {
    for (const key of keys) pair.model.set(space, key, made.value(0));
  });
  if (keys.length > 0) returned(pair);
  return `putMany ${space.id}:${keys} ${made.bytes.length} bytes`;
};

/** One change of several: what `write` takes, what a batch does, what the model does. */
interface OneOfSeveral {
  readonly operation: Operation;
  readonly add: (batch: WriteBatch) => void;
  readonly apply: () => void;
  readonly text: string;
}

function anyChange(pair: Pair): OneOfSeveral {
  const [place, key] = [anySpace(pair), anyKey(pair)];
  const [bytes, space] = [pair.keys.bytes[key]!, place.id];
  const kind = pair.random(40);
  if (kind === 0) return anyRangeDelete(pair, place);
  if (kind < 13) {
    return {
      operation: { type: 'delete', key: bytes, space },
      add: batch => batch.delete(bytes, { space }),
      apply: () => pair.model.set(place, key, undefined),
      text: `delete ${space}:${key}`,
    };
  }
  const made = anyValue(pair);
  return {
    operation: { type: 'put', key: bytes, value: made.bytes, space, ...made.options },
    add: batch => batch.put(bytes, made.bytes, { space, ...made.options }),
    apply: () => pair.model.set(place, key, made.value(0)),
    text: `put ${space}:${key}`,
  };
}

function anyRangeDelete(pair: Pair, place: ModelSpace): OneOfSeveral {
  const { limit: _, reverse: __, ...range } = anyRange(pair, place);
  return {
    operation: { type: 'deleteRange', space: place.id, ...range },
    add: batch => batch.deleteRange(range, { space: place.id }),
    apply: () => {
      for (const key of keysIn(pair, range)) pair.model.set(place, key, undefined);
    },
    text: `deleteRange ${place.id} ${textOf(range)}`,
  };
}

const anyChanges = (pair: Pair): OneOfSeveral[] => Array.from({ length: 1 + pair.random(8) }, () => anyChange(pair));

/** Within a step. */
function applyAll(changes: readonly OneOfSeveral[]): void {
  for (const { apply } of changes) apply();
}

const textsOf = (changes: readonly OneOfSeveral[]): string => changes.map(({ text }) => text).join(', ');

export const batch: Act = pair => {
  const changes = anyChanges(pair);
  const made = pair.db.batch();
  for (const { add } of changes) add(made);
  made.commit();
  pair.model.step(() => applyAll(changes));
  returned(pair);
  return `batch: ${textsOf(changes)}`;
};

export const write: Act = async pair => {
  const several = Array.from({ length: 1 + pair.random(3) }, () => anyChanges(pair));
  const level = pair.commit === 'call' && pair.random(4) === 0 ? pair.anyLevel() : pair.level;
  const writes = several.map(changes =>
    pair.db.write(
      changes.map(({ operation }) => operation),
      { durability: level },
    ),
  );
  for (const changes of several) pair.model.step(() => applyAll(changes));
  await Promise.all(writes);
  if (level !== 'memory') pair.model.keptByKill();
  if (level === 'disk') pair.model.keptByCut(pair.model.moment);
  return `${several.length} writes at ${textOf(level)}: ${several.map(textsOf).join(' | ')}`;
};

export const deleteRange: Act = pair => {
  const space = anySpace(pair);
  const { limit: _, reverse: __, ...range } = anyRange(pair, space);
  const all = space.order === 'hash' || pair.random(15) === 0;
  if (all && pair.random(4) !== 0) return 'nothing';
  const store = pair.spaceOf(space);
  const seq = all ? store.clear() : store.deleteRange(range);
  pair.model.removeDue(space);
  const keys = expectedIn(pair, space, all ? {} : range).map(([key]) => key);
  mustAgree('deleteRange', seq !== undefined, keys.length > 0, `space ${space.id}`);
  pair.model.step(() => {
    for (const key of keys) pair.model.set(space, key, undefined);
  });
  if (seq !== undefined) returned(pair);
  return `deleteRange ${space.id} ${all ? 'all' : textOf(range)}: ${keys.length} keys -> ${seq}`;
};

export const makeSpace: Act = pair => {
  if (pair.model.spaces.size > 5) return 'nothing';
  const order = pair.random(2) === 0 ? 'hash' : 'key';
  const { id } = pair.db.createSpace({ order });
  if (pair.model.spaces.has(id)) throw new Error(`space ${id} is there already`);
  pair.model.step(() => pair.model.makeSpace(id, order));
  returned(pair);
  return `createSpace ${order} -> ${id}`;
};

export const dropSpace: Act = pair => {
  const spaces = [...pair.model.spaces.values()].slice(1);
  const space = spaces[pair.random(Math.max(1, spaces.length))];
  if (space === undefined) return 'nothing';
  pair.db.dropSpace(space.id);
  pair.model.step(() => pair.model.dropSpace(space));
  returned(pair);
  return `dropSpace ${space.id}`;
};
