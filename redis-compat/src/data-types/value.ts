/**
 * Values of any type, moved as they are: what RENAME, COPY and MOVE need to know of a value.
 * Left out: values in parts (layout 1), whose elements will be written again under a fresh id.
 */
import type { EntryView } from '@zerocask/engine';
import type { Keyspace } from '../keyspace.ts';

/** Put a copy of the value of `entry` under key[start, end) of `target`, with its label and its expiry. */
export function putCopy(entry: EntryView, target: Keyspace, key: Buffer, start: number, end: number): void {
  // The entry's memory belongs to the engine only until the next call, and putting is one.
  const value = Buffer.from(entry.buffer.subarray(entry.start, entry.end));
  target.put(key, start, end, value, 0, value.length, entry.tag, entry.expiresAtMs);
}
