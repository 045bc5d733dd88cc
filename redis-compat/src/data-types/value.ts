/**
 * Values of any type, copied and moved as they are: what RENAME, COPY and MOVE need to know of a value.
 */
import type { Keyspace } from '../keyspace.ts';
import { copyParts, sizeOfParts } from '../parts.ts';
import { LAYOUT_WHOLE, layoutOf } from '../value-tag.ts';

/**
 * Put a copy of the value under key[start, end) of `source`, which is there, under another key of `target`, with its label
 * and its expiry. Parts are written again under an id of their own.
 */
export function copyValue(
  source: Keyspace,
  target: Keyspace,
  bytes: Buffer,
  start: number,
  end: number,
  toStart: number,
  toEnd: number,
): void {
  const entry = source.view(bytes, start, end)!;
  const { tag, expiresAtMs, orderKey } = entry;
  // The entry's memory belongs to the engine only until the next call, and each of these is one.
  const value = Buffer.from(entry.buffer.subarray(entry.start, entry.end));
  if (layoutOf(tag) === LAYOUT_WHOLE) {
    target.put(bytes, toStart, toEnd, value, 0, value.length, tag, expiresAtMs);
    return;
  }
  const id = target.newId();
  copyParts(source.elements!, Buffer.from(orderKey!), sizeOfParts(value, 0), target.ensureElements(), id);
  target.put(bytes, toStart, toEnd, value, 0, value.length, tag, expiresAtMs, id);
}

/** Give the value under key[start, end), which is there, another key of the same database. Parts stay where they are. */
export function renameValue(
  db: Keyspace,
  bytes: Buffer,
  start: number,
  end: number,
  toStart: number,
  toEnd: number,
): void {
  const entry = db.view(bytes, start, end)!;
  const { tag, expiresAtMs, orderKey } = entry;
  const value = Buffer.from(entry.buffer.subarray(entry.start, entry.end));
  const id = orderKey === undefined ? undefined : Buffer.from(orderKey);
  db.put(bytes, toStart, toEnd, value, 0, value.length, tag, expiresAtMs, id);
  db.removeName(bytes, start, end);
}
