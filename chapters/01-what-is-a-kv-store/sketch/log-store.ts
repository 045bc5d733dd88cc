/** LogStore: one file that only ever grows. The cheapest write there is, and the dearest read. */
import { join } from 'node:path';
import { CountedFile, type Counters, newCounters } from './counted-file.ts';
import { decodeLines, encodeLine } from './lines.ts';

/** Keys and values in one log. */
export class LogStore {
  readonly counters: Counters = newCounters();
  readonly #file: CountedFile;

  constructor(directory: string) {
    this.#file = new CountedFile(join(directory, 'log'), this.counters);
  }

  /** One line more. The older line of the same key stays where it is. */
  put(key: string, value: string): void {
    this.#file.append(encodeLine(key, value));
  }

  /** The newest line of `key` wins, so the whole file is read. */
  get(key: string): string | undefined {
    const entries = decodeLines(this.#file.readAt(0, this.#file.size));
    return entries.findLast(entry => entry[0] === key)?.[1];
  }

  bytesOnDisk(): number {
    return this.#file.size;
  }

  close(): void {
    this.#file.close();
  }
}
