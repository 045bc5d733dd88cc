/** The model run (see model-run/), short: thousands of random operations, merges and crashes on a store and its model. */
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { modelRun } from './model-run/run.ts';

const operations = Number(process.env['ZEROCASK_MODEL_OPS'] ?? 20_000);

test(`${operations} random operations, with crashes in between, give what a map gives`, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() & 0xffff);
  const counts = await modelRun(seed, operations, temporaryDirectory('model-run')); // A failure prints the seed.
  for (const crash of ['kill', 'power cut', 'reopen']) expect(counts.get(crash)).toBeGreaterThan(0);
}, 600_000);
