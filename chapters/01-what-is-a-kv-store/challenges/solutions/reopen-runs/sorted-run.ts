/**
 * SortedRun: a file of entries in key order that is written once and never changed (LevelDB calls it an SSTable).
 * Invariant: each key stands in it once. The first key of every block stays in memory, so a get reads one block.
 */
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

  /** Write `entries`, which must be in key order; or, without them, open the run that stands at `path`. */
  constructor(path: string, counters: Counters, entries?: Entry[]) {
    this.#file = new CountedFile(path, counters);
    const known = entries ?? this.entries();
    let offset = 0;
    for (let i = 0; i < known.length; i += BLOCK_ENTRIES) {
      const block = known.slice(i, i + BLOCK_ENTRIES);
      const bytes = Buffer.concat(block.map(entry => encodeLine(...entry)));
      if (entries !== undefined) this.#file.append(bytes);
      this.#blocks.push({ firstKey: block[0]![0], offset, size: bytes.length });
      offset += bytes.length;
    }
  }

  get size(): number {
    return this.#file.size;
  }

  /** The value of `key` in this run. The only block that can hold it is the last one that starts at or before it. */
  get(key: string): string | undefined {
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
