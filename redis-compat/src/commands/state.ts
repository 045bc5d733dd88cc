/**
 * The state that lives as long as the server and that commands read or change: configuration, clients, counters. It is
 * data; listening, reading and sending belong to the rooms above, which commands reach only by the requests stated here.
 */
import { randomBytes } from 'node:crypto';
import type { Client } from '../client.ts';
import type { Config } from '../config.ts';
import type { Effects } from '../effects.ts';
import type { ExpiryCycle } from '../expiry.ts';
import type { Databases } from '../keyspace.ts';
import { LatencyMonitor } from './latency.ts';
import type { Registry } from './registry.ts';
import { SlowLog } from './slow-log.ts';

/** The version of Redis whose behaviour this server shows. */
export const REDIS_VERSION = '7.2.6';
/** The version of this server. */
export const ZEROCASK_VERSION = '0.1.0';

/** What a command may ask of the rooms above. */
export interface ServerRequests {
  /** SHUTDOWN: finish the turn, sync, close. The command is not answered. */
  shutdown(): void;
}

/** Counters of INFO stats; CONFIG RESETSTAT sets them to 0. */
export class Counters {
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  bytesReceived = 0;
  bytesSent = 0;
  errorReplies = 0;
  protocolErrors = 0;
  outputLimitDisconnections = 0;
  queryLimitDisconnections = 0;
  turns = 0;
  /** How often each class of error (`ERR`, `WRONGTYPE`) was answered. */
  readonly errors: Map<string, number> = new Map();
}

/** Everything that is one per server. */
export class ServerState {
  readonly config: Config;
  readonly databases: Databases;
  readonly effects: Effects;
  readonly registry: Registry;
  readonly requests: ServerRequests;
  readonly expiry: ExpiryCycle;
  readonly clients: Map<number, Client> = new Map();
  readonly slowLog: SlowLog = new SlowLog();
  readonly latency: LatencyMonitor = new LatencyMonitor();
  readonly runId: string = randomBytes(20).toString('hex');
  readonly startedAtMs: number = Date.now();
  /** The address it listens on; port 0 in the configuration means one the system has chosen. */
  host = '';
  port = 0;
  counters: Counters = new Counters();
  /** The last turn could not be appended to the log; the engine tries again, and refuses writes meanwhile. */
  logStuck = false;
  /** `client-query-buffer-limit`: most bytes of a request that has not arrived whole. */
  queryBufferLimit = 0;
  /** Is there a password, so that a new client has to give it? */
  passwordNeeded = false;
  /** Of the last second. */
  commandsPerSecond = 0;
  /** The most memory that INFO has seen, in bytes. */
  peakMemory = 0;
  /** More memory in use than `maxmemory`, as of the last look. */
  outOfMemory = false;

  constructor(config: Config, databases: Databases, registry: Registry, expiry: ExpiryCycle, requests: ServerRequests) {
    this.config = config;
    this.databases = databases;
    this.effects = databases.effects;
    this.registry = registry;
    this.expiry = expiry;
    this.requests = requests;
    config.watch('slowlog-log-slower-than', value => {
      this.slowLog.thresholdMicroseconds = Number(value);
    });
    config.watch('client-query-buffer-limit', value => {
      this.queryBufferLimit = Number(value);
    });
    config.watch('latency-monitor-threshold', value => {
      this.latency.thresholdMs = Number(value);
    });
    config.watch('requirepass', value => {
      this.passwordNeeded = value !== '';
    });
    config.watch('slowlog-max-len', value => {
      this.slowLog.maxLength = Number(value);
    });
  }
}
