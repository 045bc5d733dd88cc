/**
 * Debian's redis-server as a yardstick: started by a test on a spare port, gone with it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { RawClient } from './raw-client.ts';

/** A running redis-server. */
export interface RealRedis {
  readonly port: number;
  readonly version: string;
  stop(): Promise<void>;
}

/** Is there a redis-server on this machine? */
export function hasRealRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** Start one that keeps nothing; undefined where there is none. */
export async function startRealRedis(): Promise<RealRedis | undefined> {
  if (!hasRealRedis()) return undefined;
  const port = await sparePort();
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    tmpdir(),
  ];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const version = await waitForVersion(port);
  return {
    port,
    version,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A port of the loopback address that nobody listens on right now. */
export async function sparePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function waitForVersion(port: number): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const client = await RawClient.connect(port);
      const info = await client.call('INFO', 'server');
      client.close();
      const version = /redis_version:(\S+)/.exec(String(info));
      if (version !== null) return version[1]!;
    } catch {
      // Not listening yet.
    }
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  throw new Error(`redis-server did not answer on port ${port}`);
}
