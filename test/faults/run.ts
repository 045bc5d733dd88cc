/**
 * `npm run test:faults`: what a store must survive on a real machine, and proof that the tests would notice if it did not.
 *
 *   npm run test:faults                 all of it
 *   npm run test:faults -- kill         only the tests whose path has "kill" in it
 *   npm run test:faults -- mutants      only the planted faults
 *
 * Kill -9 at any moment and at any call (K), failing system calls (S), disk states laid out from recorded system calls (P),
 * a disk that is really full, and planted faults, each of which a named test of the engine has to notice (mutants/).
 * Wider: ZEROCASK_KILL_ROUNDS=100 ZEROCASK_DISK_STATES=1000 ZEROCASK_CRASH_STATES=200 ZEROCASK_CRASH_EVERY=1.
 * Repeated: ZEROCASK_SEED=n.
 *
 * Invariant: the last line is `N passed, N failed`, and the exit status is 0 only when nothing failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COUNTS_FILE } from './counts.ts';
import { MUTANTS } from './mutants/list.ts';
import { tryMutants } from './mutants/run.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const REPORT = join(ROOT, 'reports/test-faults.json');

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

const secondsSince = (startMs: number): number => (Date.now() - startMs) / 1000;

function vitest(filters: readonly string[]): Outcome {
  const started = Date.now();
  rmSync(REPORT, { force: true });
  const args = ['run', '-c', 'test/faults/vitest.config.ts', '--reporter=default', '--reporter=json'];
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args, `--outputFile.json=${REPORT}`, ...filters],
    { cwd: ROOT, stdio: 'inherit' },
  );
  const seconds = secondsSince(started);
  const name = 'kills, failing calls, disk states, a full disk';
  if (!existsSync(REPORT)) return { name, passed: 0, failed: 1, skipped: 0, seconds };
  const counts = JSON.parse(readFileSync(REPORT, 'utf8')) as Record<string, number>;
  const failed = counts['numFailedTests']!;
  const skipped = counts['numPendingTests']!;
  return {
    name,
    passed: counts['numPassedTests']!,
    failed: status === 0 ? failed : Math.max(1, failed),
    skipped,
    seconds,
  };
}

async function mutants(): Promise<Outcome> {
  const started = Date.now();
  console.log('\n== planted faults');
  const { caught, missed } = await tryMutants(MUTANTS);
  return { name: 'planted faults', passed: caught, failed: missed, skipped: 0, seconds: secondsSince(started) };
}

/** What the tests have counted: `name: number`, added up. */
function printCounts(): void {
  if (!existsSync(COUNTS_FILE)) return;
  const sums = new Map<string, number>();
  for (const line of readFileSync(COUNTS_FILE, 'utf8').split('\n').filter(Boolean)) {
    const { what, value } = JSON.parse(line) as { what: string; value: number };
    sums.set(what, (sums.get(what) ?? 0) + value);
  }
  for (const [what, value] of sums) console.log(`  ${what}: ${value}`);
}

const filters = process.argv.slice(2);
const wantsMutants = filters.length === 0 || filters.includes('mutants');
const wantsTests = filters.length === 0 || filters.some(filter => filter !== 'mutants');
mkdirSync(join(ROOT, 'reports'), { recursive: true });
rmSync(COUNTS_FILE, { force: true });

const outcomes: Outcome[] = [];
if (wantsTests) outcomes.push(vitest(filters.filter(filter => filter !== 'mutants')));
if (wantsMutants) outcomes.push(await mutants());
console.log('');
printCounts();
for (const { name, passed, failed, skipped, seconds } of outcomes) {
  const also = skipped > 0 ? `, ${skipped} skipped for want of a program or a right` : '';
  console.log(
    `${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed${also} (${seconds.toFixed(1)} s)`,
  );
}
const sum = (pick: 'passed' | 'failed'): number => outcomes.reduce((total, outcome) => total + outcome[pick], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
