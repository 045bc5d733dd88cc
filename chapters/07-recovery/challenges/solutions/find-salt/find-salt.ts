/** A file's salt from its records: the CRC of a record is run backwards, to the value that it began with. */
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { crcStart, decodeRecord, parseRecord } from '../engine/src/format/record.ts';

/** For each byte, what one step of the CRC mixes in; and which byte it was, by the top byte of that. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc >>> 0;
});
const BY_TOP_BYTE = new Uint8Array(256);
for (const [byte, mixed] of TABLE.entries()) BY_TOP_BYTE[mixed >>> 24] = byte;

/** The value that the CRC of `bytes[from, to)` began with, when it has come to `crc`. */
function startOf(bytes: Buffer, from: number, to: number, crc: number): number {
  let state = ~crc >>> 0;
  for (let at = to - 1; at >= from; at--) {
    const index = BY_TOP_BYTE[state >>> 24]!;
    state = (((state ^ TABLE[index]!) << 8) | (index ^ bytes[at]!)) >>> 0;
  }
  return ~state >>> 0;
}

export function findSalt(bytes: Buffer): number | undefined {
  const first = parseRecord(bytes, FILE_HEADER_SIZE, bytes.length);
  if (typeof first === 'string') return undefined;
  const end = FILE_HEADER_SIZE + first.size;
  const start = startOf(bytes, FILE_HEADER_SIZE + 4, end, bytes.readUInt32LE(FILE_HEADER_SIZE));
  const salt = (start ^ crcStart(0, FILE_HEADER_SIZE)) >>> 0;
  return typeof decodeRecord(bytes, end, salt, end) === 'object' ? salt : undefined;
}
