/** ExpiringStore: an entry whose time is over is removed by whoever sees it first, so a clock that is set back revives nothing. */
interface Entry {
  value: string;
  /** Infinity for a value that stays. */
  expiresAtMs: number;
}

export class ExpiringStore {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Counting looks at every entry, and so removes what is due. */
  get size(): number {
    for (const key of this.#entries.keys()) this.#live(key);
    return this.#entries.size;
  }

  put(key: string, value: string, { ttlMs = Number.POSITIVE_INFINITY }: { ttlMs?: number } = {}): void {
    this.#entries.set(key, { value, expiresAtMs: this.#now() + ttlMs });
  }

  get(key: string): string | undefined {
    return this.#live(key)?.value;
  }

  delete(key: string): boolean {
    return this.#live(key) !== undefined && this.#entries.delete(key);
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}
