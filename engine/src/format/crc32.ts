/**
 * CRC-32: a checksum of four bytes that notices damage. It is the one of zip, PNG and Ethernet (reflected polynomial
 * 0xEDB88320), so any other program can check our files.
 *
 * Two ways to the same number: short ranges take eight bytes per step through tables of our own, as the call into zlib
 * costs more than the work; long ranges go to zlib, which uses the processor's own instructions.
 * Left out: security. Whoever can change the bytes can change the checksum too.
 * Source: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC Generators" (2005).
 */

import { crc32 as zlibCrc32 } from 'node:zlib';

/** The longest range, in bytes, for which our own loop is faster than the call into zlib. */
const SHORT_RANGE = 200;

/** The polynomial x^32 + x^26 + x^23 + ... + 1, its bits in reverse order. */
const POLYNOMIAL = 0xedb8_8320;

/**
 * Eight tables of 256 numbers, one after the other: entry `b` of table `n` is what byte `b` does to the checksum when
 * `n` more bytes follow it in the same step.
 */
const TABLES: Int32Array = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/**
 * The CRC-32 of `bytes[start, end)`, a number from 0 to 2^32 - 1.
 *
 * `initial` is the checksum of what came before, so `crc32(b, 0, b.length, crc32(a))` is the checksum of a and b joined.
 * Two different values of `initial` never give the same checksum for the same bytes.
 */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length, initial = 0): number {
  if (end - start > SHORT_RANGE) return zlibCrc32(bytes.subarray(start, end), initial);
  return crc32ByTable(bytes, start, end, initial);
}

function crc32ByTable(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let crc = ~initial;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc =
      TABLES[0x700 + ((crc ^ bytes[at]!) & 0xff)]! ^
      TABLES[0x600 + (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      TABLES[0x500 + (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      TABLES[0x400 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      TABLES[0x300 + bytes[at + 4]!]! ^
      TABLES[0x200 + bytes[at + 5]!]! ^
      TABLES[0x100 + bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = TABLES[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
