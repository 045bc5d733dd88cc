import { describe, expect, test } from 'vitest';
import { globMatches } from '../../../redis-compat/src/protocol/glob.ts';

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  return globMatches(Buffer.from(pattern, 'latin1'), bytes, 1, bytes.length - 1, ignoreCase);
}

describe('glob', () => {
  test.each([
    ['*', 'anything'],
    ['', ''],
    ['h?llo', 'hello'],
    ['h*llo', 'hllo'],
    ['h*llo', 'heeeello'],
    ['h[ae]llo', 'hallo'],
    ['h[^e]llo', 'hallo'],
    ['h[a-c]llo', 'hbllo'],
    ['h[c-a]llo', 'hbllo'],
    ['h\\*llo', 'h*llo'],
    ['h[\\]]llo', 'h]llo'],
    ['*a*b*c*', 'xxaxxbxxcxx'],
    ['a**', 'a'],
    ['[a-', 'a'],
    ['[abc', 'b'],
    ['a\\', 'a\\'],
    ['\xff[\xf0-\xfe]', '\xff\xf3'],
  ])('%j matches %j', (pattern, text) => {
    expect(matches(pattern, text)).toBe(true);
  });

  test.each([
    ['*', ''],
    ['', 'a'],
    ['h?llo', 'hllo'],
    ['h[^e]llo', 'hello'],
    ['h[ae]llo', 'hillo'],
    ['h\\*llo', 'hello'],
    ['a*b', 'ac'],
    ['a*?', 'a'],
    ['[]', 'a'],
    ['HELLO', 'hello'],
    ['foo*bar', 'foobarbaz'],
  ])('%j does not match %j', (pattern, text) => {
    expect(matches(pattern, text)).toBe(false);
  });

  test('case can be ignored', () => {
    expect(matches('h[A-C]LLO*', 'HbllO', true)).toBe(true);
  });

  test('a pattern with many stars takes no longer than pattern times text', () => {
    const started = performance.now();
    expect(matches('a*'.repeat(200), 'a'.repeat(20_000))).toBe(true);
    expect(matches(`${'a*'.repeat(200)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
