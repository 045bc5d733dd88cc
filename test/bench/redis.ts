/**
 * `npm run bench:redis`: redis-benchmark against our server and against Debian's redis-server, both appending to disk once
 * a second, in turns on the same machine, so that a machine that slows down slows both.
 *
 *   npm run bench:redis                       SET and GET at pipeline 1 and 16, 5 rounds
 *   npm run bench:redis -- --rounds 3 --json  fewer rounds; figures for a program
 *
 * The figure to look at is the ratio, ours over Redis's, of each round; its median is printed with the lowest and the
 * highest. Answers are checked: after the run both servers hold the same number of keys, with values of the right size.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { sparePort } from '../support/real-redis.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLIENTS = 50;
const VALUE_SIZE = 100;
const KEYS = 100_000;

interface Server {
  readonly name: 'ours' | 'redis';
  readonly port: number;
  readonly process: ChildProcess;
}

interface Row {
  readonly command: 'SET' | 'GET';
  readonly pipeline: number;
  readonly requests: number;
}

/** What one server did in one round of a row. */
interface Sample {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server for one request. */
  readonly cpuMicroseconds: number;
}

const ROWS: readonly Row[] = [1, 16].flatMap(pipeline =>
  (['SET', 'GET'] as const).map(command => ({ command, pipeline, requests: pipeline === 1 ? 200_000 : 1_000_000 })),
);

async function start(name: Server['name'], directory: string): Promise<Server> {
  const port = await sparePort();
  mkdirSync(directory);
  const common = ['--port', String(port), '--dir', directory, '--appendfsync', 'everysec'];
  const child =
    name === 'ours'
      ? spawn(process.execPath, [join(ROOT, 'redis-compat/bin/zerocask-redis.js'), ...common], { stdio: 'ignore' })
      : spawn('redis-server', [...common, '--appendonly', 'yes', '--save', '', '--bind', '127.0.0.1'], {
          stdio: 'ignore',
        });
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 });
  redis.on('error', () => {}); // Refused until it listens.
  await redis.ping();
  redis.disconnect();
  return { name, port, process: child };
}

/** Processor time the process has used so far, in microseconds (Linux; utime and stime come in ticks of 10 ms). */
function cpuMicroseconds({ process: { pid } }: Server): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function measure(server: Server, { command, pipeline, requests }: Row): Sample {
  const args = [
    '-p',
    server.port,
    '-t',
    command.toLowerCase(),
    '-c',
    CLIENTS,
    '-d',
    VALUE_SIZE,
    '-r',
    KEYS,
    '-n',
    requests,
    '-P',
    pipeline,
  ];
  const before = cpuMicroseconds(server);
  const csv = execFileSync('redis-benchmark', [...args.map(String), '--csv'], { encoding: 'utf8' });
  const used = cpuMicroseconds(server) - before;
  const [, rps, , , p50, , p99] = csv.trim().split('\n').at(-1)!.replaceAll('"', '').split(',');
  return { requestsPerSecond: Number(rps), p50Ms: Number(p50), p99Ms: Number(p99), cpuMicroseconds: used / requests };
}

async function check(servers: readonly Server[]): Promise<void> {
  for (const { name, port } of servers) {
    const redis = new Redis(port, '127.0.0.1');
    const keys = await redis.dbsize();
    const value = await redis.get((await redis.randomkey()) ?? '');
    redis.disconnect();
    if (keys < KEYS * 0.99 || value?.length !== VALUE_SIZE) {
      throw new Error(
        `${name} holds ${keys} keys, and a value of ${value?.length} bytes: the benchmark has not done its work`,
      );
    }
  }
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const median = (numbers: readonly number[]): number => sorted(numbers)[Math.floor(numbers.length / 2)]!;
const fixed = (n: number, digits = 2): string => n.toFixed(digits);

function report(row: Row, ours: readonly Sample[], redis: readonly Sample[]): Record<string, string> {
  const ratios = sorted(ours.map((sample, i) => sample.requestsPerSecond / redis[i]!.requestsPerSecond));
  const of = (samples: readonly Sample[], pick: (sample: Sample) => number): number => median(samples.map(pick));
  return {
    row: `${row.command} -P ${row.pipeline}`,
    ratio: `${fixed(median(ratios))} (${fixed(ratios[0]!)}-${fixed(ratios.at(-1)!)})`,
    'ours k/s': fixed(of(ours, s => s.requestsPerSecond) / 1000, 1),
    'redis k/s': fixed(of(redis, s => s.requestsPerSecond) / 1000, 1),
    'p99 ms ours/redis': `${fixed(of(ours, s => s.p99Ms))} / ${fixed(of(redis, s => s.p99Ms))}`,
    'server CPU us ours/redis': `${fixed(of(ours, s => s.cpuMicroseconds))} / ${fixed(of(redis, s => s.cpuMicroseconds))}`,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
  });
  const directory = mkdtempSync(join(tmpdir(), 'zerocask-bench-'));
  const servers = [await start('ours', join(directory, 'ours')), await start('redis', join(directory, 'redis'))];
  try {
    const results: Record<string, string>[] = [];
    for (const row of ROWS) {
      const samples: Record<Server['name'], Sample[]> = { ours: [], redis: [] };
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const server of round % 2 === 0 ? servers : [...servers].reverse())
          samples[server.name].push(measure(server, row));
      }
      results.push(report(row, samples.ours, samples.redis));
      if (!values.json) console.error(`${row.command} -P ${row.pipeline} measured`);
    }
    await check(servers);
    if (values.json) console.log(JSON.stringify(results, null, 2));
    else {
      const redis = execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).split(' ')[2];
      console.log(
        `${cpus().length} cores, Node ${process.version}, redis-server ${redis}; ${CLIENTS} clients, ${VALUE_SIZE}-byte values, ${KEYS} random keys, appendfsync everysec, median of ${values.rounds} rounds`,
      );
      console.table(results);
    }
  } finally {
    for (const { process: child } of servers) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
