/**
 * Redis under the same workload. It answers from memory; with `appendonly yes` it also writes each change to a log, the AOF.
 * Where redis-server is not installed, figures of another day are printed instead.
 */
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userBytes, type Workload } from './workload.ts';

/** What Redis did with a workload, and where that was measured. */
export interface RedisFigures {
  source: string;
  written: number;
  onDisk: number;
  onDiskRewritten: number;
  memoryBytesPerEntry: number;
}

const RECORDED: RedisFigures = {
  source: 'recorded on 2026-11-20 with Redis 7.0.15, 2 cores, Node 20, Debian 12',
  written: 1.24,
  onDisk: 3.95,
  onDiskRewritten: 1.24,
  memoryBytesPerEntry: 279,
};

/** A command as Redis reads it: the number of words, then each word behind its size in bytes. */
export const request = (...words: string[]): string =>
  `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** Send some commands in one go; the answer is all that Redis says until it hangs up. */
function ask(path: string, commands: string[][]): Promise<string> {
  return new Promise((resolve, reject) => {
    let replies = '';
    const socket = connect(path);
    socket.on('data', chunk => (replies += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(replies));
    socket.write([...commands, ['QUIT']].map(words => request(...words)).join(''));
  });
}

/** One number out of the reply to INFO. */
async function info(path: string, field: string): Promise<number> {
  const text = await ask(path, [['INFO']]);
  return Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1]);
}

/** The bytes of the log: one file, or a folder of them from Redis 7 on. */
function aofBytes(directory: string): number {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter(name => name.endsWith('.aof') || name.endsWith('.rdb'));
  // Redis removes old files in the background: one may be gone by now.
  return files.reduce(
    (sum, name) => sum + (fs.statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Put, get, check every answer, and let Redis rewrite its log at the end. */
async function work(path: string, directory: string, workload: Workload): Promise<RedisFigures> {
  const expected = new Map(workload.puts);
  const memoryBefore = await info(path, 'used_memory');
  const aofBefore = aofBytes(directory);
  await ask(
    path,
    workload.puts.map(([key, value]) => ['SET', key, value]),
  );
  const memory = (await info(path, 'used_memory')) - memoryBefore;
  const aof = aofBytes(directory);
  const replies = await ask(
    path,
    workload.gets.map(key => ['GET', key]),
  );
  const wanted = workload.gets.map(key => `$100\r\n${expected.get(key)}\r\n`).join('');
  if (replies !== `${wanted}+OK\r\n`) throw new Error('Redis: wrong answers');
  await ask(path, [['BGREWRITEAOF']]);
  while ((await info(path, 'aof_rewrite_in_progress')) === 1) await sleep(20);
  return {
    source: 'measured here, now',
    written: (aof - aofBefore) / userBytes(workload.puts),
    onDisk: aof / userBytes(expected),
    onDiskRewritten: aofBytes(directory) / userBytes(expected),
    memoryBytesPerEntry: memory / expected.size,
  };
}

/**
 * Start a private server, which listens on a socket file in a directory of its own, and measure it. Where there is no such
 * program the figures are recorded ones, and `source` begins with `recorded on`, date, `with Redis` and version. Beside it stand
 * written, onDisk and onDiskRewritten (bytes for each byte meant: 1.24, 3.95 and 1.24 when recorded) and memoryBytesPerEntry (279).
 */
export async function measureRedis(program: string, workload: Workload): Promise<RedisFigures> {
  if (spawnSync(program, ['--version']).status !== 0) return RECORDED;
  const directory = fs.mkdtempSync(join(tmpdir(), 'kv-redis-'));
  const path = join(directory, 'socket');
  const place = ['--port', '0', '--unixsocket', path, '--dir', directory, '--save', ''];
  const server = spawn(program, [...place, '--appendonly', 'yes', '--aof-use-rdb-preamble', 'no'], { stdio: 'ignore' });
  try {
    while (!fs.existsSync(path)) {
      if (server.exitCode !== null) throw new Error(`${program} stopped with exit code ${server.exitCode}`);
      await sleep(20);
    }
    return await work(path, directory, workload);
  } finally {
    server.kill('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
