/** Challenge: numbers below zero as varints. A small number of either sign takes one byte. */
import { describe, expect, test } from 'vitest';
import { readSigned, writeSigned } from '#sketch/zigzag.ts';

const LARGEST = 2 ** 52 - 1;

function sizeOf(n: number): number {
  return writeSigned(new Uint8Array(16), 0, n);
}

describe('Numbers below zero', () => {
  test('from -64 to 63 one byte is enough', () => {
    for (let n = -64; n <= 63; n++) expect(sizeOf(n), `size of ${n}`).toBe(1);
    expect([sizeOf(-65), sizeOf(64)]).toEqual([2, 2]);
  });

  test('every number comes back, at any offset', () => {
    for (let bit = 0; bit < 52; bit++) {
      for (const n of [2 ** bit, 2 ** bit - 1, -(2 ** bit), -(2 ** bit) + 1, -(2 ** bit) - 1].filter(
        n => Math.abs(n) <= LARGEST,
      )) {
        const bytes = new Uint8Array(20).fill(0xee);
        const end = writeSigned(bytes, 5, n);
        expect(readSigned(bytes, 5, end), `${n} as ${Buffer.from(bytes.subarray(5, end)).toString('hex')}`).toBe(n);
        expect(bytes[end], 'the byte behind it').toBe(0xee);
      }
    }
  });

  test('zero is zero, without a sign', () => {
    const bytes = new Uint8Array(4);
    writeSigned(bytes, 0, 0);
    expect(Object.is(readSigned(bytes, 0, 1), 0)).toBe(true);
  });

  test('where there is no number the answer is undefined', () => {
    const bytes = new Uint8Array(8);
    const end = writeSigned(bytes, 0, -1_000_000);
    expect(readSigned(bytes, 0, end - 1), 'numbers below zero leave no room for VARINT_TORN').toBeUndefined();
  });
});
