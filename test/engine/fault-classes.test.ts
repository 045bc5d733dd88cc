/** docs/fault-classes.md names tests that exist, and no class of faults without a test or a reason. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/fault-classes.md', import.meta.url), 'utf8');
const sourceOf = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

interface Row {
  readonly number: number;
  readonly tier: string;
  readonly tests: string;
  readonly cases: string;
}

const rows: Row[] = Array.from(
  page.matchAll(/^\| (\d+) [^|]+\| ([^|]*)\| ([^|]*)\| ([^|]*)\|$/gm),
  ([, number, tier, tests, cases]) => ({ number: Number(number), tier: tier!.trim(), tests: tests!, cases: cases! }),
);

/** File and name of each test of a row: `file` "name", "name"; `file` "name". */
function testsOf({ tests }: Row): { file: string; name: string }[] {
  const parts = tests.split(/`([^`]+)`/).slice(1);
  return parts.flatMap((file, i) =>
    i % 2 === 0 ? Array.from(parts[i + 1]!.matchAll(/"([^"]+)"/g), ([, name]) => ({ file, name: name! })) : [],
  );
}

test('there are thirty classes, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

describe.each(rows)('class $number', row => {
  test('has tests, or waits for a chapter to come', () => {
    if (row.tier !== '') expect(testsOf(row).length).toBeGreaterThan(0);
    else expect(row.tests).toMatch(/waits for \w+, chapter \d+/);
    expect(row.cases.trim() === '').toBe(row.tier === '');
  });

  test('names tests that exist', () => {
    for (const { file, name } of testsOf(row)) {
      expect(existsSync(new URL(`../${file}`, import.meta.url)), file).toBe(true);
      expect(sourceOf(file), `${file}: ${name}`).toContain(name);
    }
  });
});
