/**
 * The model: what a store must hold, as plain arrays, and how it came to that, step by step, back to the last moment that
 * surely is on the disk. After a crash some moment of that history must be what the store shows.
 *
 * Expiry is the one thing that is not certain. A key that was due while the store was open may have been removed by a sweep that
 * nobody saw; after the clock was set back and the store opened again it may be there, or not. Such a value is `blurred`.
 */
import type { Key } from './keys.ts';

/** A value, and all that is known of its key. */
export interface Value {
  readonly bytes: Buffer;
  readonly tag: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly orderKey: Buffer | undefined;
  /** The seq of the newest change; 0 where the model cannot know it. */
  readonly seq: number;
  /** It was due once: a sweep may have removed it. */
  blurred: boolean;
}

export type Values = (Value | undefined)[];

/** A space: a value for each key number. */
export interface ModelSpace {
  readonly id: number;
  readonly order: 'key' | 'hash';
  readonly values: Values;
}

type Undo =
  | { readonly what: 'value'; readonly space: ModelSpace; readonly key: Key; readonly before: Value | undefined }
  | { readonly what: 'made'; readonly space: ModelSpace }
  | { readonly what: 'dropped'; readonly space: ModelSpace };

/** What a store shows, gathered by reading all of it. */
export type Shown = ReadonlyMap<number, { readonly order: 'key' | 'hash'; readonly values: Values }>;

export class Model {
  readonly keyCount: number;
  readonly spaces = new Map<number, ModelSpace>();
  /** The store's clock: the latest time it has seen since it was opened. */
  clockMs = 0;
  /** One list of changes for each step; a step happens as a whole or not at all. */
  #steps: Undo[][] = [];
  #open: Undo[] | undefined;
  /** Steps before this one survive a power cut; those from 0 are still remembered. */
  #keptByKill = 0;

  constructor(keyCount: number) {
    this.keyCount = keyCount;
    this.spaces.set(0, { id: 0, order: 'key', values: new Array<Value | undefined>(keyCount).fill(undefined) });
  }

  // ------------------------------------------------------------------------------------------------------- changes

  /** All changes that `make` makes are one step. */
  step(make: () => void): void {
    if (this.#open !== undefined) throw new Error('a step within a step');
    this.#open = [];
    try {
      make();
      if (this.#open.length > 0) this.#steps.push(this.#open);
    } finally {
      this.#open = undefined;
    }
  }

  /** Within a step: this key has this value from now on, or none. */
  set(space: ModelSpace, key: Key, value: Value | undefined): void {
    const before = space.values[key];
    if (before === undefined && value === undefined) return;
    this.#open!.push({ what: 'value', space, key, before });
    space.values[key] = value;
  }

  /** Within a step. */
  makeSpace(id: number, order: 'key' | 'hash'): void {
    const space = { id, order, values: new Array<Value | undefined>(this.keyCount).fill(undefined) };
    this.spaces.set(id, space);
    this.#open!.push({ what: 'made', space });
  }

  /** Within a step. */
  dropSpace(space: ModelSpace): void {
    this.spaces.delete(space.id);
    this.#open!.push({ what: 'dropped', space });
  }

  // --------------------------------------------------------------------------------------------------------- reads

  isDue(value: Value): boolean {
    return value.expiresAtMs !== 0 && value.expiresAtMs <= this.clockMs;
  }

  /** The value that a reader of this key must see. A due one is removed by being looked at: that is a step of the store's. */
  look(space: ModelSpace, key: Key): Value | undefined {
    const value = space.values[key];
    if (value === undefined || !this.isDue(value)) return value;
    this.step(() => this.set(space, key, undefined));
    return undefined;
  }

  /** Remove all keys that are due, as whatever counts or lists them does. */
  removeDue(space: ModelSpace): void {
    for (const [key, value] of space.values.entries()) {
      if (value !== undefined && this.isDue(value)) this.step(() => this.set(space, key, undefined));
    }
  }

  count(space: ModelSpace): number {
    return space.values.reduce((sum, value) => sum + (value === undefined ? 0 : 1), 0);
  }

  // --------------------------------------------------------------------------------------------------------- crashes

  /** All steps so far survive a kill. */
  keptByKill(): void {
    this.#keptByKill = this.#steps.length;
  }

  /** The number of steps so far, for {@link keptByCut}. */
  get moment(): number {
    return this.#steps.length;
  }

  /** All steps before this moment survive a power cut; how they came about is forgotten. */
  keptByCut(moment: number): void {
    this.#steps = this.#steps.slice(moment);
    this.#keptByKill = Math.min(this.#steps.length, Math.max(0, this.#keptByKill - moment));
  }

  /** How many steps could still be undone by a power cut. */
  get uncertain(): number {
    return this.#steps.length;
  }

  /** The store was closed or its process is gone: a new one begins with a clock of its own. */
  newProcess(): void {
    for (const value of this.#everyValue()) if (this.isDue(value)) value.blurred = true;
    this.clockMs = 0;
  }

  /**
   * Find the newest moment that is what the store shows, and go back to it; answers how many steps are gone.
   * @throws when no moment fits that a crash of this kind may leave; the error tells the one that comes closest.
   */
  goBackTo(shown: Shown, crash: 'kill' | 'cut'): number {
    const earliest = crash === 'kill' ? this.#keptByKill : 0;
    const differences = new Differences(this, shown);
    let closest = differences.text;
    let fewest = differences.count;
    let gone = 0;
    while (differences.count > 0 && this.#steps.length > earliest) {
      for (const undo of this.#steps.pop()!.reverse()) this.#undo(undo, differences);
      gone++;
      if (differences.count >= fewest) continue;
      fewest = differences.count;
      closest = `${gone} steps back: ${differences.text}`;
    }
    if (differences.count > 0) {
      throw new Error(`it is no moment of the last ${gone + 1} that a ${crash} may leave; the closest is ${closest}`);
    }
    this.#settle(shown);
    this.keptByCut(this.moment); // What a store shows after opening must not go away again.
    return gone;
  }

  /** What the store shows decides what was not certain. */
  #settle(shown: Shown): void {
    for (const space of this.spaces.values()) {
      const { values } = shown.get(space.id)!;
      for (const [key, value] of space.values.entries()) {
        if (value !== undefined) space.values[key] = values[key];
      }
    }
  }

  #undo(undo: Undo, differences: Differences): void {
    const { space } = undo;
    if (undo.what === 'value') {
      space.values[undo.key] = undo.before;
      if (this.spaces.get(space.id) === space) differences.lookAgain(space, undo.key);
    } else {
      if (undo.what === 'made') this.spaces.delete(space.id);
      else this.spaces.set(space.id, space);
      differences.lookAgainAtSpace(space.id);
    }
  }

  *#everyValue(): Iterable<Value> {
    for (const { values } of this.spaces.values()) for (const value of values) if (value !== undefined) yield value;
    for (const step of this.#steps) {
      for (const undo of step) {
        if (undo.what === 'value' && undo.before !== undefined) yield undo.before;
        if (undo.what === 'dropped') for (const value of undo.space.values) if (value !== undefined) yield value;
      }
    }
  }
}

/** Where a model and what a store shows differ, kept up to date while the model goes back. */
class Differences {
  readonly #model: Model;
  readonly #shown: Shown;
  /** For each space the keys that differ; `undefined`: the space itself is there and must not be, or lacks. */
  readonly #found = new Map<number, Set<Key> | undefined>();

  constructor(model: Model, shown: Shown) {
    this.#model = model;
    this.#shown = shown;
    for (const id of new Set([...model.spaces.keys(), ...shown.keys()])) this.lookAgainAtSpace(id);
  }

  get count(): number {
    return [...this.#found.values()].reduce((sum, keys) => sum + (keys?.size ?? 1000), 0);
  }

  /** Some of the differences. */
  get text(): string {
    const texts = [...this.#found].flatMap(([id, keys]) =>
      keys === undefined ? [`space ${id} as a whole`] : Array.from(keys, key => this.#textOf(id, key)),
    );
    return `${texts.length} differences: ${texts.slice(0, 5).join('; ')}`;
  }

  #textOf(id: number, key: Key): string {
    return `${id}:${key} is ${valueText(this.#shown.get(id)!.values[key])}, must be ${valueText(this.#model.spaces.get(id)!.values[key])}`;
  }

  lookAgainAtSpace(id: number): void {
    const [space, found] = [this.#model.spaces.get(id), this.#shown.get(id)];
    this.#found.delete(id);
    if (space?.order !== found?.order) this.#found.set(id, undefined);
    else if (space !== undefined) for (let key = 0; key < this.#model.keyCount; key++) this.lookAgain(space, key);
  }

  lookAgain(space: ModelSpace, key: Key): void {
    const shown = this.#shown.get(space.id);
    if (shown === undefined || shown.order !== space.order) return; // The space as a whole differs.
    const keys = this.#found.get(space.id) ?? new Set();
    if (fits(space.values[key], shown.values[key], this.#model)) keys.delete(key);
    else keys.add(key);
    if (keys.size > 0) this.#found.set(space.id, keys);
    else this.#found.delete(space.id);
  }
}

/** A value for people. */
export function valueText(value: Value | undefined): string {
  if (value === undefined) return 'absent';
  const { bytes, tag, expiresAtMs, orderKey, seq, blurred } = value;
  const order = orderKey === undefined ? '' : ` order ${orderKey.toString('hex')}`;
  const begin = bytes.subarray(0, 6).toString('hex');
  return `${bytes.length} bytes ${begin} seq ${seq} tag ${tag} expiry ${expiresAtMs}${order}${blurred ? ' blurred' : ''}`;
}

/** Whether a store may show this where the model has that. */
export function fits(expected: Value | undefined, shown: Value | undefined, model: Model): boolean {
  if (expected === undefined) return shown === undefined;
  if (shown === undefined) return expected.blurred || model.isDue(expected);
  return !model.isDue(expected) && sameValue(expected, shown);
}

/** Whether two values are the same in all that is known of both. */
export function sameValue(a: Value, b: Value): boolean {
  return (
    a.bytes.equals(b.bytes) &&
    a.tag === b.tag &&
    a.expiresAtMs === b.expiresAtMs &&
    (a.seq === b.seq || a.seq === 0 || b.seq === 0) &&
    (a.orderKey === undefined ? b.orderKey === undefined : b.orderKey !== undefined && a.orderKey.equals(b.orderKey))
  );
}
