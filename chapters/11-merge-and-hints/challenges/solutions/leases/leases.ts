/** Leases: each has one owner at a time, who loses it when its time is over. Who dies needs nobody to clean up. */
import { type Database, EngineError } from '../engine/src/index.ts';

/** Leases that are kept in a database. */
export class Leases {
  readonly #db: Database;
  readonly #now: () => number;

  constructor(db: Database, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  /** Take a lease that nobody has; returns whether it is yours now. */
  acquire(name: string, owner: string, ttlMs: number): boolean {
    try {
      this.#db.put(name, owner, { ifAbsent: true, expiresAtMs: this.#now() + ttlMs });
      return true;
    } catch (error) {
      if (error instanceof EngineError && error.code === 'CONFLICT') return false;
      throw error;
    }
  }

  /** Keep a lease that is yours for so long from now on. */
  renew(name: string, owner: string, ttlMs: number): boolean {
    return this.#isOwner(name, owner) && this.#db.expire(name, ttlMs) !== undefined;
  }

  /** Give a lease back. */
  release(name: string, owner: string): boolean {
    return this.#isOwner(name, owner) && this.#db.delete(name) !== undefined;
  }

  #isOwner(name: string, owner: string): boolean {
    return this.#db.get(name)?.toString() === owner;
  }
}
