/**
 * The state that lives as long as the server and that commands read or change: configuration, clients, counters. It is
 * data; listening, reading and sending belong to the rooms above, which commands reach only by the requests stated here.
 */
import type { Client } from '../client.ts';
import type { Config } from '../config.ts';
import type { Effects } from '../effects.ts';
import type { Databases } from '../keyspace.ts';

/** What a command may ask of the rooms above. */
export interface ServerRequests {
  /** SHUTDOWN: finish the turn, sync, close, exit. */
  shutdown(): void;
}

/** Everything that is one per server. */
export interface ServerState {
  readonly config: Config;
  readonly databases: Databases;
  readonly effects: Effects;
  readonly clients: ReadonlyMap<number, Client>;
  readonly requests: ServerRequests;
}
