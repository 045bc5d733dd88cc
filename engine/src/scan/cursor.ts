/**
 * Cursor: what `entries`, `keys` and `values` return. It gives out what a range holds, one item at a time, all as of the
 * moment of its first step.
 *
 * That moment is a snapshot, and what it sees must be kept. So a cursor lets go of it as soon as it can: at its end, when
 * a loop is left by `break` or an error, on `return()`, and when it is forgotten half-way, once it is garbage.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { EngineError } from '../errors.ts';
import type { Input } from '../format/bytes.ts';
import { type Entry, keyBytes } from '../keydir/keydir.ts';
import type { View } from './moment.ts';
import { limitOf, type Range, toKey, type Walk } from './scan.ts';

/** In `for await`, the event loop has its turn after so many milliseconds. */
const BREATH_MS = 5;

/** Where a cursor's view comes from. */
export interface CursorSource {
  /** Called once, at the first step, by the cursor `owner`. */
  open(owner: object): View;
  /** The cursor is at its end, or was left. */
  close(view: View): void;
}

/** The items of a range, one at a time: for `for`, for `for await`, which lets the event loop breathe, and by hand. */
export class Cursor<T> {
  readonly #source: CursorSource;
  readonly #range: Range;
  readonly #pick: (entry: Entry, view: View) => T;
  #left: number;
  #view: View | undefined;
  #walk: Walk | undefined;
  #isDone = false;

  /** @internal Cursors are made by `entries`, `keys` and `values`. */
  constructor(source: CursorSource, range: Range, pick: (entry: Entry, view: View) => T) {
    this.#source = source;
    this.#range = range;
    this.#pick = pick;
    this.#left = limitOf(range);
  }

  /** The next item. @throws {EngineError} `CLOSED`, `CORRUPT` ...: then the cursor has come to its end. */
  next(): IteratorResult<T, undefined> {
    try {
      const entry = this.#isDone || this.#left <= 0 ? undefined : this.#nextEntry();
      if (entry === undefined) return this.return();
      const value = this.#pick(entry, this.#view!);
      this.#left--;
      if (this.#left === 0) this.return(); // What it sees is let go of with the last item.
      return { done: false, value };
    } catch (error) {
      this.return();
      throw error;
    }
  }

  /**
   * Go on with the first key of the range that is not before `key`; in reverse, with the last that is not behind it.
   * It may lie behind or before the items already given. The limit counts on.
   * @throws {EngineError} `CLOSED` when the cursor has come to its end, `UNSUPPORTED` where keys have no such order.
   */
  seek(key: Input): this {
    if (this.#isDone) throw new EngineError('CLOSED', 'the cursor has come to its end');
    this.#begin().seek(toKey(key));
    return this;
  }

  /** Leave the cursor where it is: it has no more items. A second call does nothing. */
  return(): IteratorResult<T, undefined> {
    this.#isDone = true;
    this.#walk = undefined;
    if (this.#view !== undefined) this.#source.close(this.#view);
    this.#view = undefined;
    return { done: true, value: undefined };
  }

  /** Itself, for `for`. */
  [Symbol.iterator](): this {
    return this;
  }

  /** The same items for `for await`. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    let restedAt = performance.now();
    for (const item of this) {
      yield item;
      if (performance.now() - restedAt < BREATH_MS) continue;
      await nextTurn();
      restedAt = performance.now();
    }
  }

  /** {@link return}, for `using`. */
  [Symbol.dispose](): void {
    this.return();
  }

  #begin(): Walk {
    if (this.#walk === undefined) {
      this.#view = this.#source.open(this);
      this.#walk = this.#view.walk(this.#range);
    }
    return this.#walk;
  }

  /** The next key's entry at that moment; keys that had none are passed over. */
  #nextEntry(): Entry | undefined {
    const keys = this.#begin();
    const view = this.#view!;
    view.assertOpen();
    for (let key = keys.next(); key !== undefined; key = keys.next()) {
      const entry = view.find(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

/** Of an entry: key and value. */
export function entryPair(entry: Entry, view: View): [Buffer, Buffer] {
  return [keyBytes(entry.key), view.valueOf(entry)];
}

/** Of an entry: the key. */
export function entryKey(entry: Entry): Buffer {
  return keyBytes(entry.key);
}

/** Of an entry: the value. */
export function entryValue(entry: Entry, view: View): Buffer {
  return view.valueOf(entry);
}
