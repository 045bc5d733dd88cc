import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addIntegers,
  INT64_MAX,
  INT64_MIN,
  isInteger,
  parseInteger,
  toInt64,
} from '../../../redis-compat/src/protocol/numbers.ts';

const parse = (text: string): number | bigint | undefined => {
  const padded = Buffer.from(`9${text}9`);
  return parseInteger(padded, 1, padded.length - 1);
};

describe('integers', () => {
  test('every 64-bit integer reads back from its own spelling, as a number where a double holds it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: INT64_MIN, max: INT64_MAX }), value => {
        const parsed = parse(value.toString());
        expect(BigInt(parsed!)).toBe(value);
        expect(typeof parsed).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
      }),
    );
  });

  test.each(['', '-', '+1', '01', '-0', '-01', ' 1', '1 ', '1.0', '1e3', '0x1', 'a', '--1', '\0', '00'])(
    '%j is no integer',
    text => {
      expect(parse(text)).toBeUndefined();
    },
  );

  test('the ends of the range are integers and their neighbours outside are not', () => {
    expect(parse('9223372036854775807')).toBe(INT64_MAX);
    expect(parse('-9223372036854775808')).toBe(INT64_MIN);
    expect(parse('9223372036854775808')).toBeUndefined();
    expect(parse('-9223372036854775809')).toBeUndefined();
    expect(parse('18446744073709551616')).toBeUndefined();
    expect(parse('99999999999999999999999')).toBeUndefined();
  });

  test('any text is an integer exactly when a bigint of 64 bits prints as that text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{0,21}$/));
    fc.assert(
      fc.property(texts, text => {
        const canonical = /^-?[0-9]+$/.test(text) && BigInt(text).toString() === text;
        const fits = canonical && BigInt(text) <= INT64_MAX && BigInt(text) >= INT64_MIN;
        const bytes = Buffer.from(text, 'latin1');
        expect(isInteger(bytes, 0, bytes.length)).toBe(fits);
      }),
    );
  });

  test('a sum is exact, and undefined beyond 64 bits', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
        fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
        (a, b) => {
          const sum = addIntegers(toInt64(a)!, toInt64(b)!);
          const fits = a + b <= INT64_MAX && a + b >= INT64_MIN;
          expect(sum === undefined ? undefined : BigInt(sum)).toBe(fits ? a + b : undefined);
        },
      ),
    );
  });
});
