/** Where the figures were taken: a figure without its machine says nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine, the versions and the moment. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly fileSystem: string;
  /** One fdatasync after a small write, in microseconds: the median of many. */
  readonly fdatasyncMicroseconds: number;
  /** Load average of the last minute before the run: anything above 0.3 is somebody else at work. */
  readonly load: number;
  readonly commit: string;
}

/** Look at this machine; `directory` is where the stores will lie. */
export function lookAtMachine(directory: string, fdatasyncMicroseconds: number): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('.').slice(0, 2).join('.')}${distribution()}`,
    node: process.version,
    fileSystem: said('stat', ['-f', '-c', '%T', directory]),
    fdatasyncMicroseconds,
    load: Math.round(loadavg()[0]! * 100) / 100,
    commit: said('git', ['rev-parse', '--short', 'HEAD']),
  };
}

function distribution(): string {
  try {
    const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return name === undefined ? '' : `, ${name}`;
  } catch {
    return ''; // Only Linux has the file.
  }
}

function said(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}
