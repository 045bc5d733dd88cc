/** A checksum can be moved along without the bytes. */
import { expect, test } from 'vitest';
import { shiftCrc } from '../../../engine/src/format/crc-shift.ts';
import { crc32 } from '../../../engine/src/format/crc32.ts';

test('the checksum of two joined pieces is that of the second, and that of the first shifted by its length', () => {
  for (const length of [0, 1, 2, 3, 7, 8, 255, 256, 1000, 65_536, 1_000_003]) {
    const second = Buffer.from(Array.from({ length: Math.min(length, 4096) }, (_, n) => n * 7));
    const bytes = Buffer.alloc(length, second.length > 0 ? second : 'x');
    for (const first of [0, 1, 0xdead_beef, 0xffff_ffff, crc32(Buffer.from('first'))]) {
      expect(shiftCrc(first, length) ^ crc32(bytes), `${first}, ${length} bytes`).toBe(
        crc32(bytes, 0, length, first) | 0,
      );
    }
  }
});

test('to shift twice is to shift by the sum, also by lengths above 2^32', () => {
  const lengths = [5, 70_000, 2 ** 31, 2 ** 33 + 1];
  for (const a of lengths) {
    for (const b of lengths) expect(shiftCrc(shiftCrc(12_345, a), b)).toBe(shiftCrc(12_345, a + b));
  }
});
