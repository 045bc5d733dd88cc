/** The same work for every store, on every machine: random, but from a fixed seed. */
import type { Entry } from './lines.ts';

/** Puts to make, then keys to get. */
export interface Workload {
  puts: Entry[];
  gets: string[];
}

const keyOf = (n: number): string => `user${String(n).padStart(12, '0')}`;
const textOf = (n: number): string => `${n} `.repeat(50).slice(0, 100);

/**
 * `puts` puts to `keys` keys at random, then `gets` gets of keys that were put, as `{ puts, gets }`: pairs of a key of 16 bytes
 * and a value of 100, and keys.
 */
export function randomWorkload(keys: number, puts: number, gets: number): Workload {
  let state = 1000;
  const next = (limit: number): number => {
    state = (state * 16807) % 2147483647; // the generator of LevelDB's db_bench
    return state % limit;
  };
  const entries = Array.from({ length: puts }, (_, i): Entry => [keyOf(next(keys)), textOf(i)]);
  const wanted = Array.from({ length: gets }, () => entries[next(puts)]![0]);
  return { puts: entries, gets: wanted };
}

/** The bytes that the caller meant: keys and values, nothing else. */
export function userBytes(entries: Iterable<Entry>): number {
  let bytes = 0;
  for (const [key, value] of entries) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  return bytes;
}
