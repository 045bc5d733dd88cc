import { describe, expect, test } from 'vitest';
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../../../redis-compat/src/protocol/long-double.ts';

/** The answer of INCRBYFLOAT to a value and an increment, or what is wrong with them. */
function add(a: string, b: string): string {
  const [x, y] = [parseLongDouble(a), parseLongDouble(b)];
  if (x === undefined || y === undefined) return 'not a float';
  const sum = addLongDoubles(x, y);
  return sum === undefined ? 'infinite' : formatLongDouble(sum);
}

describe('long double', () => {
  // Each expected text was printed by a C program with `long double` and `%.17Lf` on x86-64.
  test.each([
    ['10.5', '0.1', '10.6'],
    ['0.1', '0.2', '0.3'],
    ['3.0e3', '200', '3200'],
    ['5.0e3', '-6e3', '-1000'],
    ['1', '-1', '0'],
    ['-0', '0', '0'],
    ['-1e-30', '0', '0'],
    ['9007199254740993', '1', '9007199254740994'],
    ['18446744073709551615', '1', '18446744073709551616'],
    ['18446744073709551617', '0', '18446744073709551616'],
    ['1e20', '0.5', '100000000000000000000'],
    ['0x1p4', '0X.8', '16.5'],
    ['.5', '5.', '5.5'],
    ['17179869184', '1.5', '17179869185.5'],
    ['1e-17', '0', '0.00000000000000001'],
    ['5e-18', '0', '0'],
    ['1.23456789012345678', '0', '1.23456789012345678'],
    ['99999999999999999999', '0.1', '100000000000000000000'],
  ])('%s and %s make %s', (a, b, expected) => {
    expect(add(a, b)).toBe(expected);
  });

  test.each(['', ' 1', '1 ', 'a', '1e', '.', 'nan', '0x', '1..2', '--1', '1e5000', '1e-5000', `${'1'.repeat(5120)}`])(
    '%s is no float',
    text => {
      expect(add(text, '1')).toBe('not a float');
    },
  );

  test('infinity is read, and no sum with it is', () => {
    expect(parseLongDouble('-Infinity')).toBe('-inf');
    expect(add('inf', '1')).toBe('infinite');
    expect(add('1.18973149535723176502e4932', '1.18973149535723176502e4932')).toBe('infinite');
  });

  test('the smallest numbers are read and vanish in print', () => {
    expect(add('3.6e-4951', '0')).toBe('0');
    expect(parseLongDouble('3.6e-4951')).toMatchObject({ mantissa: 1n });
  });
});
