/**
 * SortedRun: a file of entries in key order that is written once and never changed (LevelDB calls it an SSTable).
 * Invariant: each key stands in it once. The first key of every block stays in memory, so a get reads one block.
 */
import { BloomFilter } from './bloom-filter.ts';
import { CountedFile, type Counters } from './counted-file.ts';
import { decodeLines, type Entry, encodeLine } from './lines.ts';

const BLOCK_ENTRIES = 16;

interface Block {
  firstKey: string;
  offset: number;
  size: number;
}

/** One sorted file, open for gets. */
export class SortedRun {
  readonly #file: CountedFile;
  readonly #blocks: Block[] = [];
  readonly #filter: BloomFilter;

  /** Write `entries`, which must be in key order. */
  constructor(path: string, counters: Counters, entries: Entry[]) {
    this.#file = new CountedFile(path, counters);
    this.#filter = new BloomFilter(entries.map(([key]) => key));
    for (let i = 0; i < entries.length; i += BLOCK_ENTRIES) {
      const block = entries.slice(i, i + BLOCK_ENTRIES);
      const bytes = Buffer.concat(block.map(entry => encodeLine(...entry)));
      this.#blocks.push({ firstKey: block[0]![0], offset: this.#file.append(bytes), size: bytes.length });
    }
  }

  get size(): number {
    return this.#file.size;
  }

  /** The value of `key` in this run. The only block that can hold it is the last one that starts at or before it. */
  get(key: string): string | undefined {
    if (!this.#filter.mightHave(key)) return undefined;
    const block = this.#blocks.findLast(candidate => candidate.firstKey <= key);
    if (block === undefined) return undefined;
    const entries = decodeLines(this.#file.readAt(block.offset, block.size));
    return entries.find(entry => entry[0] === key)?.[1];
  }

  /** All entries, in key order. */
  entries(): Entry[] {
    return decodeLines(this.#file.readAt(0, this.#file.size));
  }

  close(): void {
    this.#file.close();
  }

  remove(): void {
    this.#file.remove();
  }
}
