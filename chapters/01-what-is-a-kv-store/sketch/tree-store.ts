/**
 * TreeStore: a B+ tree in one file of pages. A get walks from the root to a leaf; a put changes that leaf where it stands.
 *
 * Invariants: (1) the root is page 0 for ever; (2) all leaves are equally deep; (3) a page fits into PAGE_SIZE bytes.
 * Left out: a log (a power cut between two page writes breaks the tree), a page cache (a challenge), deletes.
 */
import { join } from 'node:path';
import { CountedFile, type Counters, newCounters } from './counted-file.ts';
import { childFor, decodePage, encodePage, fits, halve, PAGE_SIZE, type Page, setEntry } from './tree-page.ts';

const ROOT = 0;
/** A larger entry could leave a half that is still too full. */
const MAX_ENTRY_SIZE = PAGE_SIZE / 4;

/** What a split tells the page above: keys from `key` on are now found through `page`. */
interface Split {
  key: string;
  page: number;
}

/** Keys and values in a tree of pages of 4,096 bytes. */
export class TreeStore {
  readonly counters: Counters = newCounters();
  readonly #file: CountedFile;

  constructor(directory: string) {
    this.#file = new CountedFile(join(directory, 'tree'), this.counters);
    if (this.#file.size === 0) this.#write(ROOT, { kind: 'leaf', entries: [] });
  }

  #read(id: number): Page {
    return decodePage(this.#file.readAt(id * PAGE_SIZE, PAGE_SIZE));
  }

  #write(id: number, page: Page): void {
    this.#file.writeAt(id * PAGE_SIZE, encodePage(page));
  }

  /** Down from the root, one page a level. */
  get(key: string): string | undefined {
    let page = this.#read(ROOT);
    while (page.kind === 'inner') page = this.#read(childFor(page.entries, key));
    return page.entries.find(entry => entry[0] === key)?.[1];
  }

  bytesOnDisk(): number {
    return this.#file.size;
  }

  close(): void {
    this.#file.close();
  }

  /** @throws {RangeError} when the entry would fill more than a quarter of a page; nothing is changed then. */
  put(key: string, value: string): void {
    if (Buffer.byteLength(JSON.stringify([key, value])) > MAX_ENTRY_SIZE)
      throw new RangeError('the entry is too large for a page');
    const split = this.#insert(ROOT, key, value);
    if (split !== undefined) this.#growRoot(split);
  }

  /** Change the leaf below page `id`. On the way back up each page takes in the split of the page below. */
  #insert(id: number, key: string, value: string): Split | undefined {
    const page = this.#read(id);
    if (page.kind === 'leaf') {
      setEntry(page.entries, key, value);
    } else {
      const split = this.#insert(childFor(page.entries, key), key, value);
      if (split === undefined) return undefined;
      setEntry(page.entries, split.key, split.page);
    }
    return this.#save(id, page);
  }

  /** Write a page back. One that has become too full keeps its left half; the right half goes to the end of the file. */
  #save(id: number, page: Page): Split | undefined {
    if (fits(page)) {
      this.#write(id, page);
      return undefined;
    }
    const { left, right } = halve(page);
    const split = { key: right.entries[0]![0], page: this.#newPage() };
    this.#write(split.page, right);
    this.#write(id, left);
    return split;
  }

  /** The root was split: its left half moves out too, and page 0 stands above both. The tree is one level higher. */
  #growRoot(split: Split): void {
    const left = this.#newPage();
    this.#write(left, this.#read(ROOT));
    this.#write(ROOT, {
      kind: 'inner',
      entries: [
        ['', left],
        [split.key, split.page],
      ],
    });
  }

  #newPage(): number {
    return this.#file.size / PAGE_SIZE;
  }
}
