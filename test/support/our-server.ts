/**
 * A server of ours in a directory of its own, gone with the test.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, type StartOptions, start } from '../../redis-compat/src/server.ts';
import { type Command, RawClient, type Reply } from './raw-client.ts';

/** A running server and one client of it. */
export interface OurServer {
  readonly server: RedisServer;
  readonly port: number;
  readonly client: RawClient;
  /** Send commands given as arguments, and return their replies. */
  run(...commands: Command[]): Promise<Reply[]>;
  stop(): Promise<void>;
}

/** Start one on a spare port, with these parameters of redis.conf. */
export async function startOurs(
  settings: Readonly<Record<string, string | number>> = {},
  options: Omit<StartOptions, 'settings' | 'config'> = {},
): Promise<OurServer> {
  const dir = await mkdtemp(join(tmpdir(), 'zerocask-test-'));
  const server = await start({ ...options, settings: { port: 0, dir, ...settings } });
  const client = await RawClient.connect(server.port);
  return {
    server,
    port: server.port,
    client,
    run: (...commands) => client.run(commands),
    stop: async () => {
      client.close();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
