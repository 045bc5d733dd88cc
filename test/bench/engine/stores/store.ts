/**
 * Store: the few calls that the workloads need. The other files of this folder say how each of the measured stores does
 * them best. A call that returns nothing is done; one that returns a promise is done when it resolves.
 */
import type { Discipline, Level } from '../job.ts';

/** Done, or a promise of it. */
export type Maybe<T> = T | Promise<T>;

/** What a store needs to know to be opened. */
export interface StoreOptions {
  readonly directory: string;
  readonly level: Level;
  readonly discipline: Discipline;
  readonly cacheBytes?: number | undefined;
  /** Whether ours may begin merges by itself. Default: as it does by default. */
  readonly autoMerge?: boolean;
}

export interface Store {
  /** How it is set, in a few words. */
  readonly settings: string;
  /** Store one value, as safe as the level says. The key's memory may be used again at once, the value's not. */
  put(key: Buffer, value: Buffer): Maybe<void>;
  /** Remove one key, as safe as the level says. */
  remove(key: Buffer): Maybe<void>;
  /** The same as a promise, many of which may be under way; the key's memory stays as it is until then. */
  putLater(key: Buffer, value: Buffer): Promise<unknown>;
  /** Store a value, or remove the key when there is none, with what else is gathered until {@link flush}. Keeps the key. */
  gather(key: Buffer, value: Buffer | undefined): void;
  /**
   * The end of a turn or a batch. A batch is made, all of it or nothing, as safe as the level says. What a turn has gathered
   * may still be under way, see {@link finish}.
   */
  flush(): Maybe<void>;
  /** Resolves when all that was gathered is as safe as the level says. */
  finish(): Promise<void>;
  get(key: Buffer): Maybe<Buffer | undefined>;
  getLater(key: Buffer): Promise<Buffer | undefined>;
  getMany(keys: readonly Buffer[]): Maybe<readonly (Buffer | undefined)[]>;
  /** All keys and values in order. */
  scan(reverse: boolean, visit: (key: Uint8Array, value: Uint8Array) => void): Maybe<void>;
  /** The first entry at or after `key`. */
  seek(key: Buffer): Maybe<readonly [Uint8Array, Uint8Array] | undefined>;
  /** Make the store as compact as it can be made. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

/** Thrown for what a store has no call for. */
export class CannotError extends Error {}

/** A package that may not be there. */
export async function importPeer(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND';
    throw new CannotError(
      isMissing ? 'not installed; npm ci --prefix test/bench does that' : `cannot be loaded: ${message.split('\n')[0]}`,
    );
  }
}
