/**
 * Numbered changes: change number i is always the same, so that a process that is killed and the one that looks at what is
 * left need agree on a number only. Changes are puts, deletes, batches and ranges over a few thousand keys.
 */
import type { Database } from '../../engine/src/index.ts';
import { seeded } from './fault-house/seeded.ts';

const KEYS = 2000;

/** What a change does: values to store, keys to remove. */
export interface NumberedChange {
  readonly puts: ReadonlyMap<string, string>;
  readonly deletes: readonly string[];
}

const keyOf = (n: number): string => `key ${String(n).padStart(4, '0')}`;

/** Change number `i`. */
export function changeNumber(i: number): NumberedChange {
  const random = seeded(i * 2654435761);
  const key = (): string => keyOf(random(KEYS));
  const value = `${i} ${'v'.repeat(random(200))}`;
  const kind = random(100);
  if (kind < 65) return { puts: new Map([[key(), value]]), deletes: [] };
  if (kind < 90) return { puts: new Map(), deletes: [key()] };
  if (kind < 99) return { puts: new Map([key(), key(), key()].map(name => [name, value])), deletes: [] };
  const first = random(KEYS - 20);
  return { puts: new Map(), deletes: Array.from({ length: 20 }, (_, n) => keyOf(first + n)) };
}

/** Make change number `i`, as one step. */
export function makeChange(db: Database, i: number): void {
  const { puts, deletes } = changeNumber(i);
  if (deletes.length > 1) db.deleteRange({ gte: deletes[0]!, lte: deletes.at(-1)! });
  else if (deletes.length === 1) db.delete(deletes[0]!);
  else if (puts.size === 1) for (const [key, value] of puts) db.put(key, value);
  else db.putMany(puts);
}

/** What a store holds after all changes below a number. */
export class NumberedModel {
  readonly values = new Map<string, string>();
  next = 0;

  /** Go on to the state before change number `to`. */
  advance(to: number): void {
    for (; this.next < to; this.next++) this.#apply(changeNumber(this.next));
  }

  /** Go on until the state is `found`, by `limit` changes at most; answers whether it has come to that. */
  advanceTo(found: ReadonlyMap<string, string>, limit: number): boolean {
    const differing = new Set([...this.values.keys(), ...found.keys()].filter(key => !this.#agrees(found, key)));
    for (let left = limit; differing.size > 0 && left > 0; left--, this.next++) {
      const change = changeNumber(this.next);
      this.#apply(change);
      for (const key of [...change.puts.keys(), ...change.deletes]) {
        if (this.#agrees(found, key)) differing.delete(key);
        else differing.add(key);
      }
    }
    return differing.size === 0;
  }

  #agrees(found: ReadonlyMap<string, string>, key: string): boolean {
    return found.get(key) === this.values.get(key);
  }

  #apply({ puts, deletes }: NumberedChange): void {
    for (const key of deletes) this.values.delete(key);
    for (const [key, value] of puts) this.values.set(key, value);
  }
}
