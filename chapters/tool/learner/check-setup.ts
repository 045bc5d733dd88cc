/**
 * Runs inside the test runner's thread, around each test of a learner's check. It keeps the bytes of a failed comparison,
 * so that the report can show them as hex with a caret, and leaves a note on the disk of the test that is running, which
 * is all that remains of a test caught in an endless loop.
 *
 * A checkpoint may say more about a failure through its task: `task.meta.history` (what was done, in order) and
 * `task.meta.file` with `task.meta.offset`.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFailed } from 'vitest';

let differing: { expected: string; yours: string } | undefined;

expect.addEqualityTesters([
  (yours: unknown, expected: unknown): undefined => {
    if (!(yours instanceof Uint8Array) || !(expected instanceof Uint8Array)) return;
    if (Buffer.compare(yours, expected) !== 0) differing = { expected: hex(expected), yours: hex(yours) };
  },
]);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const note = join(process.env['ZEROCASK_NOTES'] ?? '', `${process.env['VITEST_POOL_ID'] ?? '0'}.json`);

beforeEach(context => {
  differing = undefined;
  const { name, suite } = context.task;
  let section = suite;
  while (section?.suite?.name) section = section.suite;
  writeFileSync(note, JSON.stringify({ file: expect.getState().testPath, section: section?.name ?? '', test: name }));
  onTestFailed(() => {
    Object.assign(context.task.meta, { bytes: differing });
  });
});
afterEach(() => rmSync(note, { force: true }));
