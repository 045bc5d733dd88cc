/** All records of a data file, read in pieces. What was handed out is never written over: each piece has memory of its own. */
import type { DataFile } from '../engine/src/disk/data-file.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, type LogRecord } from '../engine/src/format/record.ts';

const PIECE = 64 * 1024;

/** Each record and its offset; ends at the first bytes that are no record. */
export function* readRecords(file: DataFile): IterableIterator<{ offset: number; record: LogRecord }> {
  let bytes = Buffer.alloc(0);
  let offset = FILE_HEADER_SIZE; // of bytes[0]
  for (let at = 0; ; ) {
    const record = decodeRecord(bytes, at, file.salt, offset + at);
    if (typeof record !== 'string') {
      yield { offset: offset + at, record };
      at += record.size;
      continue;
    }
    const end = offset + bytes.length;
    if (record === 'corrupt' || end === file.size) return;
    // Torn by the end of the piece: keep the rest and read on. A rest that grows is a large record, so the pieces grow with it.
    const rest = bytes.subarray(at);
    const more = file.read(end, Math.min(file.size - end, Math.max(PIECE, rest.length)));
    bytes = Buffer.concat([rest, more]);
    offset += at;
    at = 0;
  }
}
