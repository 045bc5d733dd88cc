/**
 * A page of a B+ tree: PAGE_SIZE bytes of a file, here JSON filled up with spaces.
 *
 *     inner page   [ ['', 1], ['g', 4], ['p', 2] ]          keys below g: page 1;  g to below p: page 4;  p and above: page 2
 *     leaf page    [ ['g', 'value'], ['h', 'value'] ]
 *
 * Invariant: entries stand in key order, each key once. The leftmost entry of every level has the key '', below all others.
 */

export const PAGE_SIZE = 4096;

/** A leaf pairs a key with its value; an inner page pairs the smallest key of a page below with that page's number. */
export type Page = { kind: 'leaf'; entries: [string, string][] } | { kind: 'inner'; entries: [string, number][] };

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

export const fits = (page: Page): boolean => sizeOf(page) <= PAGE_SIZE;

export function encodePage(page: Page): Buffer {
  const bytes = Buffer.alloc(PAGE_SIZE, ' ');
  bytes.write(JSON.stringify(page));
  return bytes;
}

export const decodePage = (bytes: Buffer): Page => JSON.parse(bytes.toString()) as Page;

/** The number of the page below which `key` belongs: that of the last entry that is not greater. */
export const childFor = (entries: [string, number][], key: string): number =>
  entries.findLast(entry => entry[0] <= key)![1];

/** Put an entry in its place among sorted ones, over an older one of the same key. */
export function setEntry<Slot>(entries: [string, Slot][], key: string, slot: Slot): void {
  const found = entries.findIndex(entry => entry[0] >= key);
  const at = found === -1 ? entries.length : found;
  const older = entries[at]?.[0] === key ? 1 : 0;
  entries.splice(at, older, [key, slot]);
}

/** Cut a page in two where half of its bytes are reached. */
export function halve(page: Page): { left: Page; right: Page } {
  const half = sizeOf(page) / 2;
  let middle = 0;
  for (let bytes = 0; bytes < half; middle++) bytes += sizeOf(page.entries[middle]);
  const left = { ...page, entries: page.entries.slice(0, middle) } as Page;
  const right = { ...page, entries: page.entries.slice(middle) } as Page;
  return { left, right };
}
