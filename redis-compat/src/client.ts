/**
 * A client as commands see it: who it is, what it has selected, what it has asked for. It knows no socket; the connection
 * that reads and answers stands behind the small {@link ClientLink}.
 */
import type { Command } from './commands/registry.ts';
import type { ProtocolVersion } from './protocol/reply-writer.ts';

/** What a command may do to a connection. */
export interface ClientLink {
  /** Answer what is finished, then close; `reason` is for the log. */
  closeAfterReply(): void;
  /** Close now; replies not yet sent are dropped. */
  kill(): void;
  /** Bytes of replies that the client has not taken yet. */
  readonly pendingReplyBytes: number;
  /** Bytes of a request that has not arrived whole. */
  readonly pendingRequestBytes: number;
}

/** CLIENT REPLY: on, off, off for the next command only. */
export type ReplyMode = 'on' | 'off' | 'skip-next' | 'skip';

/** One connected client. */
export class Client {
  readonly id: number;
  /** Peer and own address as `host:port`. */
  readonly address: string;
  readonly localAddress: string;
  readonly link: ClientLink;
  readonly connectedAtMs: number;
  lastCommandAtMs: number;
  /** Index of the selected database. */
  database = 0;
  protocol: ProtocolVersion = 2;
  authenticated: boolean;
  user = 'default';
  name = '';
  libraryName = '';
  libraryVersion = '';
  replyMode: ReplyMode = 'on';
  noEvict = false;
  noTouch = false;
  /** The command that came last. */
  lastCommand: Command | undefined = undefined;

  constructor(
    id: number,
    address: string,
    localAddress: string,
    link: ClientLink,
    now: number,
    authenticated: boolean,
  ) {
    this.id = id;
    this.address = address;
    this.localAddress = localAddress;
    this.link = link;
    this.connectedAtMs = now;
    this.lastCommandAtMs = now;
    this.authenticated = authenticated;
  }

  /** Does it come from this machine? */
  get isLocal(): boolean {
    return (
      this.address.startsWith('127.') || this.address.startsWith('[::1]') || this.address.startsWith('[::ffff:127.')
    );
  }

  /** Back to the state of a new connection (RESET). */
  reset(authenticated: boolean): void {
    this.database = 0;
    this.protocol = 2;
    this.authenticated = authenticated;
    this.user = 'default';
    this.name = '';
    this.replyMode = 'on';
    this.noEvict = false;
    this.noTouch = false;
  }
}
