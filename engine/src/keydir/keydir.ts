/**
 * Keydir: every live key, and where its newest record lies. It is in memory only, and is built again on each open.
 *
 * Invariants: (1) an entry is put only after its record has been accepted by the log;
 *             (2) a key has one entry, that of its newest record;
 *             (3) what an entry says of its key is never changed: a newer version of the key is a new entry. Only where its
 *                 record lies may change, when a merge has copied that record to another file.
 * Left out: more keys than memory holds. Source: the Bitcask paper (Sheehy and Smith, 2010).
 */

import type { FileId } from '../disk/file-names.ts';

declare const brand: unique symbol;

/** A key's bytes as a string of as many characters (latin-1), so that a Map compares them by content. */
export type KeyString = string & { readonly [brand]: 'KeyString' };

/** What a caller may know of a key without a read from the disk. */
export interface EntryInfo {
  readonly key: KeyString;
  /** The seq of the newest change of this key. */
  readonly seq: number;
  /** The caller's byte, 0 to 255. */
  readonly tag: number;
  /** Milliseconds since the Unix epoch; 0: never. */
  readonly expiresAtMs: number;
  /** Eight bytes of the caller's own. */
  readonly orderKey: Buffer | undefined;
  readonly valueSize: number;
}

/** One version of a key, and where its record lies. */
export interface Entry extends EntryInfo {
  fileId: FileId;
  /** Where the record begins in its file; the value is its last `valueSize` bytes. */
  recordOffset: number;
  recordSize: number;
  /** The seq of that record; lower than `seq` once a patch has changed the expiry. */
  readonly valueSeq: number;
}

/** The index from key to entry. */
export interface Keydir {
  /** The number of keys. */
  readonly size: number;
  get(key: KeyString): Entry | undefined;
  /** Make this the entry of its key; returns whether the key is new. */
  put(entry: Entry): boolean;
  /** Forget a key; returns whether it was there. */
  delete(key: KeyString): boolean;
  /** All entries, in no order. */
  entries(): IterableIterator<Entry>;
}

/** The key `bytes[start, end)` as a keydir holds it. */
export function toKeyString(bytes: Buffer, start = 0, end: number = bytes.length): KeyString {
  return bytes.toString('latin1', start, end) as KeyString;
}

/** The bytes of a key. */
export function keyBytes(key: KeyString): Buffer {
  return Buffer.from(key, 'latin1');
}
