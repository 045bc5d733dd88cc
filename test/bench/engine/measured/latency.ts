/**
 * Latencies of many calls in little memory: counted in buckets of about one percent (a power of two cut in 64), between
 * a nanosecond and minutes. What is asked of it is which time a share of the calls stayed below.
 */

const STEPS_PER_DOUBLING = 64;

/** Counts how long calls took; times in microseconds. */
export class Latencies {
  readonly #buckets = new Float64Array(48 * STEPS_PER_DOUBLING);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /** A call took this many milliseconds (as `performance.now()` counts). */
  addMs(ms: number): void {
    const nanoseconds = Math.max(1, ms * 1e6);
    const at = Math.min(this.#buckets.length - 1, Math.floor(Math.log2(nanoseconds) * STEPS_PER_DOUBLING));
    this.#buckets[at]!++;
    this.#count++;
    if (ms * 1000 > this.#max) this.#max = ms * 1000;
  }

  /** The time that this share of the calls (0 to 1) stayed below, to about one percent. */
  quantile(share: number): number {
    let left = this.#count * share;
    for (const [at, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(this.#max, 2 ** ((at + 1) / STEPS_PER_DOUBLING) / 1000);
    }
    return this.#max;
  }
}
