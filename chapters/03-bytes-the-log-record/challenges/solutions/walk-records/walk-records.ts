/** The records of a log, damaged or not. It works because a checksum is valid at one offset only: what lies inside of a value is never believed. */
import { decodeRecord } from '../engine/src/format/record.ts';

/** The offset of each record in `bytes`, which begin at offset 0 of the file with this salt; the first record stands at or behind `start`. */
export function* walk(bytes: Buffer, salt: number, start: number): IterableIterator<number> {
  for (let at = start; at < bytes.length; ) {
    const record = decodeRecord(bytes, at, salt, at);
    // Torn too: a damaged size looks like a record that reaches behind the end, and the next one may stand a few bytes from here.
    if (typeof record === 'string') at++;
    else {
      yield at;
      at += record.size;
    }
  }
}
