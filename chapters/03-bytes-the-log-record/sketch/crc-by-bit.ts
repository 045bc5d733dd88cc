/** CRC-32 as the books define it, bit by bit; and the same sum with a table, a byte at a time. Slow, short, and easy to believe. */

const POLYNOMIAL = 0xedb8_8320;

/** Eight steps of long division: what one byte does to a remainder that is otherwise zero. */
const divide = (byte: number): number => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
};

export function crcByBit(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = divide((crc ^ byte) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** There are only 256 bytes, so there are only 256 divisions. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => divide(byte));

export function crcByByte(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
