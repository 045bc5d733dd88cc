/**
 * Parts: a long string as many records in the elements space of its database, so that a change of a few bytes writes one part
 * and not the string. Nothing is stored where there are only zeros.
 *
 *    the key's record    order key: id (8 bytes); value: the string's size (6 bytes, big-endian)
 *    a part's key        id (8 bytes), number of the part (4 bytes, big-endian)
 *    a part's value      its bytes; those missing at its end, or a part that is missing altogether, are zeros
 *
 * Invariant: an id is drawn once and never used for another string, so parts left behind can't come back to life.
 */
import type { EntryView, Space } from '@zerocask/engine';

/** Bytes of a string in one part. It is on disk, so it keeps this value for ever. */
export const PART_SIZE = 16 * 1024;
/** Bytes of an id. */
export const ID_SIZE = 8;
/** Bytes of the value of a key whose string lies in parts. */
export const PARTS_VALUE_SIZE = 6;

const NUMBER_SIZE = 4;

const partKey = Buffer.alloc(ID_SIZE + NUMBER_SIZE);

/** The number of the part that holds byte `offset`. */
export const partOf = (offset: number): number => Math.floor(offset / PART_SIZE);

/** The size of the string whose key's record has this value. */
export const sizeOfParts = (value: Buffer, start: number): number => value.readUIntBE(start, PARTS_VALUE_SIZE);

/** What {@link sizeOfParts} reads. */
export function partsValue(size: number): Buffer {
  const value = Buffer.alloc(PARTS_VALUE_SIZE);
  value.writeUIntBE(size, 0, PARTS_VALUE_SIZE);
  return value;
}

/** A part as stored; undefined when it holds only zeros. */
export function viewPart(elements: Space, id: Buffer, number: number): EntryView | undefined {
  return elements.view(keyOf(id, number), 0, partKey.length);
}

/** Store a part. */
export function putPart(elements: Space, id: Buffer, number: number, bytes: Buffer): void {
  elements.putSlice(keyOf(id, number), 0, partKey.length, bytes, 0, bytes.length, 0, 0);
}

/** Remove all parts of a string of `size` bytes. */
export function removeParts(elements: Space, id: Buffer, size: number): void {
  for (let number = 0; number <= partOf(size - 1); number++) elements.deleteSlice(keyOf(id, number), 0, partKey.length);
}

/** Give a string of `size` bytes a copy under another id. */
export function copyParts(from: Space, id: Buffer, size: number, to: Space, newId: Buffer): void {
  for (let number = 0; number <= partOf(size - 1); number++) {
    const part = viewPart(from, id, number);
    if (part !== undefined) putPart(to, newId, number, Buffer.from(part.buffer.subarray(part.start, part.end)));
  }
}

function keyOf(id: Buffer, number: number): Buffer {
  id.copy(partKey, 0, 0, ID_SIZE);
  partKey.writeUInt32BE(number, ID_SIZE);
  return partKey;
}
