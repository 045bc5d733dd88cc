/**
 * Runs inside the test runner, before each checkpoint of a learner: keeps the bytes of a failed comparison, so that the
 * report can show them as hex with a caret. A checkpoint may also say more about a failure through its task:
 * `task.meta.history` (what was done, in order) and `task.meta.file` with `task.meta.offset`.
 */
import { beforeEach, expect, onTestFailed } from 'vitest';

let differing: { expected: string; yours: string } | undefined;

expect.addEqualityTesters([
  (yours: unknown, expected: unknown): undefined => {
    if (!(yours instanceof Uint8Array) || !(expected instanceof Uint8Array)) return;
    if (Buffer.compare(yours, expected) !== 0) differing = { expected: hex(expected), yours: hex(yours) };
  },
]);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

beforeEach(context => {
  differing = undefined;
  onTestFailed(() => {
    Object.assign(context.task.meta, { bytes: differing });
  });
});
