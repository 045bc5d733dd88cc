/** The record of chapter 02 with a checksum in front. It is what nearly everybody writes first. */
import { crc32 } from 'node:zlib';
import { attackAll } from './attacks.ts';

attackAll({
  encode(key, value) {
    const header = Buffer.alloc(12);
    header.writeUInt32LE(crc32(value, crc32(key)), 0);
    header.writeUInt32LE(key.length, 4);
    header.writeUInt32LE(value.length, 8);
    return Buffer.concat([header, key, value]);
  },
  decode(bytes) {
    if (bytes.length < 12) return 'torn';
    const valueAt = 12 + bytes.readUInt32LE(4);
    const end = valueAt + bytes.readUInt32LE(8);
    const [key, value] = [bytes.subarray(12, valueAt), bytes.subarray(valueAt, end)];
    return bytes.readUInt32LE(0) === crc32(value, crc32(key)) ? end : 'corrupt';
  },
});
