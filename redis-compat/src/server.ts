/**
 * The server: opens the store, listens, and puts the rooms together; the way down is here too.
 *
 * Invariants: (1) a server that stops has answered what it has run, and has synced what it has answered;
 *             (2) a storage that fails ends the server: after that nobody is told anything that may not be true.
 */
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { Database, type DatabaseOptions, type Durability, type EngineError } from '@zerocask/engine';
import { Client } from './client.ts';
import { allCommands } from './commands/all.ts';
import { Registry } from './commands/registry.ts';
import { ServerState } from './commands/state.ts';
import { Config, type Setting } from './config.ts';
import { Connection, type ConnectionHost, type OutputLimits } from './connection.ts';
import { Dispatcher } from './dispatch.ts';
import { Effects } from './effects.ts';
import { ExpiryCycle } from './expiry.ts';
import { Databases } from './keyspace.ts';
import { type Listener, listen, type Reader, type ReadMode } from './listener.ts';
import { MAX_CLIENTS } from './protocol/errors.ts';
import { ReplyWriter } from './protocol/reply-writer.ts';
import { Turn } from './turn.ts';

/** How often idle clients and memory are looked at. */
const CARE_MS = 1000;

/** What a server can be started with, besides redis.conf's parameters. */
export interface StartOptions {
  /** Parameters by name, as redis.conf has them: `{ port: 0, dir: './data', appendfsync: 'always' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A configuration that has been read already; `settings` are applied on top. */
  readonly config?: Config;
  /** Options of the engine that redis.conf has no parameter for. */
  readonly engine?: Pick<DatabaseOptions, 'fs' | 'lockTimeoutMs'>;
  /** How sockets are read; 'stream' is slower and works everywhere. */
  readonly readMode?: ReadMode;
}

/** Start a server; resolves when clients can connect. */
export async function start(options: StartOptions = {}): Promise<RedisServer> {
  const config = options.config ?? new Config();
  config.load(Object.entries(options.settings ?? {}).map(([name, value]): Setting => [name, String(value).split(' ')]));
  const directory = resolve(config.text('dir'));
  config.load([['dir', [directory]]]);
  const database = await Database.open(directory, {
    maxDataFileSize: config.number('max-data-file-size'),
    cacheBytes: config.number('value-cache-size'),
    ...options.engine,
    durability: durabilityOf(config.text('appendfsync')),
    commit: 'turn',
    expiry: 'caller',
  });
  try {
    const server = new RedisServer(config, database);
    await server.listen(options.readMode ?? 'shared');
    return server;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The engine's name for a level of `appendfsync`. */
export function durabilityOf(appendfsync: string): Durability {
  if (appendfsync === 'always') return 'disk';
  return appendfsync === 'no' ? 'os' : { intervalMs: 1000 };
}

/** A server that runs. */
export class RedisServer {
  /** The configuration, live: what CONFIG SET changes. */
  readonly config: Config;
  /** The store below; whoever writes to it goes round the commands. */
  readonly database: Database;
  /** @internal */
  readonly state: ServerState;
  /** Settles when the server has stopped: by {@link stop}, by SHUTDOWN, or with the error that ended it. */
  readonly stopped: Promise<void>;
  readonly #host: ConnectionHost;
  readonly #connections = new Set<Connection>();
  #listeners: Listener[] = [];
  #nextClientId = 1;
  #commandsBefore = 0;
  #care: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #resolveStopped!: () => void;
  #rejectStopped!: (error: Error) => void;

  constructor(config: Config, database: Database) {
    this.config = config;
    this.database = database;
    this.stopped = new Promise((resolve, reject) => {
      this.#resolveStopped = resolve;
      this.#rejectStopped = reject;
    });
    this.stopped.catch(() => {}); // whoever is interested awaits it
    const databases = new Databases(database, new Effects(), config.number('databases'));
    this.state = new ServerState(config, databases, new Registry(allCommands), new ExpiryCycle(databases), {
      shutdown: () => void this.stop().catch(() => {}), // `stopped` tells
    });
    this.#host = this.#createHost();
    config.watch('appendfsync', value => {
      this.database.durability = durabilityOf(value);
    });
    config.watch('maxmemory', () => this.#lookAtMemory());
  }

  /** Where clients connect: `127.0.0.1`. */
  get host(): string {
    return this.state.host;
  }

  /** The port, also when the configuration says 0. */
  get port(): number {
    return this.state.port;
  }

  /** How sockets are read here; see listener.ts. */
  get readMode(): ReadMode {
    return this.#listeners.every(listener => listener.readMode === 'shared') ? 'shared' : 'stream';
  }

  /** For {@link start}: begin to listen. */
  async listen(readMode: ReadMode): Promise<void> {
    for (const word of this.config.text('bind').split(' ')) {
      const listener = await this.#listenOn(word, readMode);
      if (listener === undefined) continue;
      this.#listeners.push(listener);
      const address = listener.server.address() as AddressInfo;
      if (this.state.host === '') this.state.host = address.address;
      this.state.port = address.port;
    }
    this.state.expiry.start();
    this.#care = setInterval(() => this.#takeCare(), CARE_MS).unref();
  }

  /** redis.conf marks an address that need not be there with '-', and writes '*' for all. */
  async #listenOn(word: string, readMode: ReadMode): Promise<Listener | undefined> {
    const name = word.replace(/^-/, '');
    const host = name === '*' ? '0.0.0.0' : name.replace(/^::\*$/, '::');
    try {
      return await listen({
        host,
        port: this.state.port || this.config.number('port'),
        backlog: this.config.number('tcp-backlog'),
        readMode,
        accept: socket => this.#accept(socket),
      });
    } catch (error) {
      if (name !== word && (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') return undefined;
      for (const { server } of this.#listeners) server.close();
      throw error;
    }
  }

  /** Stop accepting, answer what has been run, sync, close. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopListening();
    try {
      await this.#host.turn.settle();
      await this.database.sync();
    } catch (error) {
      this.#host.turn.fail();
      this.#rejectStopped(error as Error);
    }
    await this.#closeConnections();
    await this.database.close().catch(this.#rejectStopped);
    this.#resolveStopped(); // Does nothing if it has been rejected.
    return this.stopped;
  }

  #stopListening(): void {
    for (const { server } of this.#listeners) server.close();
    for (const connection of this.#connections) connection.closeAfterReply();
    this.state.expiry.stop();
    clearInterval(this.#care);
  }

  async #closeConnections(): Promise<void> {
    const closed = [...this.#connections].map(connection => connection.end());
    await Promise.all(closed);
  }

  /** A failed fdatasync: what the disk holds is unknown, so nobody is answered any more. */
  #fail(error: EngineError): void {
    if (this.#stopping !== undefined) return;
    this.#stopListening();
    this.#host.turn.fail();
    for (const connection of this.#connections) connection.kill();
    this.#rejectStopped(error);
    this.#stopping = this.database.close().catch(() => {});
  }

  #createHost(): ConnectionHost {
    const { state, database, config } = this;
    const onFailure = (error: EngineError): void => this.#fail(error);
    const writer = new ReplyWriter();
    const nobody = new Client(0, '', '', NO_LINK, state.startedAtMs, false);
    const outputLimits: OutputLimits = { hard: 0, soft: 0, softMs: 0 };
    config.watch('client-output-buffer-limit', value => Object.assign(outputLimits, limitsOf('normal', value)));
    return {
      state,
      writer,
      outputLimits,
      dispatcher: new Dispatcher(state, writer, nobody, onFailure),
      turn: new Turn(database, writer, state, onFailure),
    };
  }

  #accept(socket: Socket): Reader | undefined {
    const { counters } = this.state;
    const refusal = this.#refusal(socket);
    if (refusal !== undefined) {
      counters.connectionsRejected++;
      socket.on('error', () => {});
      socket.end(`-${refusal}\r\n`, () => socket.destroy());
      return undefined;
    }
    counters.connectionsReceived++;
    const connection = new Connection(this.#host, socket, this.#nextClientId++);
    this.state.clients.set(connection.client.id, connection.client);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
    const keepAliveSeconds = this.config.number('tcp-keepalive');
    if (keepAliveSeconds > 0) socket.setKeepAlive(true, keepAliveSeconds * 1000);
    return (bytes, size) => connection.read(bytes, size);
  }

  /** Why a client is turned away. */
  #refusal(socket: Socket): string | undefined {
    if (this.#stopping !== undefined) return 'ERR the server is shutting down';
    if (this.state.clients.size >= this.config.number('maxclients')) return MAX_CLIENTS;
    const open = this.config.flag('protected-mode') && !this.state.passwordNeeded;
    return open && !isLoopback(socket.remoteAddress ?? '') ? PROTECTED_MODE : undefined;
  }

  #takeCare(): void {
    this.#lookAtMemory();
    this.#countCommands();
    for (const connection of this.#connections) connection.closeIfOverLimit();
    const timeoutMs = this.config.number('timeout') * 1000;
    if (timeoutMs === 0) return;
    const now = Date.now();
    for (const { client } of this.#connections) if (now - client.lastCommandAtMs > timeoutMs) client.link.kill();
  }

  #countCommands(): void {
    const { commandsProcessed } = this.state.counters;
    this.state.commandsPerSecond = Math.max(0, commandsProcessed - this.#commandsBefore);
    this.#commandsBefore = commandsProcessed;
  }

  #lookAtMemory(): void {
    const limit = this.config.number('maxmemory');
    this.state.outOfMemory = limit > 0 && process.memoryUsage.rss() > limit;
  }
}

const NO_LINK = { closeAfterReply: () => {}, kill: () => {}, pendingReplyBytes: 0, pendingRequestBytes: 0 };

const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');

/** The limits of one class of clients in `client-output-buffer-limit`. */
function limitsOf(kind: string, value: string): OutputLimits {
  const words = value.split(' ');
  const at = words.indexOf(kind);
  return { hard: Number(words[at + 1]), soft: Number(words[at + 2]), softMs: Number(words[at + 3]) * 1000 };
}

const PROTECTED_MODE =
  'DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. ' +
  'In this mode connections are only accepted from the loopback interface. To connect from other computers, set a password ' +
  "(--requirepass, or CONFIG SET requirepass from this machine), or turn the mode off with '--protected-mode no' if nobody " +
  'else can reach the port.';
