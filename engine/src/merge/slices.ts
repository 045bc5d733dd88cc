/** Slices: long work on the program's own thread, in pieces so short that nobody notices. */

import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long, in milliseconds, the program is held up at a time. */
const SLICE_MS = 1;

/** Lets the rest of the program run now and then. */
export class Slices {
  readonly #signal: AbortSignal | undefined;
  #startMs: number = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Let others run, if it is time. @throws the signal's reason, when the work is to be given up. */
  async rest(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#startMs < SLICE_MS) return;
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#startMs = performance.now();
  }
}
