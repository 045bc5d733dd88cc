/** Speed limit: keeps work that goes on in steps from going too fast. */

import { setTimeout as wait } from 'node:timers/promises';

/** Waits below this many milliseconds are not worth a timer. */
const SHORTEST_WAIT_MS = 1;

/** So many bytes in a second, counted from the start, and no more. */
export class SpeedLimit {
  readonly #bytesPerSecond: number;
  readonly #startMs: number = performance.now();

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** This many bytes have been worked through since the start: wait until that is not too fast, or the signal ends it. */
  async keep(bytes: number, signal?: AbortSignal): Promise<void> {
    const early = this.#startMs + (bytes / this.#bytesPerSecond) * 1000 - performance.now();
    if (early > SHORTEST_WAIT_MS) await wait(early, undefined, signal && { signal }).catch(() => {});
  }
}
