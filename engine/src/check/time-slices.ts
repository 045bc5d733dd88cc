/**
 * TimeSlices: long work that lets the rest of the program run now and then, can be given up, and says how far it is.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckOptions } from '../options.ts';

/** How long, in milliseconds, the program is held up at a time. */
const SLICE_MS = 5;
/** How many bytes are gone through between two looks at the clock. */
const SLICE_BYTES = 64 * 1024;

/** Cuts one long piece of work into slices. */
export class TimeSlices {
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: CheckOptions['onProgress'];
  #startMs: number = performance.now();
  #bytes = 0;
  bytesRead = 0;
  bytesTotal = 0;
  recordsRead = 0;

  constructor({ signal, onProgress }: CheckOptions) {
    this.#signal = signal;
    this.#onProgress = onProgress;
    signal?.throwIfAborted();
  }

  /** So many bytes have been gone through; returns whether it is time for {@link rest}. */
  step(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes >= SLICE_BYTES;
  }

  /** Let the rest of the program run, if it has waited for long. @throws the signal's reason, when that says: give up. */
  async rest(): Promise<void> {
    this.#bytes = 0;
    if (performance.now() - this.#startMs < SLICE_MS) return;
    const { bytesRead, bytesTotal, recordsRead } = this;
    this.#onProgress?.({ bytesRead, bytesTotal, recordsRead });
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#startMs = performance.now();
  }
}
