import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of `npm run test:faults`; `npm test` leaves them out, as they take minutes. */
export default defineConfig({
  test: {
    name: 'faults',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/faults/**/*.test.ts', 'test/engine/crash.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    env: {
      FORCE_COLOR: '0',
      // The crashes at every call are part of `npm test` too; here recovery is crashed at more of its calls.
      ZEROCASK_CRASH_EVERY: process.env['ZEROCASK_CRASH_EVERY'] ?? '13',
    },
    pool: 'forks',
    maxWorkers: 2,
  },
});
