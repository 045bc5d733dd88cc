/** WaitList: promises that wait for a seq. They are made with rising seqs mostly, so the list is nearly sorted. */

interface Waiter {
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class WaitList {
  #waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** The lowest seq that somebody waits for; Infinity when nobody does. */
  get lowest(): number {
    return this.#waiters.reduce((lowest, { seq }) => Math.min(lowest, seq), Number.POSITIVE_INFINITY);
  }

  add(seq: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ seq, resolve, reject });
    });
  }

  /** Resolve all that wait for this seq or a lower one. */
  release(seq: number): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(waiter => waiter.seq > seq);
    for (const waiter of waiters) if (waiter.seq <= seq) waiter.resolve();
  }

  reject(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
