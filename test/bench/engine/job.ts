/**
 * What the program that measures (run.ts) and the processes in which a store is measured (measured/) say to each other:
 * a job on the command line, a result on standard output, both as JSON.
 */

/** The stores that can be measured. `lmdb-writemap` is lmdb with its faster and riskier way to write. */
export const STORES = [
  'zerocask',
  'lmdb',
  'lmdb-writemap',
  'classic-level',
  'rocksdb-native',
  'better-sqlite3',
] as const;
export type StoreName = (typeof STORES)[number];

/** The workloads, by the names that LevelDB's db_bench gave them; `prepare` and `merge` are our own. */
export type Workload =
  | 'fillseq'
  | 'fillrandom'
  | 'overwrite'
  | 'readrandom'
  | 'readmissing'
  | 'readhot'
  | 'readseq'
  | 'readreverse'
  | 'seekrandom'
  | 'deleterandom'
  | 'readwhilewriting'
  | 'open'
  | 'merge'
  | 'prepare';

/**
 * How calls follow each other: `call`: one synchronous call each, or one awaited call where a store has no other;
 * `await`: the promise of each is awaited; `flight`: 64 promises are under way at any time; `batch`: 1,000 in one call;
 * `turn`: the 1,000 changes of one turn of the event loop are given to the store as it likes best, the end is waited for.
 */
export type Discipline = 'call' | 'await' | 'flight' | 'batch' | 'turn';

/** When a change counts as safe; see docs/durability.md. */
export type Level = 'memory' | 'os' | 'disk';

/** What a store's directory holds when a job begins; made once per store, copied for each job. */
export type Before = 'nothing' | 'filled' | 'merged' | 'killed' | 'overwritten';

/** One measurement of one store in a process of its own. */
export interface Job {
  readonly store: StoreName;
  readonly directory: string;
  readonly workload: Workload;
  readonly discipline: Discipline;
  readonly level: Level;
  readonly before: Before;
  /** Keys are the numbers below this. */
  readonly keys: number;
  readonly operations: number;
  readonly valueSize: number;
  /** Bytes of memory for values; `undefined`: the store's default. */
  readonly cacheBytes?: number;
  /** For the workload `merge`: whether a merge is to run meanwhile. */
  readonly merging?: boolean;
}

/** What came of a job. Times are in microseconds unless the name says otherwise. */
export interface Result {
  readonly operations: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Memory of the process right after the work, and at its highest. */
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  readonly cpuSeconds: number;
  /** Bytes of the directory after the work and closing. */
  readonly diskMiB: number;
  /** Keys found by a workload that reads; keys left by one that writes. Equal for all stores. */
  readonly found: number;
  /** How this store was set, for the reader of the report. */
  readonly settings: string;
  /** What cannot be put in one number: the figures of the workload `merge`. */
  readonly details?: Readonly<Record<string, number>>;
}

/** What a process says when a store has no way to do a job, or is not there. */
export interface Refusal {
  readonly cannot: string;
}
