/**
 * Clock: the time of day, for expiries. It never runs backwards while the process lives: when the system's clock is set
 * back, ours stands still until the system's has caught up.
 */
export class Clock {
  readonly #source: () => number;
  #latest = 0;

  constructor(source: () => number) {
    this.#source = source;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    const now = this.#source();
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }
}
