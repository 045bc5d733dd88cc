/**
 * Our server as a process of its own, as a user starts it: for what can only be seen from outside (output, exit status,
 * signals, SIGKILL).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');

/** Node's arguments that run the command line from its sources. */
export const CLI: readonly string[] = [
  '--conditions=@zerocask/source',
  '--import',
  import.meta.resolve('tsx'),
  join(ROOT, 'redis-compat/src/cli.ts'),
];

/** What became of a process. */
export interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started process. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], options: { readonly uid?: number; readonly env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(process.execPath, [...CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    this.child.stdout!.on('data', chunk => {
      this.#stdout += chunk;
    });
    this.child.stderr!.on('data', chunk => {
      this.#stderr += chunk;
    });
    this.exited = once(this.child, 'close').then(([status, signal]) => ({
      status,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** The port, when clients can connect. */
  async port(): Promise<number> {
    const ready = new Promise<void>(resolve => {
      const look = (): void => {
        if (this.#stdout.includes('Ready to accept connections')) resolve();
      };
      this.child.stdout!.on('data', look);
      look();
    });
    const exit = await Promise.race([ready, this.exited]);
    if (exit !== undefined) throw new Error(`the server ended at once: ${exit.stderr}${exit.stdout}`);
    return Number(/redis-cli .*-p (\d+)/.exec(this.#stdout)![1]);
  }

  kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }
}
