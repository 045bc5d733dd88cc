/**
 * Packed layout: a small collection as one value, which is read and written as a whole.
 *
 *    varint count, then for each item: varint size, the item's bytes        (varints little-endian, 7 bits a byte)
 *
 * Items are strings with one char per byte (latin-1), so that they compare by content; they live for one command.
 * Left out: collections in element records, for which the packed form is too large.
 */

const CONTINUES = 0x80;

/** The bytes of a packed collection. */
export function pack(items: readonly string[]): Buffer {
  const size = items.reduce((sum, item) => sum + varintSize(item.length) + item.length, varintSize(items.length));
  const bytes = Buffer.allocUnsafe(size);
  let at = writeVarint(bytes, 0, items.length);
  for (const item of items) {
    at = writeVarint(bytes, at, item.length);
    at += bytes.write(item, at, 'latin1');
  }
  return bytes;
}

/** The items of the packed collection in bytes[start, end), which the store has checked. */
export function unpack(bytes: Buffer, start: number): string[] {
  const cursor = { at: start };
  const items = new Array<string>(readVarint(bytes, cursor));
  for (let i = 0; i < items.length; i++) {
    const size = readVarint(bytes, cursor);
    items[i] = bytes.toString('latin1', cursor.at, cursor.at + size);
    cursor.at += size;
  }
  return items;
}

/** How many items there are, without reading them. */
export function packedCount(bytes: Buffer, start: number): number {
  return readVarint(bytes, { at: start });
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) size++;
  return size;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) bytes[at++] = (rest % CONTINUES) + CONTINUES;
  bytes[at++] = rest;
  return at;
}

function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let unit = 1; ; unit *= CONTINUES) {
    const byte = bytes[cursor.at++]!;
    value += (byte % CONTINUES) * unit;
    if (byte < CONTINUES) return value;
  }
}
