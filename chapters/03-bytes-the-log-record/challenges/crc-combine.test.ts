/** Challenge: the checksum of A and B joined, from their two checksums and the length of B. */
import { describe, expect, test } from 'vitest';
import { crc32 } from '#engine/format/crc32.ts';
import { combine } from '#sketch/crc-combine.ts';

const hex = (n: number): string => `0x${n.toString(16)}`;
const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => (i * 167 + 13) & 0xff));

describe('The checksum of two halves', () => {
  test('every cut of a message gives the checksum of the whole', () => {
    const message = bytes(600);
    const whole = crc32(message);
    for (let cut = 0; cut <= message.length; cut++) {
      const [a, b] = [message.subarray(0, cut), message.subarray(cut)];
      expect(hex(combine(crc32(a), crc32(b), b.length)), `cut after ${cut} bytes`).toBe(hex(whole));
    }
  });

  test('an empty half changes nothing', () => {
    const crc = crc32(bytes(10));
    expect(combine(crc, 0, 0)).toBe(crc);
    expect(combine(0, crc, 10)).toBe(crc);
  });

  test('a megabyte of zeroes is no work, and a terabyte hardly more', () => {
    const [a, zeroes] = [crc32(Buffer.from('a')), Buffer.alloc(2 ** 20)];
    expect(hex(combine(a, crc32(zeroes), zeroes.length))).toBe(hex(crc32(Buffer.concat([Buffer.from('a'), zeroes]))));
    const start = performance.now();
    for (let i = 0; i < 100; i++) combine(a, 0x1234, 2 ** 40 + i);
    expect(performance.now() - start, 'milliseconds for a hundred terabytes').toBeLessThan(250);
  });
});
