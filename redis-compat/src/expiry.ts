/**
 * Active expiry: keys whose time has come are removed even if nobody asks for them, so that DBSIZE falls and their memory
 * comes back.
 *
 * Invariants: (1) a slice of the cycle ends after {@link SLICE_MS}, and the loop serves clients before the next;
 *             (2) the timer keeps no process alive.
 * Left out: sampling. The engine knows which keys are due, soonest first, so nothing has to be guessed.
 */
import { EngineError } from '@zerocask/engine';
import type { Databases } from './keyspace.ts';

/** How often the cycle begins: Redis's `hz 10`. */
const PERIOD_MS = 100;
/** How long the loop is held at most. */
const SLICE_MS = 1;
/** Keys removed between two looks at the clock. */
const STEP = 16;

/** Removes due keys in the background. */
export class ExpiryCycle {
  /** DEBUG SET-ACTIVE-EXPIRE: while false, only lookups remove keys. */
  enabled = true;
  readonly #databases: Databases;
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  start(): void {
    this.#timer = setInterval(() => this.#run(), PERIOD_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#next);
    this.#timer = undefined;
    this.#next = undefined;
  }

  /** One slice; true when due keys are left. */
  slice(): boolean {
    this.#databases.now = Date.now();
    const end = performance.now() + SLICE_MS;
    for (let index = 0; index < this.#databases.count; index++) {
      const keyspace = this.#databases.get(index);
      while (keyspace.removeDue(STEP) === STEP) {
        if (performance.now() >= end) return true;
      }
    }
    return false;
  }

  /** A storage that fails is told to clients by the end of a turn; here it only ends the slice. */
  #trySlice(): boolean {
    try {
      return this.slice();
    } catch (error) {
      if (error instanceof EngineError) return false;
      throw error;
    }
  }

  #run(): void {
    if (!this.enabled || this.#next !== undefined || !this.#trySlice()) return;
    this.#next = setImmediate(() => {
      this.#next = undefined;
      this.#run();
    });
  }
}
