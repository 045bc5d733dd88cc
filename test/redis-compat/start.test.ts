/**
 * Starting and stopping, seen from outside: what is printed, what goes wrong and what is said about it, signals.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeCommand, RawClient } from '../support/raw-client.ts';
import { runServer, ServerProcess } from '../support/server-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** An unprivileged user; tests as root try what such a user may not do. */
const NOBODY = 65534;
/** Root may write anywhere: then the server is started by somebody else. */
const otherUser = process.getuid?.() === 0 ? NOBODY : undefined;

/** One line that names the problem, exit status 1, no stack trace, nothing on standard output. */
async function expectRefusal(args: readonly string[], line: RegExp, uid?: number): Promise<void> {
  const exit = await runServer(args, uid === undefined ? {} : { uid });
  expect(exit.stderr).toMatch(line);
  expect(exit.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(exit).toMatchObject({ status: 1, stdout: '' });
}

describe('a start that works', () => {
  test('prints where it listens, a line to try, where the data is, how durable it is, and the way to the course', async () => {
    const cwd = temporaryDirectory('start');
    const server = new ServerProcess(['--port', '0'], { cwd });
    const port = await server.port();
    const lines = server.stdout.split('\n');
    expect(lines[0]).toMatch(new RegExp(`^Zerocask \\d+\\.\\d+\\.\\d+ speaks Redis on 127\\.0\\.0\\.1:${port}$`));
    expect(lines[1]).toBe(`  try it:      redis-cli -p ${port} set greeting hello`);
    expect(lines[2]).toBe(`  data:        ${join(cwd, 'zerocask-data')}`);
    expect(lines[3]).toMatch(/^ {2}durability: {2}everysec: /);
    expect(lines[4]).toBe('  the course:  npm run course');
    expect(server.stdout).toMatch(/\n PID: \d+\nServer initialized\nReady to accept connections\n$/);
    expect(await server.kill('SIGTERM')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(cwd, 'zerocask-data'))).toBe(true);
  });

  test('takes a redis.conf, with options after it', async () => {
    const cwd = temporaryDirectory('start');
    const file = join(cwd, 'redis.conf');
    writeFileSync(
      file,
      '# a comment\nport 1\ndir "./my data"\nappendfsync always\nsave 60 1\nrequirepass s3cret\nhz 20\n',
    );
    const server = new ServerProcess([file, '--port', '0', '--maxmemory', '1gb', '--save', '60', '1', '300', '10'], {
      cwd,
    });
    const client = await RawClient.connect(await server.port());
    expect(await client.call('AUTH', 's3cret')).toBe('+OK');
    expect(await client.call('CONFIG', 'GET', 'dir', 'appendfsync', 'maxmemory', 'save')).toEqual([
      '*',
      '$dir',
      `$${join(cwd, 'my data')}`,
      '$appendfsync',
      '$always',
      '$maxmemory',
      '$1073741824',
      '$save',
      '$60 1 300 10',
    ]);
    await client.call('CONFIG', 'SET', 'hz', '30', 'timeout', '600');
    expect(await client.call('CONFIG', 'REWRITE')).toBe('+OK');
    const rewritten = readFileSync(file, 'utf8').split('\n');
    expect(rewritten.slice(0, 4)).toEqual([
      '# a comment',
      'port 0',
      `dir "${join(cwd, 'my data')}"`,
      'appendfsync always',
    ]);
    expect(rewritten).toContain('hz 30');
    expect(rewritten).toContain('timeout 600');
    client.close();
    await server.kill('SIGINT');
  });

  test.each(['--help', '-h'])('%s shows options and examples', async option => {
    const exit = await runServer([option]);
    expect(exit).toMatchObject({ status: 0, stderr: '' });
    expect(exit.stdout).toMatch(/Usage:[\s\S]*--appendfsync[\s\S]*Examples:\n {2}npm start\n/);
  });

  test('--version says one line', async () => {
    expect(await runServer(['--version'])).toMatchObject({ status: 0, stdout: 'zerocask-redis 0.1.0\n', stderr: '' });
  });
});

describe('a start that fails says in one line what to do', () => {
  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const dir = temporaryDirectory('start');
    await expectRefusal(
      ['--port', String(port), '--dir', dir],
      new RegExp(`^zerocask-redis: port ${port} is taken by another program: .*npm start -- --port ${port + 1}\n$`),
    );
    other.close();
  });

  test('the data directory is held by another process', async () => {
    const dir = temporaryDirectory('start');
    const holder = new ServerProcess(['--port', '0', '--dir', dir]);
    await holder.port();
    await expectRefusal(
      ['--port', '0', '--dir', dir],
      /the data directory .* is in use by another process: .*--dir PATH\n$/,
    );
    await holder.kill('SIGTERM');
  });

  test('the data directory may not be written', async () => {
    const dir = join(temporaryDirectory('start'), 'data');
    mkdirSync(dir, { mode: 0o555 });
    chmodSync(join(dir, '..'), 0o755);
    await expectRefusal(
      ['--port', '0', '--dir', dir],
      /the data directory .* cannot be written by this user: .*--dir PATH\n$/,
      otherUser,
    );
    await expectRefusal(['--port', '0', '--dir', join(dir, 'deeper')], /cannot be written by this user/, otherUser);
  });

  test.runIf(process.platform === 'linux')('the data directory lies where Linux lets nobody make one', async () => {
    await expectRefusal(
      ['--port', '0', '--dir', '/proc/nope'],
      /the data directory \/proc\/nope cannot be made there: choose another with --dir PATH\n$/,
    );
  });

  test('the data directory is a file', async () => {
    const file = join(temporaryDirectory('start'), 'file');
    writeFileSync(file, '');
    await expectRefusal(['--port', '0', '--dir', file], /a file is in its way: choose another with --dir PATH\n$/);
    await expectRefusal(
      ['--port', '0', '--dir', join(file, 'deeper')],
      /a file is in its way: choose another with --dir PATH\n$/,
    );
  });

  test.each([
    [['--prot', '6380'], /unknown option '--prot': .*--help\n$/],
    [['--port', 'x'], /the value of '--port' will not do: argument couldn't be parsed into an integer; see --help\n$/],
    [['--port', '70000'], /the value of '--port' will not do: argument must be between 0 and 65535 inclusive/],
    [['--port'], /the value of '--port' will not do: wrong number of arguments/],
    [['--appendfsync', 'often'], /must be one of the following: everysec, always, no/],
    [['nosuch.conf'], /the configuration file nosuch\.conf cannot be read \(ENOENT\)/],
    [['--bind', '192.0.2.1', '--port', '0'], /'192\.0\.2\.1' is no address of this machine/],
  ])('%j', async (args, line) => {
    await expectRefusal(
      [...args, '--dir', temporaryDirectory('start')].slice(
        0,
        args[0] === '--port' && args.length === 1 ? 1 : undefined,
      ),
      line,
    );
  });

  test('a line of the file has unbalanced quotes', async () => {
    const file = join(temporaryDirectory('start'), 'redis.conf');
    writeFileSync(file, 'port 0\nrequirepass "abc\n');
    await expectRefusal([file], /line 2 of .*redis\.conf has unbalanced quotes: requirepass "abc\n$/);
  });
});

describe('a stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s answers what has been run, and keeps it', async signal => {
    const dir = temporaryDirectory('stop');
    const server = new ServerProcess(['--port', '0', '--dir', dir]);
    const client = await RawClient.connect(await server.port());
    expect(await client.run(Array.from({ length: 1000 }, (_, i) => ['SET', `key ${i}`, `value ${i}`]))).toHaveLength(
      1000,
    );
    expect(await server.kill(signal)).toMatchObject({ status: 0, signal: null, stderr: '' });
    const again = new ServerProcess(['--port', '0', '--dir', dir]);
    const other = await RawClient.connect(await again.port());
    expect(await other.run([['DBSIZE'], ['GET', 'key 999']])).toEqual([':1000', '$value 999']);
    other.close();
    await again.kill('SIGKILL');
  });

  test('by SHUTDOWN closes all connections without an answer to it', async () => {
    const server = new ServerProcess(['--port', '0', '--dir', temporaryDirectory('stop')]);
    const port = await server.port();
    const [client, other] = [await RawClient.connect(port), await RawClient.connect(port)];
    expect(
      await client.run([
        ['SET', 'k', 'v'],
        ['SHUTDOWN', 'SAVE', 'NOSAVE'],
        ['SHUTDOWN', 'ABORT'],
      ]),
    ).toEqual(['+OK', '-ERR syntax error', '-ERR No shutdown in progress.']);
    await expect(client.call('SHUTDOWN', 'NOSAVE')).rejects.toThrow('connection closed');
    await expect(other.call('PING')).rejects.toThrow('connection closed');
    expect(await server.exited).toMatchObject({ status: 0, stderr: '' });
  });

  test('does not wait long for a client that never reads its replies', async () => {
    const server = new ServerProcess(['--port', '0', '--dir', temporaryDirectory('stop')]);
    const port = await server.port();
    const client = await RawClient.connect(port);
    await client.call('SET', 'large', 'v'.repeat(1_000_000));
    const deaf = connect({ port, host: '127.0.0.1' });
    deaf.on('error', () => {});
    deaf.pause();
    deaf.write(Buffer.concat(Array.from({ length: 50 }, () => encodeCommand(['GET', 'large']))));
    await expect.poll(() => client.call('CLIENT', 'LIST')).toMatch(/ omem=[1-9]/);
    const started = Date.now();
    expect(await server.kill('SIGTERM')).toMatchObject({ status: 0 });
    expect(Date.now() - started).toBeLessThan(10_000);
    deaf.destroy();
    client.close();
  });
});

test('damaged data is named by file and offset, and nothing is changed', async () => {
  const dir = temporaryDirectory('damage');
  const first = new ServerProcess(['--port', '0', '--dir', dir]);
  const client = await RawClient.connect(await first.port());
  await client.run(Array.from({ length: 100 }, (_, i) => ['SET', `key ${i}`, 'value']));
  await first.kill('SIGTERM');
  const file = join(dir, '0000000001.data');
  const bytes = readFileSync(file);
  bytes[200]! ^= 1;
  chmodSync(file, 0o644);
  writeFileSync(file, bytes);
  await expectRefusal(
    ['--port', '0', '--dir', dir],
    /0000000001\.data is damaged at offset \d+: .*Nothing was changed/,
  );
  expect(readFileSync(file).equals(bytes)).toBe(true);
});

test.runIf(spawnSync('redis-cli', ['--version']).status === 0)('standard input may be closed', async () => {
  const server = new ServerProcess(['--port', '0', '--dir', temporaryDirectory('start')]);
  const port = await server.port();
  const answer = spawnSync('redis-cli', ['-p', String(port), 'set', 'greeting', 'hello'], { encoding: 'utf8' });
  expect(answer.stdout).toBe('OK\n');
  await server.kill('SIGTERM');
});
