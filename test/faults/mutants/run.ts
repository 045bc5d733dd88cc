/**
 * Mutation checks: each fault of the list is planted in a copy of the engine, and the test that is named has to fail there.
 * A test that cannot fail proves nothing; this shows that those which guard the promises can.
 *
 *   node --conditions=@zerocask/source --import tsx test/faults/mutants/run.ts [part of a fault's name] ...
 *
 * Invariants: (1) this folder is never touched: faults are planted in copies, in the system's temporary directory;
 *             (2) a fault counts as caught only by the test it names, which passes without it.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, type Mutant } from './list.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COPIED = ['engine', 'docs', 'package.json', 'tsconfig.json', '.tsconfig.base.json', 'test'];
/** Copies in which faults are tried at the same time. */
const COPIES = Number(process.env['ZEROCASK_MUTANT_COPIES'] ?? 2);

/** What the tests of a copy came to: names of those that passed and failed. */
interface Outcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** A copy of the engine and its tests. */
class Copy {
  readonly root: string = mkdtempSync(join(tmpdir(), 'zerocask-mutants-'));

  constructor() {
    for (const path of COPIED) {
      cpSync(join(ROOT, path), join(this.root, path), {
        recursive: true,
        filter: from => !from.includes('node_modules'),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'), 'junction');
  }

  /** Run these tests. */
  async test(tests: readonly Mutant['caughtBy'][]): Promise<Outcome> {
    const report = join(this.root, 'report.json');
    rmSync(report, { force: true });
    const files = [...new Set(tests.map(({ file }) => `test/engine/${file}`))];
    const names = tests.map(({ test }) => test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const args = [
      'run',
      '-c',
      'test/vitest.config.ts',
      '--project',
      'engine',
      '--reporter=json',
      `--outputFile=${report}`,
    ];
    await new Promise<void>(resolve => {
      const child = spawn(
        process.execPath,
        [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args, '-t', names, '--bail=1', ...files],
        // The first failure is enough: no time is spent on making it small.
        {
          cwd: this.root,
          stdio: 'ignore',
          env: { ...process.env, ZEROCASK_CRASH_FIRST: '1', ZEROCASK_CRASH_EVERY: '29' },
          timeout: 300_000,
        },
      );
      child.on('close', () => resolve());
    });
    if (!existsSync(report)) return { passed: [], failed: [] };
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { assertionResults: { fullName: string; status: string }[] }[];
    };
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const namesOf = (status: string): string[] =>
      results.filter(each => each.status === status).map(each => each.fullName);
    return { passed: namesOf('passed'), failed: namesOf('failed') };
  }

  /** Plant a fault while `work` runs. @throws when the code has no such place, or several. */
  async with<T>({ file, replace, with: text }: Mutant, work: () => Promise<T>): Promise<T> {
    const path = join(this.root, 'engine/src', file);
    const code = readFileSync(path, 'utf8');
    const places = code.split(replace).length - 1;
    if (places !== 1) throw new Error(`the code to replace stands ${places} times in engine/src/${file}`);
    writeFileSync(
      path,
      code.replace(replace, () => text),
    );
    try {
      return await work();
    } finally {
      writeFileSync(path, code);
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What is wrong with this mutant, if anything: nothing, when its test has failed. */
async function problemOf(mutant: Mutant, copy: Copy): Promise<string | undefined> {
  try {
    const { failed, passed } = await copy.with(mutant, () => copy.test([mutant.caughtBy]));
    if (failed.some(name => name.includes(mutant.caughtBy.test))) return undefined;
    return passed.length === 0 && failed.length === 0 ? 'the test was not found, or did not end' : 'the test passes';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Try all; returns how many were caught, and how many were not. */
export async function tryMutants(mutants: readonly Mutant[]): Promise<{ caught: number; missed: number }> {
  const copies = Array.from({ length: COPIES }, () => new Copy());
  let [caught, missed] = [0, 0];
  try {
    // Without a fault, every test that is named passes.
    const { failed, passed } = await copies[0]!.test(mutants.map(({ caughtBy }) => caughtBy));
    for (const name of failed) console.log(`✗ fails without any fault: ${name}`);
    missed += failed.length;
    for (const { name, caughtBy } of mutants) {
      if ([...passed, ...failed].some(each => each.includes(caughtBy.test))) continue;
      console.log(`✗ ${name}: there is no test "${caughtBy.test}" in ${caughtBy.file}`);
    }
    const waiting = [...mutants];
    const work = async (copy: Copy): Promise<void> => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const started = Date.now();
        const problem = await problemOf(mutant, copy);
        if (problem === undefined) caught++;
        else missed++;
        const seconds = ((Date.now() - started) / 1000).toFixed(1);
        console.log(
          problem === undefined
            ? `✓ ${mutant.name}: caught by "${mutant.caughtBy.test}" (${seconds} s)`
            : `✗ ${mutant.name}: ${problem}, "${mutant.caughtBy.test}" (${seconds} s)`,
        );
      }
    };
    await Promise.all(copies.map(work));
  } finally {
    for (const copy of copies) copy.remove();
  }
  return { caught, missed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const parts = process.argv.slice(2);
  const { caught, missed } = await tryMutants(
    MUTANTS.filter(({ name }) => parts.length === 0 || parts.some(part => name.includes(part))),
  );
  console.log(`${caught} passed, ${missed} failed`);
  process.exitCode = missed === 0 ? 0 : 1;
}
