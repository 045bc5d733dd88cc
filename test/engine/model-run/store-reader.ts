/** Everything a store or a snapshot shows, read through its public calls, in the shape in which the model holds it. */
import type { Database, EntryWithValue, Space, SpaceSnapshot } from '../../../engine/src/index.ts';
import type { Keys } from './keys.ts';
import type { Shown, Value, Values } from './model.ts';

/** What a store says of one key, as the model has it. */
export function toValue({ value, tag, expiresAtMs = 0, orderKey, seq }: EntryWithValue): Value {
  return { bytes: value, tag, expiresAtMs, orderKey, seq, blurred: false };
}

/** All of a space, met by walking over it; the order of the walk is checked. */
export function readSpace(space: Space | SpaceSnapshot, keys: Keys): Values {
  const values = new Array<Value | undefined>(keys.count).fill(undefined);
  let last = -1;
  for (const [bytes, walked] of space.entries()) {
    const key = keys.numberOf(bytes);
    if (values[key] !== undefined) throw new Error(`space ${space.id}: key ${key} is met twice`);
    if (space.order === 'key' && key < last) throw new Error(`space ${space.id}: key ${key} is met after ${last}`);
    last = key;
    const entry = space.getEntry(bytes);
    if (entry === undefined) throw new Error(`space ${space.id}: key ${key} is met and cannot be read`);
    if (!entry.value.equals(walked)) throw new Error(`space ${space.id}: a walk shows another value for key ${key}`);
    values[key] = toValue(entry);
  }
  return values;
}

/** All spaces of a store. */
export function readAll(db: Database, keys: Keys): Shown {
  return new Map(db.spaces().map(space => [space.id, { order: space.order, values: readSpace(space, keys) }]));
}
