/**
 * docs/redis-compatibility.md says what the command table says.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMPATIBILITY_FILE, renderCompatibility, unknownToRedis } from '../support/redis-compatibility.ts';

test('docs/redis-compatibility.md is up to date (print it anew: see the head of test/support/redis-compatibility.ts)', () => {
  expect(readFileSync(COMPATIBILITY_FILE, 'utf8')).toBe(renderCompatibility());
});

test('the command table invents no command that Redis 7.2 does not have', () => {
  expect(unknownToRedis()).toEqual([]);
});
