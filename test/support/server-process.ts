/**
 * Our server as a process of its own, as a user starts it: for what can only be seen from outside (output, exit status,
 * signals, SIGKILL). The sources are compiled once per test file, by erasing their types, so that a server starts as fast
 * as an installed one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { temporaryDirectory } from './temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What became of a process. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start it. */
export interface ProcessOptions {
  readonly uid?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A started server. */
export class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], { uid, cwd, env }: ProcessOptions = {}) {
    this.#child = spawn(uid === undefined ? process.execPath : nodeForEveryone(), [compiledCli(), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#child.stdout!.on('data', chunk => {
      this.#stdout += chunk;
    });
    this.#child.stderr!.on('data', chunk => {
      this.#stderr += chunk;
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (status, signal) =>
        resolve({ status, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isReady(): boolean {
    return this.#stdout.includes('Ready to accept connections');
  }

  /** All it has printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** The port, when clients can connect. */
  async port(): Promise<number> {
    const ready = new Promise<undefined>(resolve => {
      const look = (): void => {
        if (this.isReady) resolve(undefined);
      };
      this.#child.stdout!.on('data', look);
      look();
    });
    const exit = await Promise.race([ready, this.exited]);
    if (exit !== undefined) throw new Error(`the server ended at once: ${exit.stderr}${exit.stdout}`);
    return Number(/-p (\d+)/.exec(this.#stdout)![1]);
  }

  kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }
}

/** Run a server that is expected to end by itself. */
export const runServer = (args: readonly string[], options?: ProcessOptions): Promise<Exit> =>
  new ServerProcess(args, options).exited;

/** This Node where any user may run it: it may lie in a home folder that only root can enter. */
function nodeForEveryone(): string {
  const folder = temporaryDirectory('node');
  chmodSync(folder, 0o755);
  const copy = join(folder, 'node');
  copyFileSync(process.execPath, copy);
  return copy;
}

let cli: string | undefined;

/** The command line in plain JavaScript, in a tree in which the engine is found by its name. */
function compiledCli(): string {
  if (cli !== undefined) return cli;
  const tree = temporaryDirectory('compiled');
  chmodSync(tree, 0o755); // A test runs it as another user.
  const engine = join(tree, 'node_modules/@zerocask/engine');
  compileFolder(join(ROOT, 'engine/src'), engine);
  writeFileSync(join(engine, 'package.json'), '{"type":"module","exports":"./index.js"}');
  compileFolder(join(ROOT, 'redis-compat/src'), join(tree, 'redis-compat'));
  writeFileSync(join(tree, 'package.json'), '{"type":"module"}');
  cli = join(tree, 'redis-compat/cli.js');
  return cli;
}

function compileFolder(from: string, to: string): void {
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(from, file), 'utf8'), { compilerOptions: options });
    const target = join(to, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText.replace(/(from ')(\.[^']+)\.ts'/g, "$1$2.js'"));
  }
}
