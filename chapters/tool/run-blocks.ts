/**
 * What the commands of a lesson print. They run in order, in one fresh copy of the chapter's snapshot, as the reader's would.
 *
 * The command itself is the first line, after `$`. The copy's path is printed as `my-kv`. Colours are off and the time zone is UTC; beyond that a command has to be deterministic by itself.
 * Invariant: one lesson's commands never see another's files. Outputs are remembered by commands and snapshot unless `fresh` is asked for.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type Chapter, twoDigits } from './catalog.ts';
import { layOut } from './targets.ts';

export interface CommandRuns {
  readonly root: string;
  /** Run every command, whatever was remembered. */
  readonly fresh?: boolean;
}

export interface Output {
  readonly lines: readonly string[];
  readonly error?: string;
}

const TIMEOUT_MS = 60_000;

/** The output of each command, in order. */
export function outputsOf(
  runs: CommandRuns,
  chapter: Chapter,
  snapshot: ReadonlyMap<string, string>,
  commands: readonly string[],
): readonly Output[] {
  if (commands.length === 0) return [];
  const key = hash([twoDigits(chapter.number), process.version, ...commands, ...[...snapshot].flat()]);
  const memory = join(runs.root, '.proof', 'runs', `${key}.json`);
  // Within one process a lesson's commands run once for both languages.
  const known = sessions.get(key) ?? (runs.fresh !== true && existsSync(memory) ? recall(memory) : undefined);
  if (known !== undefined) return known;
  const outputs = runAll(runs.root, chapter, snapshot, commands);
  sessions.set(key, outputs);
  if (outputs.every(output => output.error === undefined)) remember(memory, outputs);
  return outputs;
}

const sessions = new Map<string, readonly Output[]>();

function runAll(
  root: string,
  chapter: Chapter,
  snapshot: ReadonlyMap<string, string>,
  commands: readonly string[],
): readonly Output[] {
  const dir = join(root, '.views', 'run', twoDigits(chapter.number), 'my-kv');
  rmSync(dir, { recursive: true, force: true });
  layOut(root, dir, snapshot);
  const outputs = commands.map(command => run(root, dir, command));
  rmSync(dir, { recursive: true, force: true });
  return outputs;
}

function run(root: string, dir: string, command: string): Output {
  const result = spawnSync(command, {
    cwd: dir,
    shell: true,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
    env: environment(root),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error !== undefined) return { lines: [], error: `\`${command}\`: ${result.error.message}` };
  if (result.status === 127) return { lines: [], error: `\`${command}\`: ${result.stderr.trim()}` };
  const text = stripVTControlCharacters(result.stdout + result.stderr)
    .replaceAll(dir, 'my-kv')
    .replaceAll('\r\n', '\n');
  const printed = text.replace(/\n+$/, '').split('\n');
  return { lines: [`$ ${command}`, ...printed.map(line => line.trimEnd())] };
}

function environment(root: string): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(
    delimiter,
  );
  return {
    ...process.env,
    PATH: path,
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    NODE_OPTIONS: '',
    COLUMNS: '100',
  };
}

function recall(file: string): readonly Output[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Output[];
}

function remember(file: string, outputs: readonly Output[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(outputs));
}

function hash(parts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:${part}`);
  return sum.digest('hex').slice(0, 24);
}
