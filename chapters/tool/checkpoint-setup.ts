/**
 * Runs inside of vitest's workers before each checkpoint and each test: writes down, before anything else can happen, what starts now.
 * A worker that is caught in an endless loop can't report, so run-checkpoints.ts reads these notes to say which test it was.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';

const folder = process.env['ZEROCASK_PROGRESS'] ?? '';
const job = process.env['ZEROCASK_JOB'] ?? '';
const testPath = expect.getState().testPath ?? '';
const note = join(folder, `${process.pid}-${process.env['VITEST_POOL_ID'] ?? '0'}.json`);

function write(test: string): void {
  writeFileSync(note, JSON.stringify({ job, file: testPath, test }));
}

// vitest tells of these at its very end, which does not come when a test elsewhere never ends.
const stray = (error: unknown): void => {
  const { message, name } = error instanceof Error ? error : new Error(String(error));
  const file = join(folder, `stray-${process.pid}-${process.hrtime.bigint()}.json`);
  writeFileSync(file, JSON.stringify({ job, file: testPath, message, name, frames: [] }));
};
// This file runs anew before each checkpoint, in a process that stays.
const LISTENING = Symbol.for('zerocask.listening');
const shared = globalThis as { [LISTENING]?: typeof stray };
for (const event of ['unhandledRejection', 'uncaughtException']) {
  if (shared[LISTENING] !== undefined) process.off(event, shared[LISTENING]);
  process.on(event, stray);
}
shared[LISTENING] = stray;

write('');
beforeEach(context => {
  const names: string[] = [context.task.name];
  for (let at = context.task.suite; at !== undefined; at = at.suite) names.unshift(at.name);
  write(names.filter(name => name !== '').join(' > '));
});
afterEach(() => rmSync(note, { force: true }));
