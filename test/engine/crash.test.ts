/**
 * A crash at every call to the disk, and again at calls of the recovery that follows, in each kind of work that a store
 * does. Whatever of the unsynced bytes and names is lost, torn or kept, the store opens, twice with the same contents, and
 * holds a prefix of history with everything that met its level. What was tried is counted in reports/faults.json.
 *
 * The lock is left out here: it is taken by another program, thousands of times it takes minutes, and it has its own tests.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { reopen, run, WORKLOADS } from '../support/crash-workloads.ts';
import { crashCases, framesOf } from '../support/fault-house/index.ts';

vi.mock('../../engine/src/disk/lock-file.ts', () => ({
  LOCK_NAME: 'LOCK',
  lockDirectory: async () => ({ release: () => {} }),
}));

const REPORTS = fileURLToPath(new URL('../../reports', import.meta.url));
/** More states for each call, and a second crash at every call: ZEROCASK_CRASH_STATES=200 ZEROCASK_CRASH_EVERY=1. */
const STATES = Number(process.env['ZEROCASK_CRASH_STATES'] ?? 24);
const EVERY = Number(process.env['ZEROCASK_CRASH_EVERY'] ?? 97);
const SEED = Number(process.env['ZEROCASK_SEED'] ?? 1);

interface Tried {
  readonly calls: number;
  readonly callsByStep: Readonly<Record<string, number>>;
  readonly callsByFile: Readonly<Record<string, number>>;
  readonly recoveryCalls: number;
  readonly states: number;
  readonly cases: number;
}

const tried: Record<string, Tried> = {};

afterAll(() => {
  mkdirSync(REPORTS, { recursive: true });
  const report = { statesPerCall: STATES, recoveryCrashedAtEvery: EVERY, seed: SEED, operations: tried };
  writeFileSync(join(REPORTS, 'faults.json'), `${JSON.stringify(report, null, 2)}\n`);
});

describe('a crash at every call to the disk, twice reopened, loses nothing that was promised', () => {
  test.each(Object.entries(WORKLOADS))(
    'in %s, and in the recovery after it',
    async (name, workload) => {
      const { failure, ...counts } = await crashCases({
        workload: world => run(workload, world),
        reopen,
        states: STATES,
        seed: SEED,
        recoveryEvery: EVERY,
        shrink: process.env['ZEROCASK_CRASH_FIRST'] === undefined,
      });
      const { callsByStep, callsByFile, ...numbers } = counts;
      tried[name] = {
        ...numbers,
        callsByStep: Object.fromEntries(callsByStep),
        callsByFile: Object.fromEntries(callsByFile),
      };
      if (failure === undefined) return;
      const frames = framesOf(failure, 'en').map(({ title, lines }) => [title, ...lines].join('\n  '));
      expect.fail(`seed ${SEED}\n${frames.join('\n\n')}`);
    },
    240_000,
  );
});
