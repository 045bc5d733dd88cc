/**
 * `npm test`: everything a change must pass, in one command, with one count at the end.
 *
 *   npm test                      types, style, API docs, all tests, and the chapters that changed
 *   npm test -- engine            only the tests whose path has "engine" in it (any vitest filter or flag)
 *   npm test -- --packages-only   the packages' tests alone (what CI repeats on other Node versions)
 *
 * Invariant: the last line is `N passed, N failed`, and the exit status is 0 only when nothing failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const REPORTS = join(ROOT, 'reports');
const CONDITION = '--conditions=@zerocask/source';

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** Run one Node program of the project with its output shown, and tell whether it succeeded. */
function run(program: string, args: readonly string[], nodeFlags: readonly string[] = []): boolean {
  const { status } = spawnSync(process.execPath, [...nodeFlags, join(ROOT, program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status === 0;
}

/** A step that is one check: it holds or it does not. */
function check(name: string, body: () => boolean): Outcome {
  const started = Date.now();
  console.log(`\n== ${name}`);
  const ok = body();
  return { name, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, seconds: (Date.now() - started) / 1000 };
}

/** A step that counts its own checks in a JSON file. A run that leaves no count has failed. */
function counted(
  name: string,
  file: string,
  body: () => boolean,
  read: (json: Record<string, unknown>) => Omit<Outcome, 'name' | 'seconds'>,
): Outcome {
  const started = Date.now();
  console.log(`\n== ${name}`);
  rmSync(file, { force: true });
  const ok = body();
  const seconds = (Date.now() - started) / 1000;
  if (!existsSync(file)) return { name, passed: 0, failed: 1, skipped: 0, seconds };
  const counts = read(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
  return { name, ...counts, failed: ok ? counts.failed : Math.max(1, counts.failed), seconds };
}

function vitest(filters: readonly string[]): Outcome {
  const file = join(REPORTS, 'vitest.json');
  const args = [
    'run',
    '-c',
    'test/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...filters,
  ];
  return counted(
    'tests',
    file,
    () => run('node_modules/vitest/vitest.mjs', args),
    json => ({
      passed: Number(json['numPassedTests']),
      failed: Number(json['numFailedTests']),
      skipped: Number(json['numPendingTests']) + Number(json['numTodoTests']),
    }),
  );
}

function chapters(): Outcome {
  const file = join(REPORTS, 'prove.json');
  const args = ['prove', '--changed', '--report', file];
  return counted(
    'chapters that changed since their last proof',
    file,
    () => run('chapters/tool/cli.ts', args, [CONDITION, '--import', 'tsx']),
    json => ({
      passed: Number(json['passed']),
      failed: Number(json['failed']),
      skipped: 0,
    }),
  );
}

/** Differential tests want a real Redis. Without one they use recorded answers, and the reader should know. */
function tellAboutRedis(): void {
  const { status } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  if (status !== 0)
    console.log(
      'redis-server is not installed: the differential tests use recorded transcripts (Debian: apt-get install redis-server redis-tools).',
    );
}

function everything(): Outcome[] {
  return [
    check('types', () => run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.json'])),
    check('style', () => run('node_modules/@biomejs/biome/bin/biome', ['check', '.'])),
    check('build', () =>
      ['engine', 'redis-compat'].every(name =>
        run('node_modules/typescript/bin/tsc', ['-p', `${name}/tsconfig.build.json`]),
      ),
    ),
    check('API docs', () =>
      run('node_modules/typedoc/bin/typedoc', ['--options', 'docs/typedoc.json', '--emit', 'none']),
    ),
    vitest([]),
    chapters(),
  ];
}

function summarize(outcomes: readonly Outcome[]): number {
  const total = (pick: 'passed' | 'failed' | 'skipped'): number =>
    outcomes.reduce((sum, outcome) => sum + outcome[pick], 0);
  console.log('');
  for (const { name, passed, failed, skipped, seconds } of outcomes) {
    const state = failed === 0 ? 'ok    ' : 'FAILED';
    console.log(
      `${state} ${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''} (${seconds.toFixed(1)} s)`,
    );
  }
  console.log(
    `${total('passed')} passed, ${total('failed')} failed${total('skipped') > 0 ? `, ${total('skipped')} skipped` : ''}`,
  );
  return total('failed');
}

const args = process.argv.slice(2);
mkdirSync(REPORTS, { recursive: true });
tellAboutRedis();
const packagesOnly = args.includes('--packages-only');
const outcomes = packagesOnly
  ? [vitest(['--project', 'engine', '--project', 'redis-compat'])]
  : args.length > 0
    ? [vitest(args)]
    : everything();
process.exitCode = summarize(outcomes) === 0 ? 0 : 1;
