import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../../engine/src/format/crc32.ts';

test('the checksum of "123456789" is the one every CRC-32 gives', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf4_3926);
});

test('the checksum of nothing is what it began with', () => {
  expect(crc32(Buffer.alloc(0))).toBe(0);
  expect(crc32(Buffer.alloc(4), 2, 2, 77)).toBe(77);
});

test('both ways agree with zlib at every length around where they meet', () => {
  const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 131) & 0xff));
  for (let size = 1; size <= bytes.length; size++) {
    expect(crc32(bytes, 0, size, 99)).toBe(zlibCrc32(bytes.subarray(0, size), 99));
  }
});

test('checksums join: the first part is what the second begins with', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(), (bytes, n) => {
      const middle = n % (bytes.length + 1);
      expect(crc32(bytes, middle, bytes.length, crc32(bytes, 0, middle))).toBe(crc32(bytes));
    }),
  );
});

test('any one flipped bit changes the checksum', () => {
  const bytes = Buffer.from('one flipped bit is always found');
  const sum = crc32(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(crc32(bytes)).not.toBe(sum);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});
