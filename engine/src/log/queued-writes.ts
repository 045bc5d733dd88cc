/**
 * Queued writes: what `write()` was given in this turn of the event loop, appended together by one write call. Each
 * counts all or none by itself: one whose condition is not met leaves the others alone.
 *
 * Invariant: nothing becomes visible before the one append has succeeded, and then all does, in the order of the calls.
 */

import type { Durability } from '../options.ts';
import type { Commit } from './commit.ts';
import { Outlook } from './conditions.ts';

/** Several changes that wait for the append of the turn (see write-batch.ts). */
export interface QueuedWrite {
  readonly level: Durability;
  readonly isConditional: boolean;
  /** Judge its conditions, and add to `outlook` what it will make of its keys. @throws {EngineError} `CONFLICT`. */
  judge(outlook: Outlook): void;
  /** Add the records to the log. */
  encode(): void;
  /** The log has accepted them: make them visible; returns the seq of the last one. */
  apply(): number;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

/** The writes that wait for the end of the turn, or for the next change. */
export class QueuedWrites {
  readonly #commit: Commit;
  #writes: QueuedWrite[] = [];

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  add(write: QueuedWrite): void {
    this.#writes.push(write);
  }

  /** Append all, each as a unit of its own, in one write. Never throws: whoever made a write is told. */
  append(): void {
    const writes = this.#judged(this.#writes);
    this.#writes = [];
    if (writes.length === 0) return;
    try {
      this.#commit.begin();
      this.#encodeAll(writes);
      this.#commit.flushOrUndo();
    } catch (error) {
      for (const write of writes) write.reject(error);
      return;
    }
    for (const write of writes) this.#settle(write, write.apply());
  }

  /** Those that may happen; the others are told at once. */
  #judged(writes: QueuedWrite[]): readonly QueuedWrite[] {
    if (!writes.some(write => write.isConditional)) return writes;
    const outlook = new Outlook();
    return writes.filter(write => {
      try {
        write.judge(outlook);
        return true;
      } catch (error) {
        write.reject(error);
        return false;
      }
    });
  }

  #encodeAll(writes: readonly QueuedWrite[]): void {
    const { log } = this.#commit;
    try {
      for (const [i, write] of writes.entries()) {
        if (i > 0) log.beginUnit(); // The first unit was begun by `begin`.
        write.encode();
        log.endUnit();
      }
    } catch (error) {
      this.#commit.undo();
      throw error;
    }
  }

  #settle(write: QueuedWrite, seq: number): void {
    const { writer } = this.#commit;
    writer.afterWrite(write.level);
    if (write.level !== 'disk') write.resolve(seq);
    else writer.queue.wait(seq).then(() => write.resolve(seq), write.reject);
  }
}
