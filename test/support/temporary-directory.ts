/** Temporary directories for tests: each test gets its own, and all are gone when the test file ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A new, empty directory. */
export function temporaryDirectory(name = 'test'): string {
  const directory = mkdtempSync(join(tmpdir(), `zerocask-${name}-`));
  made.push(directory);
  return directory;
}
