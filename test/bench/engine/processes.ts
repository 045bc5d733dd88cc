/**
 * The processes in which stores are measured. They run plain JavaScript, as users' programs do: the engine and the
 * measuring code are compiled once, by erasing their types, into test/bench/dist (a compiler that loads on the way makes
 * closures several times slower). It lies there so that the peers' packages are found beside it.
 *
 * Directories that hold data before a job begins are made once for each store and copied for each job.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Job, Refusal, Result } from './job.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMPILED = join(ROOT, 'test/bench/dist');
const FOLDERS = ['engine/src', 'test/bench/engine/measured', 'test/bench/engine/stores'];

/** Compile what the processes run. */
export function compile(): void {
  rmSync(COMPILED, { recursive: true, force: true });
  mkdirSync(COMPILED, { recursive: true });
  writeFileSync(join(COMPILED, 'package.json'), '{"type":"module"}');
  for (const folder of FOLDERS) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.ts')) compileFile(join(ROOT, folder, file));
    }
  }
  compileFile(join(ROOT, 'test/bench/engine/job.ts'));
}

function compileFile(path: string): void {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  const to = join(COMPILED, relative(ROOT, path)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, outputText);
}

/** Copies of prepared directories, and the directories themselves, in one place that is gone in the end. */
export class Directories {
  readonly #root: string;
  readonly #ready = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** An empty directory, or a copy of the one that holds what the job begins with. */
  async forJob(job: Job): Promise<string> {
    const directory = join(this.#root, 'job');
    rmSync(directory, { recursive: true, force: true });
    if (job.before === 'nothing') mkdirSync(directory);
    else {
      const ready = await this.#readyFor(job);
      must(spawnSync('cp', ['-a', '--reflink=auto', ready, directory]), 'cp');
    }
    // What was written so far is not to be written back to the disk while the job runs.
    spawnSync('sync');
    return directory;
  }

  /** Forget what was prepared for a store or a kind of data that is not needed any more. */
  clear(): void {
    for (const directory of this.#ready.values()) rmSync(directory, { recursive: true, force: true });
    this.#ready.clear();
  }

  async #readyFor({ store, before, keys, valueSize }: Job): Promise<string> {
    const name = `${store}-${before}-${keys}-${valueSize}`;
    const known = this.#ready.get(name);
    if (known !== undefined) return known;
    const directory = join(this.#root, name);
    mkdirSync(directory, { recursive: true });
    const outcome = await runJob({
      store,
      directory,
      workload: 'prepare',
      discipline: 'turn',
      level: 'os',
      before,
      keys,
      operations: keys,
      valueSize,
    });
    if ('cannot' in outcome) throw new CannotPrepare(outcome.cannot);
    this.#ready.set(name, directory);
    return directory;
  }
}

/** A store cannot be prepared because it is not there. */
export class CannotPrepare extends Error {}

function must({ status, stderr }: SpawnSyncReturns<Buffer>, what: string): void {
  if (status !== 0) throw new Error(`${what} failed: ${stderr}`);
}

/**
 * Run a job in a process of its own. A peer whose native code ends its process is reported as one that cannot.
 * @throws when the process fails, or finds a wrong answer.
 */
export function runJob(job: Job): Promise<Result | Refusal> {
  const program = join(COMPILED, 'test/bench/engine/measured/main.js');
  const child = spawn(process.execPath, [program, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (job.before === 'killed' && signal === 'SIGKILL') resolve({} as Result);
      else if (signal !== null && job.store !== 'zerocask')
        resolve({ cannot: `its process ended with ${signal}: ${errors.trim()}` });
      else if (code === 0) resolve(JSON.parse(output) as Result | Refusal);
      else reject(new Error(`${job.store}, ${job.workload}: the process ended with ${code ?? signal}\n${errors}`));
    });
  });
}

/** The version of each peer that is installed. */
export function peerVersions(): Record<string, string> {
  const lock = join(ROOT, 'test/bench/package.json');
  const { dependencies } = JSON.parse(readFileSync(lock, 'utf8')) as { dependencies: Record<string, string> };
  return Object.fromEntries(
    Object.keys(dependencies).map(name => {
      const path = join(ROOT, 'test/bench/node_modules', name, 'package.json');
      const installed = existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
      return [name, installed || 'not installed'];
    }),
  );
}
