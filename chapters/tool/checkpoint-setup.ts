/**
 * Runs inside of vitest's workers before each checkpoint and each test: writes down, before anything else can happen, what starts now.
 * A worker that is caught in an endless loop can't report, so run-checkpoints.ts reads these notes to say which test it was.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';

const folder = process.env['ZEROCASK_PROGRESS'] ?? '';
const note = join(folder, `${process.pid}-${process.env['VITEST_POOL_ID'] ?? '0'}.json`);

function write(test: string): void {
  const job = process.env['ZEROCASK_JOB'] ?? '';
  writeFileSync(note, JSON.stringify({ job, file: expect.getState().testPath ?? '', test }));
}

write('');
beforeEach(context => {
  const names: string[] = [context.task.name];
  for (let at = context.task.suite; at !== undefined; at = at.suite) names.unshift(at.name);
  write(names.filter(name => name !== '').join(' > '));
});
afterEach(() => rmSync(note, { force: true }));
