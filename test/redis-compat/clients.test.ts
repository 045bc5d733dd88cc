/**
 * Clients as they come: redis-cli, ioredis and node-redis, with their default settings and in both protocols.
 */
import { spawn, spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../support/our-server.ts';

let ours: OurServer;
beforeAll(async () => {
  ours = await startOurs();
});
afterAll(() => ours.stop());

describe('ioredis', () => {
  test.each([
    ['default settings', {}],
    ['RESP2', { protocol: 2 as const }],
    ['RESP3', { protocol: 3 as const }],
    ['a name, a database and a pipeline per tick', { connectionName: 'me', db: 3, enableAutoPipelining: true }],
  ])('with %s', async (_, options) => {
    const redis = new Redis({ port: ours.port, host: '127.0.0.1', ...options });
    const failures: Error[] = [];
    redis.on('error', error => failures.push(error));
    await redis.flushdb();
    expect(await redis.set('greeting', 'hello', 'EX', 100)).toBe('OK');
    expect(await redis.get('greeting')).toBe('hello');
    expect(await redis.ttl('greeting')).toBeGreaterThan(90);
    expect(await redis.get('missing')).toBeNull();
    expect(await redis.mset({ a: '1', b: '2' })).toBe('OK');
    expect(await redis.mget('a', 'b', 'c')).toEqual(['1', '2', null]);
    expect(await redis.incrby('count', 5)).toBe(5);
    expect(await redis.incrbyfloat('float', 1.5)).toBe('1.5');
    expect(await redis.getBuffer('greeting')).toEqual(Buffer.from('hello'));
    await expect(redis.incr('greeting')).rejects.toThrow('ERR value is not an integer or out of range');
    const replies = await redis.pipeline().set('x', 1).incr('x').get('x').exec();
    expect(replies).toEqual([
      [null, 'OK'],
      [null, 2],
      [null, '2'],
    ]);
    const keys: string[] = [];
    for await (const page of redis.scanStream({ count: 2 })) keys.push(...page);
    expect(keys.sort()).toEqual(['a', 'b', 'count', 'float', 'greeting', 'x']);
    expect(await redis.info('server')).toContain('redis_version:7.2.6');
    expect(failures).toEqual([]);
    await redis.quit();
  });

  test('a thousand commands at once come back in order', async () => {
    const redis = new Redis({ port: ours.port, host: '127.0.0.1' });
    const echoes = await Promise.all(Array.from({ length: 1000 }, (_, i) => redis.echo(String(i))));
    expect(echoes).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
    redis.disconnect();
  });
});

describe('node-redis', () => {
  test.each([
    ['default settings', {}],
    ['RESP2', { RESP: 2 }],
    ['RESP3', { RESP: 3 }],
    ['a name and a database', { name: 'me', database: 4 }],
  ] as const)('with %s', async (_, options) => {
    const client = createClient({ socket: { port: ours.port, host: '127.0.0.1' }, ...options });
    const failures: Error[] = [];
    client.on('error', error => failures.push(error));
    await client.connect();
    await client.flushDb();
    expect(await client.set('greeting', 'hello', { expiration: { type: 'EX', value: 100 } })).toBe('OK');
    expect(await client.get('greeting')).toBe('hello');
    expect(await client.get('missing')).toBeNull();
    expect(await client.mSet({ a: '1', b: '2' })).toBe('OK');
    expect(await client.mGet(['a', 'b', 'c'])).toEqual(['1', '2', null]);
    expect(await client.incrBy('count', 5)).toBe(5);
    expect(await client.exists(['a', 'nosuch'])).toBe(1);
    expect(await client.configGet('appendfsync')).toEqual({ appendfsync: 'everysec' });
    await expect(client.incr('greeting')).rejects.toThrow('ERR value is not an integer or out of range');
    const keys: string[] = [];
    for await (const page of client.scanIterator({ COUNT: 2 })) keys.push(...page);
    expect(keys.sort()).toEqual(['a', 'b', 'count', 'greeting']);
    expect(await client.commandCount()).toBeGreaterThan(50);
    expect(failures).toEqual([]);
    await client.close();
  });
});

describe.runIf(spawnSync('redis-cli', ['--version']).status === 0)('redis-cli', () => {
  /** Without blocking, since the server runs in this process. */
  function cli(args: readonly string[], input = ''): Promise<{ stdout: string; status: number | null }> {
    const child = spawn('redis-cli', ['-p', String(ours.port), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', chunk => {
      stdout += chunk;
    });
    child.stdin.end(input);
    return new Promise(resolve => child.on('close', status => resolve({ stdout, status })));
  }

  test('one command, in RESP2 and in RESP3', async () => {
    expect(await cli(['set', 'greeting', 'hello'])).toEqual({ stdout: 'OK\n', status: 0 });
    expect((await cli(['-3', 'get', 'greeting'])).stdout).toBe('hello\n');
    expect((await cli(['-n', '5', 'get', 'greeting'])).stdout).toBe('\n');
  });

  test('commands from a script, with an error among them', async () => {
    const { stdout } = await cli([], 'set n 1\nincr n\nincr greeting\nselect 99\nget n\n');
    expect(stdout).toBe('OK\n2\nERR value is not an integer or out of range\n\nERR DB index is out of range\n\n2\n');
  });

  test('--scan, --pipe, --bigkeys and --latency-history need nothing that is missing', async () => {
    await cli(['flushall']);
    await cli(['mset', ...Array.from({ length: 100 }, (_, i) => [`key:${i}`, String(i)]).flat()]);
    const scanned = await cli(['--scan', '--pattern', 'key:*']);
    expect(new Set(scanned.stdout.trim().split('\n')).size).toBe(100);
    const mass = Array.from({ length: 1000 }, (_, i) => `SET mass:${i} ${i}\r\n`).join('');
    expect((await cli(['--pipe'], mass)).stdout).toContain('errors: 0, replies: 1000');
    expect((await cli(['--bigkeys'])).stdout).toContain('Sampled 1100 keys in the keyspace!');
    expect((await cli(['--memkeys'])).stdout).toContain('Sampled 1100 keys in the keyspace!');
  });
});

test.runIf(spawnSync('redis-benchmark', ['--version']).status === 0)('redis-benchmark runs its pipelines', async () => {
  const child = spawn(
    'redis-benchmark',
    ['-p', String(ours.port), '-t', 'set,get,incr,mset', '-n', '2000', '-P', '16', '-q', '--csv'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  let problems = '';
  child.stderr.on('data', chunk => {
    problems += chunk;
  });
  const status = await new Promise(resolve => child.on('close', resolve));
  expect(problems).toBe('');
  expect(output.match(/^"(SET|GET|INCR|MSET)/gm)).toHaveLength(4);
  expect(status).toBe(0);
});
