/**
 * SortedStore: a small LSM tree. New entries wait in memory; enough of them are written as one sorted run; too many
 * runs are merged into one.
 *
 * Invariants: (1) an entry is in the log or in a run before put returns;
 *             (2) runs stand newest first, and the first one that knows a key has its newest value.
 *             (3) of two runs the one with the higher number is newer: a merge writes its output under the highest.
 * Left out: deletes, a merge that does not stop the world, and a crash in the middle of writing a run.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { CountedFile, type Counters, newCounters } from './counted-file.ts';
import { decodeLines, encodeLine } from './lines.ts';
import { SortedRun } from './sorted-run.ts';

/** So many entries in memory become a run. */
const MEMTABLE_ENTRIES = 256;
/** So many runs become one. */
const MAX_RUNS = 4;

/**
 * A memtable, the log that backs it, and runs. A memtable becomes a run as soon as it holds 256 entries; runs are merged
 * into one as soon as there are four.
 */
export class SortedStore {
  readonly counters: Counters = newCounters();
  readonly #directory: string;
  readonly #log: CountedFile;
  readonly #memtable = new Map<string, string>();
  #runs: SortedRun[] = [];
  #nextRun = 1;

  constructor(directory: string) {
    this.#directory = directory;
    this.#log = new CountedFile(join(directory, 'recent'), this.counters);
    for (const [key, value] of decodeLines(this.#log.readAt(0, this.#log.size))) this.#memtable.set(key, value);
    const names = fs.readdirSync(directory).filter(name => name.startsWith('run-'));
    const numbers = names.map(name => Number(name.slice('run-'.length))).sort((a, b) => b - a);
    this.#runs = numbers.map(number => new SortedRun(join(directory, `run-${number}`), this.counters));
    this.#nextRun = (numbers[0] ?? 0) + 1;
  }

  get(key: string): string | undefined {
    const recent = this.#memtable.get(key);
    if (recent !== undefined) return recent;
    for (const run of this.#runs) {
      const value = run.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  bytesOnDisk(): number {
    return this.#runs.reduce((sum, run) => sum + run.size, this.#log.size);
  }

  close(): void {
    this.#log.close();
    for (const run of this.#runs) run.close();
  }

  /** The log is for the next start, the memtable is for the next get. */
  put(key: string, value: string): void {
    this.#log.append(encodeLine(key, value));
    this.#memtable.set(key, value);
    if (this.#memtable.size >= MEMTABLE_ENTRIES) this.#flush();
  }

  /** The memtable becomes the newest run; only then may the log forget its entries. */
  #flush(): void {
    this.#runs.unshift(this.#writeRun(this.#memtable));
    this.#memtable.clear();
    this.#log.clear();
    if (this.#runs.length >= MAX_RUNS) this.#merge();
  }

  /** Oldest run first, so that a newer value lands on top of an older one. */
  #merge(): void {
    const merged = new Map<string, string>();
    for (const run of this.#runs.toReversed()) {
      for (const [key, value] of run.entries()) merged.set(key, value);
    }
    const inputs = this.#runs;
    this.#runs = [this.#writeRun(merged)];
    for (const run of inputs) run.remove();
  }

  #writeRun(entries: Map<string, string>): SortedRun {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return new SortedRun(join(this.#directory, `run-${this.#nextRun++}`), this.counters, sorted);
  }
}
