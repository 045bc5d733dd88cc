import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countBits, findBit, readField, writeField } from '../../../redis-compat/src/data-types/bits.ts';

/** The bytes as a text of zeros and ones, most significant bit first. */
const picture = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('');
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 20 });

describe('bits', () => {
  test('a bit, a count and a search answer as the written out bits do', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(), fc.nat(), fc.constantFrom(0, 1), (bytes, a, b, bit) => {
        const bits = picture(bytes);
        const first = Math.min(a % bits.length, b % bits.length);
        const last = Math.max(a % bits.length, b % bits.length);
        const range = bits.slice(first, last + 1);
        const inner = Uint8Array.from([0xa5, ...bytes, 0xa5]);
        expect(countBits(inner, 1, first, last)).toBe(range.split('1').length - 1);
        const found = range.indexOf(String(bit));
        expect(findBit(inner, 1, bit, first, last)).toBe(found < 0 ? -1 : first + found);
      }),
    );
  });

  test('a field reads what was written, and its neighbours stay', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(), fc.integer({ min: 1, max: 64 }), fc.bigInt(), (bytes, a, width, value) => {
        const room = bytes.length * 8;
        const bits = Math.min(width, room);
        const offset = a % (room - bits + 1);
        const before = picture(bytes);
        writeField(bytes, offset, bits, value);
        const field = BigInt.asUintN(bits, value);
        expect(readField(bytes, 0, bytes.length, offset, bits)).toBe(field);
        const middle = field.toString(2).padStart(bits, '0');
        expect(picture(bytes)).toBe(before.slice(0, offset) + middle + before.slice(offset + bits));
      }),
    );
  });

  test('beyond the end every bit is zero', () => {
    expect(readField(Uint8Array.of(0xff, 0xff), 0, 1, 4, 8)).toBe(0b1111_0000n);
  });
});
