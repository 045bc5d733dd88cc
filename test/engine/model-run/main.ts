/**
 * A long model run, by hand or for a release:
 *
 *   node --import tsx test/engine/model-run/main.ts --ops 1000000 --seed 1
 *   node --import tsx test/engine/model-run/main.ts --without merge,verify     leave operations out, to look for a bug
 *
 * Prints how often each operation was done; ends with status 1 and the last operations when store and model differ.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelRun } from './run.ts';

const { values } = parseArgs({
  options: {
    ops: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() & 0xffff) },
    without: { type: 'string', default: '' },
  },
});
const [operations, seed] = [Number(values.ops), Number(values.seed)];
const root = mkdtempSync(join(tmpdir(), 'zerocask-model-'));
const started = Date.now();
const seconds = (): string => ((Date.now() - started) / 1000).toFixed(1);
try {
  const onProgress = (done: number): void => {
    if (done % 20_000 === 0) console.error(`${done} operations, ${seconds()} s`);
  };
  const counts = await modelRun(seed, operations, root, { without: values.without.split(','), onProgress });
  console.log(`seed ${seed}: ${operations} operations in ${seconds()} s, store and model agree`);
  console.log([...counts].map(([name, count]) => `  ${name}: ${count}`).join('\n'));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
