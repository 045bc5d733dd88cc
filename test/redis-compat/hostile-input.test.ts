/**
 * Clients that send what no client should, on live sockets, while another client goes on undisturbed.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadMode } from '../../redis-compat/src/listener.ts';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { encodeCommand, RawClient } from '../support/raw-client.ts';

/** Resolves when the server has closed its side, or the whole connection. */
const ended = (socket: Socket): Promise<void> =>
  new Promise(resolve => socket.on('end', resolve).on('close', () => resolve()));

const READ_MODES: readonly ReadMode[] = ['shared', 'stream'];

describe.each(READ_MODES)('sockets read by mode %s', readMode => {
  let ours: OurServer;
  beforeAll(async () => {
    ours = await startOurs({}, { readMode });
  });
  afterAll(() => ours.stop());

  /** All that the server answers until it closes the connection. */
  async function answerTo(...parts: readonly (string | Buffer)[]): Promise<string> {
    const socket = await open();
    const answer = readToEnd(socket);
    for (const part of parts) {
      socket.write(part);
      await new Promise(resolve => setImmediate(resolve));
    }
    return answer;
  }

  async function open(): Promise<Socket> {
    const socket = connect({ port: ours.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    return socket;
  }

  async function readToEnd(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
    });
    await ended(socket);
    socket.destroy();
    return text;
  }

  const stillServed = async (): Promise<void> => {
    expect(await ours.run(['SET', 'other', 'untouched'], ['GET', 'other'])).toEqual(['+OK', '$untouched']);
  };

  test('this Node offers it', () => {
    expect(ours.server.readMode).toBe(readMode);
  });

  test.each([
    ['garbage after a star', '*foo\r\n', '-ERR Protocol error: invalid multibulk length\r\n'],
    [
      'a bulk length of 600 MB',
      '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$629145600\r\n',
      '-ERR Protocol error: invalid bulk length\r\n',
    ],
    ['more arguments than there can be', '*2147483648\r\n', '-ERR Protocol error: invalid multibulk length\r\n'],
    ['no bulk string', '*2\r\n$4\r\nECHO\r\n:1\r\n', "-ERR Protocol error: expected '$', got ':'\r\n"],
    ['an endless inline command', 'x'.repeat(100_000), '-ERR Protocol error: too big inline request\r\n'],
  ])('%s is answered with an error, and the connection is closed', async (_, wire, answer) => {
    expect(await answerTo(wire)).toBe(answer);
    await stillServed();
  });

  test('commands before the garbage are answered', async () => {
    expect(await answerTo('PING\r\n', '*x\r\n', 'PING\r\n')).toBe(
      '+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n',
    );
  });

  test.each([
    'POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET other stolen\r\n',
    'GET / \r\nHost: localhost\r\n\r\nSET other stolen\r\n',
  ])('an HTTP request closes the connection before its body is read', async wire => {
    await stillServed();
    expect(await answerTo(wire)).not.toContain('+OK');
    expect(await ours.run(['GET', 'other'])).toEqual(['$untouched']);
  });

  test('random bytes harm nobody', async () => {
    for (let round = 0; round < 20; round++) {
      const socket = await open();
      const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919 + round * 104729) % 256));
      socket.end(noise);
      await readToEnd(socket);
    }
    await stillServed();
  });

  test('half a command and then silence holds up nobody, and the other half completes it', async () => {
    const socket = await open();
    socket.write('*2\r\n$4\r\nEC');
    await stillServed();
    await stillServed();
    socket.write('HO\r\n$5\r\nlate!\r\n');
    const [answer] = await once(socket, 'data');
    expect(answer.toString()).toBe('$5\r\nlate!\r\n');
    socket.destroy();
  });

  test('a promise of many and large arguments takes no memory', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => open()));
    const before = process.memoryUsage.rss();
    for (const socket of sockets) socket.write('*2147483647\r\n$536870912\r\nabc');
    await stillServed();
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
    for (const socket of sockets) socket.destroy();
  });

  test('a client that pipelines very much before it reads anything gets all answers in order', async () => {
    const value = 'v'.repeat(100);
    await ours.run(['SET', 'pipelined', value]);
    const socket = await open();
    const count = 200_000;
    socket.pause();
    const request = encodeCommand(['GET', 'pipelined']);
    const sent = new Promise<void>((resolve, reject) => {
      socket.write(Buffer.concat(Array.from({ length: count }, () => request)), error =>
        error ? reject(error) : resolve(),
      );
    });
    await sent;
    await stillServed();
    const answer = `$100\r\n${value}\r\n`;
    let received = 0;
    let last = '';
    socket.on('data', chunk => {
      received += chunk.length;
      last = (last + chunk.toString()).slice(-answer.length);
      if (received >= count * answer.length) socket.destroy();
    });
    socket.resume();
    await ended(socket);
    expect(received).toBe(count * answer.length);
    expect(last).toBe(answer);
  });

  test('a client that closes its sending side gets the answers to all it has sent', async () => {
    const socket = await open();
    const answer = readToEnd(socket);
    socket.end('PING\r\nSET half closed\r\nGET half\r\nGE');
    expect(await answer).toBe('+PONG\r\n+OK\r\n$6\r\nclosed\r\n');
  });

  test('a client that resets the connection in the middle of its commands harms nobody', async () => {
    for (let round = 0; round < 20; round++) {
      const socket = await open();
      socket.write(Buffer.concat(Array.from({ length: 1000 }, () => encodeCommand(['GET', 'other']))));
      socket.resetAndDestroy();
    }
    await stillServed();
  });
});

describe('limits', () => {
  test('a request larger than client-query-buffer-limit is cut off', async () => {
    const ours = await startOurs({ 'client-query-buffer-limit': '1mb' });
    const socket = connect({ port: ours.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(`*2\r\n$4\r\nECHO\r\n$5000000\r\n${'x'.repeat(4_000_000)}`);
    await ended(socket);
    expect(ours.server.state.counters.queryLimitDisconnections).toBe(1);
    await ours.stop();
  });

  test('a client that does not take its replies is cut off at its output-buffer limit', async () => {
    const ours = await startOurs({ 'client-output-buffer-limit': 'normal 10mb 0 0' });
    await ours.run(['SET', 'large', 'v'.repeat(1_000_000)]);
    const socket = connect({ port: ours.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    socket.write(Buffer.concat(Array.from({ length: 100 }, () => encodeCommand(['GET', 'large']))));
    await expect.poll(() => ours.server.state.counters.outputLimitDisconnections).toBe(1);
    expect(await ours.run(['PING'])).toEqual(['+PONG']);
    socket.destroy();
    await ours.stop();
  });

  test('a reply larger than the limit is not sent at all, and unsent replies may not stay for long', async () => {
    const ours = await startOurs({ 'client-output-buffer-limit': 'normal 2mb 100kb 1' });
    await ours.run(['SET', 'large', 'v'.repeat(3_000_000)], ['SET', 'medium', 'v'.repeat(1_000_000)]);
    const [greedy, slow] = await Promise.all([1, 2].map(() => RawClient.connect(ours.port)));
    await expect(greedy!.call('GET', 'large')).rejects.toThrow('closed after 0 of 1 replies');
    expect(await slow!.call('GET', 'medium')).toHaveLength(1_000_001);
    const deaf = connect({ port: ours.port, host: '127.0.0.1' });
    deaf.on('error', () => {});
    deaf.pause();
    for (let i = 0; i < 5; i++) {
      deaf.write(encodeCommand(['GET', 'medium']));
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await expect.poll(() => ours.server.state.counters.outputLimitDisconnections, { timeout: 5000 }).toBe(2);
    deaf.destroy();
    slow!.close();
    await ours.stop();
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal)?.address;
  test.runIf(outside !== undefined)(
    'without a password nobody from outside is let in, unless that is wanted',
    async () => {
      const ours = await startOurs({ bind: '* -192.0.2.1' });
      const answer = async (): Promise<string> => {
        const socket = connect({ port: ours.port, host: outside! });
        socket.write('PING\r\n');
        const [chunk] = await once(socket, 'data');
        socket.destroy();
        return String(chunk);
      };
      expect(await answer()).toMatch(/^-DENIED /);
      await ours.run(['CONFIG', 'SET', 'requirepass', 'secret']);
      expect(await answer()).toMatch(/^-NOAUTH /);
      await ours.run(['CONFIG', 'SET', 'requirepass', '', 'protected-mode', 'no']);
      expect(await answer()).toBe('+PONG\r\n');
      await ours.stop();
    },
  );

  test('clients beyond maxclients are told so', async () => {
    const ours = await startOurs({ maxclients: 1 });
    const socket = connect({ port: ours.port, host: '127.0.0.1' });
    const [answer] = await once(socket, 'data');
    expect(answer.toString()).toBe('-ERR max number of clients reached\r\n');
    await ours.stop();
  });

  test('an idle client is closed after timeout', async () => {
    const ours = await startOurs({ timeout: 1 });
    const socket = connect({ port: ours.port, host: '127.0.0.1' });
    const started = Date.now();
    await ended(socket);
    expect(Date.now() - started).toBeGreaterThan(900);
    await ours.stop();
  });
});
