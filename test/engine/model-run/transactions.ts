/**
 * Transactions: reads and changes over the model as it would be after them. Some fail and leave nothing, some have parts
 * that fail by themselves; of the optimistic ones some are interfered with by others.
 */
import type { Transaction } from '../../../engine/src/index.ts';
import type { Key } from './keys.ts';
import { fits, type ModelSpace, type Value, type Values } from './model.ts';
import type { Pair } from './pair.ts';
import { toValue } from './store-reader.ts';
import {
  type Act,
  anyKey,
  anyRange,
  anySpace,
  anyValue,
  compareWalk,
  expectedIn,
  mustAgree,
  returned,
} from './support.ts';

/** What a transaction sees: copies of the spaces it has looked at, with its own changes in them. */
class View {
  readonly #pair: Pair;
  readonly #spaces = new Map<number, Values>();

  constructor(pair: Pair, from?: View) {
    this.#pair = pair;
    if (from !== undefined) for (const [id, values] of from.#spaces) this.#spaces.set(id, [...values]);
  }

  of({ id, values }: ModelSpace): Values {
    const own = this.#spaces.get(id) ?? [...values];
    this.#spaces.set(id, own);
    return own;
  }

  /** Take over what another view, made from this one, has come to. */
  become(other: View): void {
    for (const [id, values] of other.#spaces) this.#spaces.set(id, values);
  }

  /** Within a step: the model becomes what the transaction saw at its end. */
  apply(): void {
    for (const [id, values] of this.#spaces) {
      const space = this.#pair.model.spaces.get(id)!;
      for (const [key, value] of values.entries()) {
        if (value !== space.values[key]) this.#pair.model.set(space, key, value);
      }
    }
  }

  /** What a walk gives: keys that are due are not there. */
  visible(space: ModelSpace): Values {
    return this.of(space).map(value => (value !== undefined && this.#pair.model.isDue(value) ? undefined : value));
  }
}

/** Read or change something in a transaction and in what it should see. */
function doOne(pair: Pair, tx: Transaction, view: View): string {
  const [space, key] = [anySpace(pair), anyKey(pair)];
  const store = tx.space(space.id);
  if (store === undefined) throw new Error(`a transaction has no space ${space.id}`);
  const values = view.of(space);
  const bytes = pair.keys.bytes[key]!;
  const there = (): boolean => view.visible(space)[key] !== undefined;
  switch (pair.random(7)) {
    case 0:
    case 1: {
      const made = anyValue(pair);
      store.put(bytes, made.bytes, made.options);
      values[key] = made.value(0);
      return `put ${space.id}:${key}`;
    }
    case 2: {
      mustAgree('tx.delete', store.delete(bytes), there(), `${space.id}:${key}`);
      values[key] = undefined;
      return `delete ${space.id}:${key}`;
    }
    case 3: {
      const { limit: _, reverse: __, ...range } = anyRange(pair, space);
      if (space.order === 'hash' || pair.random(4) !== 0) return 'nothing';
      const keys = expectedIn(pair, { values: view.visible(space) }, range).map(([found]) => found);
      mustAgree('tx.deleteRange', store.deleteRange(range), keys.length > 0, `space ${space.id}`);
      for (const found of keys) values[found] = undefined;
      return `deleteRange ${space.id}: ${keys.length}`;
    }
    case 4: {
      const range = anyRange(pair, space);
      compareWalk(pair, { order: space.order, values: view.visible(space) }, range, [...store.entries(range)]);
      return `entries ${space.id}`;
    }
    default: {
      readOne(pair, view, space, key, store.getEntry(bytes));
      return `get ${space.id}:${key}`;
    }
  }
}

function readOne(
  pair: Pair,
  view: View,
  space: ModelSpace,
  key: Key,
  shown: Parameters<typeof toValue>[0] | undefined,
): void {
  const expected: Value | undefined = view.of(space)[key];
  if (fits(expected, shown && toValue(shown), pair.model)) return;
  throw new Error(`a transaction reads another value of ${space.id}:${key}`);
}

/** Some operations, and parts of the transaction that are transactions themselves; some of those fail. */
function doSome(pair: Pair, tx: Transaction, view: View, depth: number): string {
  const texts: string[] = [];
  for (let left = pair.random(7); left > 0; left--) {
    if (depth > 2 || pair.random(6) !== 0) {
      texts.push(doOne(pair, tx, view));
      continue;
    }
    const inner = new View(pair, view);
    const fails = pair.random(2) === 0;
    const outcome = attempt(() =>
      (pair.random(2) === 0 ? tx : pair.db).transaction(part => {
        texts.push(`(${doSome(pair, part, inner, depth + 1)})${fails ? ' rolled back' : ''}`);
        if (fails) throw new Error('on purpose');
      }),
    );
    if (outcome) view.become(inner);
  }
  return texts.join(', ');
}

/** Whether it went well; it may fail on purpose only. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as Error).message !== 'on purpose') throw error;
    return false;
  }
}

export const transaction: Act = pair => {
  const fails = pair.random(4) === 0;
  const view = new View(pair);
  let text = '';
  const done = attempt(() =>
    pair.db.transaction(tx => {
      for (const space of pair.model.spaces.values()) pair.model.removeDue(space);
      text = doSome(pair, tx, view, 0);
      if (fails) throw new Error('on purpose');
    }),
  );
  if (done) {
    const before = pair.model.moment;
    pair.model.step(() => view.apply());
    if (pair.model.moment > before) returned(pair); // Else nothing was appended: removals of due keys wait for the turn's end.
  }
  return `transaction${done ? '' : ' rolled back'}: ${text}`;
};

/** Reads one key, changes another; in between somebody else may change the one that was read, or one that was not. */
export const optimistic: Act = async pair => {
  const space = pair.model.spaces.get(0)!;
  const [read, changed, other] = [anyKey(pair), anyKey(pair), anyKey(pair)];
  const meddles = pair.random(3); // 0: nobody; 1: with the key that is read; 2: with another one
  const attempts = 1 + pair.random(2);
  const made = anyValue(pair);
  const touched = meddles === 1 ? read : other;
  const conflicts = meddles === 1 || (meddles === 2 && (other === read || other === changed));
  let runs = 0;
  const work = async (tx: Transaction): Promise<void> => {
    runs++;
    for (const each of pair.model.spaces.values()) pair.model.removeDue(each);
    const view = new View(pair);
    readOne(pair, view, space, read, tx.getEntry(pair.keys.bytes[read]!));
    if (runs === 1 && meddles > 0) meddle(pair, space, touched);
    await new Promise(setImmediate);
    tx.put(pair.keys.bytes[changed]!, made.bytes, made.options);
  };
  const fails = conflicts && attempts === 1;
  try {
    await pair.db.optimistic(work, { attempts });
    if (fails) throw new Error('a transaction that was interfered with has been made');
    pair.model.step(() => pair.model.set(space, changed, made.value(0)));
    if (pair.level !== 'memory') pair.model.keptByKill();
    if (pair.level === 'disk') pair.model.keptByCut(pair.model.moment);
  } catch (error) {
    if (!fails || (error as { code?: string }).code !== 'CONFLICT') throw error;
  }
  mustAgree('optimistic', runs === (conflicts && !fails ? 2 : 1), true, `${runs} runs`);
  return `optimistic ${read} -> ${changed}${meddles > 0 ? `, somebody puts ${touched}` : ''}${fails ? ': conflict' : ''}`;
};

function meddle(pair: Pair, space: ModelSpace, key: Key): void {
  const made = anyValue(pair); // Without its expiry: a key that was absent and is due at once has not changed.
  const seq = pair.db.put(pair.keys.bytes[key]!, made.bytes, { tag: made.options.tag });
  pair.model.step(() => pair.model.set(space, key, { ...made.value(seq), expiresAtMs: 0, orderKey: undefined }));
}
