/**
 * One client's socket: bytes in, commands, replies out in order.
 *
 * Invariants: (1) reading never stops because replies are unsent: a client may pipeline as much as it likes before it reads
 *                 (its output-buffer limit, if one is set, disconnects it);
 *             (2) a command is copied only if it was split over reads;
 *             (3) a client that closes its sending side gets the answers to all it has sent, then the connection ends.
 * Left out: how sockets come about and what is read into: server.ts and socket-reader.ts.
 */
import type { Socket } from 'node:net';
import { Client, type ClientLink } from './client.ts';
import type { ServerState } from './commands/state.ts';
import type { Dispatcher } from './dispatch.ts';
import type { ReplyWriter } from './protocol/reply-writer.ts';
import { RequestParser } from './protocol/request-parser.ts';
import { type Recipient, sizeOf, type Turn } from './turn.ts';

/** How long a server that stops waits for a client to take its last replies. */
const LINGER_MS = 1000;

/** What all connections of a server share. */
export interface ConnectionHost {
  readonly state: ServerState;
  readonly dispatcher: Dispatcher;
  readonly writer: ReplyWriter;
  readonly turn: Turn;
  readonly outputLimits: OutputLimits;
}

/** `client-output-buffer-limit` of the class `normal`, in bytes and milliseconds; 0 is no limit. */
export interface OutputLimits {
  hard: number;
  soft: number;
  softMs: number;
}

const addressOf = (host: string | undefined, port: number | undefined): string =>
  host?.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** A connected client. */
export class Connection implements ClientLink, Recipient {
  readonly client: Client;
  readonly outbox: Buffer[] = [];
  heldBytes = 0;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  /** Nothing more is read; the socket is closed when all is answered. */
  #closing = false;
  #closed = false;
  /** Since when more than the soft limit has been unsent, in milliseconds; 0: it is not. */
  #overSoftLimitSinceMs = 0;

  constructor(host: ConnectionHost, socket: Socket, id: number) {
    this.#host = host;
    this.#socket = socket;
    this.#parser = new RequestParser(host.state.config.protoMaxBulkLen);
    const peer = addressOf(socket.remoteAddress, socket.remotePort);
    const own = addressOf(socket.localAddress, socket.localPort);
    this.client = new Client(id, peer, own, this, Date.now(), !host.state.passwordNeeded);
    socket.on('end', () => this.#peerEnded());
    socket.on('error', () => this.#forget());
    socket.on('close', () => this.#forget());
  }

  get pendingReplyBytes(): number {
    return this.#socket.writableLength + this.heldBytes;
  }

  get pendingRequestBytes(): number {
    return this.#parser.pendingBytes;
  }

  /** Bytes have arrived. The memory is used anew after the call. */
  read(bytes: Buffer, size: number): void {
    this.#host.state.counters.bytesReceived += size;
    if (this.#closing) return;
    this.#parser.feed(bytes, size);
    this.#runCommands(size);
    this.#parser.keepRest();
    if (this.#parser.pendingBytes > this.#host.state.queryBufferLimit) this.#dropGreedy();
  }

  closeAfterReply(): void {
    this.#closing = true;
  }

  kill(): void {
    this.#closing = true;
    this.#socket.destroy();
    this.#forget();
  }

  /** Close when all is answered; resolves when the socket is closed, at the latest after a while. */
  end(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closing = true;
    this.#closeWhenAnswered();
    return new Promise(resolve => {
      const late = setTimeout(() => this.#socket.destroy(), LINGER_MS);
      this.#socket.once('close', () => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  send(chunks: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (this.#closed || socket.destroyed || this.closeIfOverLimit(sizeOf(chunks))) return false;
    // What the system does not take at once would keep the whole arena: a socket that lags gets copies.
    const lagging = socket.writableLength > 0;
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) {
      this.#host.state.counters.bytesSent += chunk.length;
      socket.write(lagging ? Buffer.from(chunk) : chunk);
    }
    if (chunks.length > 1) socket.uncork();
    if (this.#closing && this.heldBytes === 0) socket.destroySoon();
    return socket.writableLength > 0 && !lagging;
  }

  /** Too much unsent, with `more` bytes to come, or much of it for too long? Then the connection is closed: true. */
  closeIfOverLimit(more = 0): boolean {
    const { hard, soft, softMs } = this.#host.outputLimits;
    if (hard === 0 && soft === 0) return false;
    const unsent = this.pendingReplyBytes + more;
    const now = performance.now();
    if (soft === 0 || unsent <= soft) this.#overSoftLimitSinceMs = 0;
    else if (this.#overSoftLimitSinceMs === 0) this.#overSoftLimitSinceMs = now;
    const tooLong = this.#overSoftLimitSinceMs !== 0 && now - this.#overSoftLimitSinceMs > softMs;
    if (!tooLong && (hard === 0 || unsent <= hard)) return false;
    this.#host.state.counters.outputLimitDisconnections++;
    this.kill();
    return true;
  }

  #runCommands(size: number): void {
    const { dispatcher, turn, writer, state } = this.#host;
    const parser = this.#parser;
    dispatcher.readClock();
    turn.begin(dispatcher.clock, size);
    writer.begin(this.client.protocol);
    parser.maxBulkSize = state.config.protoMaxBulkLen;
    parser.authenticated = this.client.authenticated;
    while (parser.next()) {
      dispatcher.run(this.client, parser.bytes, parser.at, parser.argc);
      parser.authenticated = this.client.authenticated;
      if (this.#closing) break;
      if (turn.isDue(dispatcher.clock)) this.#splitTurn();
    }
    if (parser.error !== undefined) this.#protocolError(parser.error);
    this.#finish();
  }

  /** The turn ends between two commands of this client. */
  #splitTurn(): void {
    const { dispatcher, turn, writer } = this.#host;
    this.#finish();
    turn.end();
    turn.begin(dispatcher.clock, 0);
    writer.begin(this.client.protocol);
  }

  #finish(): void {
    this.#host.writer.finish(this.outbox);
    this.#host.turn.answer(this);
    if (this.#closing) this.#closeWhenAnswered();
  }

  #protocolError(error: string): void {
    this.#host.state.counters.protocolErrors++;
    this.#host.writer.error(error);
    this.#closing = true;
  }

  #dropGreedy(): void {
    this.#host.state.counters.queryLimitDisconnections++;
    this.kill();
  }

  #peerEnded(): void {
    this.#closing = true;
    this.#closeWhenAnswered();
  }

  /** Otherwise `send` closes, after the last reply. */
  #closeWhenAnswered(): void {
    if (this.outbox.length === 0 && this.heldBytes === 0 && !this.#closed) this.#socket.destroySoon();
  }

  #forget(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    this.#host.state.clients.delete(this.client.id);
  }
}
