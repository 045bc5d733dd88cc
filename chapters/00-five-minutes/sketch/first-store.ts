/** FirstStore: keys and values in memory. What it holds is gone when its process ends; chapter 02 mends that. */
export class FirstStore {
  readonly #values = new Map<string, string>();

  /** How many keys have a value. */
  get size(): number {
    return this.#values.size;
  }

  /** Store `value` under `key`, replacing any older value. */
  put(key: string, value: string): void {
    this.#values.set(key, value);
  }

  /** The value of `key`, or undefined where it has none. The empty string is a value. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Remove `key`. The answer says whether it was there. */
  delete(key: string): boolean {
    return this.#values.delete(key);
  }
}
