/**
 * The public door: start a server inside a program or a test.
 *
 *   const server = await start({ settings: { port: 0, dir: './data', appendfsync: 'always' } });
 *   // connect any Redis client to server.host and server.port
 *   await server.stop();
 */
export { Config, ConfigError, type Setting } from './config.ts';
export type { ReadMode } from './listener.ts';
export { RedisServer, type StartOptions, start } from './server.ts';
