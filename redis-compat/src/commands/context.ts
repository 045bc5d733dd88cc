/**
 * What a handler is given besides its arguments: who asks, which database is selected, what time it is, where the reply
 * goes, and the two exits through which it reports an effect. One object serves the whole server; dispatch fills it in
 * before each command, so a handler must not keep it.
 */
import type { Client } from '../client.ts';
import type { Effects, EventClass } from '../effects.ts';
import type { Databases, Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../protocol/reply-writer.ts';
import type { ServerState } from './state.ts';
import type { Offsets } from './table.ts';

/** The surroundings of the command that runs now. */
export class CommandContext {
  /** Configuration, clients, counters: what lives as long as the server. */
  readonly server: ServerState;
  /** Every database: for MOVE, COPY, SWAPDB, FLUSHALL. */
  readonly databases: Databases;
  readonly reply: ReplyWriter;
  readonly effects: Effects;
  /** Who sent the command. */
  client: Client;
  /** The keyspace of the database that the client has selected. */
  db: Keyspace;
  /** Milliseconds since the Unix epoch, read once per command: a command sees one moment. */
  now = 0;
  /** How many arguments there are, the command's name included. */
  argc = 0;
  bytes: Buffer;
  at: Offsets;

  constructor(server: ServerState, reply: ReplyWriter, client: Client) {
    this.server = server;
    this.databases = server.databases;
    this.effects = server.effects;
    this.reply = reply;
    this.client = client;
    this.db = server.databases.get(0);
    this.bytes = Buffer.alloc(0);
    this.at = new Int32Array(0);
  }

  /** The size in bytes of argument `index`. */
  size(index: number): number {
    return this.at[2 * index + 1]! - this.at[2 * index]!;
  }

  /** Argument `index` as text; bytes that are no UTF-8 become U+FFFD. For options and messages, not for keys or values. */
  text(index: number): string {
    return this.bytes.toString('utf8', this.at[2 * index], this.at[2 * index + 1]);
  }

  /** Argument `index` with each byte as one char: compares and stores bytes exactly. */
  latin1(index: number): string {
    return this.bytes.toString('latin1', this.at[2 * index], this.at[2 * index + 1]);
  }

  /** Argument `index` in memory of its own. */
  copy(index: number): Buffer {
    return Buffer.from(this.bytes.subarray(this.at[2 * index], this.at[2 * index + 1]));
  }

  /** Is argument `index` this word, in any case? `upper` is written in upper case; no string is built. */
  is(index: number, upper: string): boolean {
    const start = this.at[2 * index]!;
    if (this.at[2 * index + 1]! - start !== upper.length) return false;
    for (let i = 0; i < upper.length; i++) {
      const byte = this.bytes[start + i]!;
      const code = upper.charCodeAt(i);
      if (byte !== code && (byte < 0x61 || byte > 0x7a || byte - 0x20 !== code)) return false;
    }
    return true;
  }

  /** The key bytes[start, end) of the selected database was changed; `changes` as in {@link Effects.touched}. */
  touched(bytes: Buffer, start: number, end: number, changes = 1): void {
    this.effects.touched(this.db.index, bytes, start, end, changes);
  }

  /** A keyspace event as Redis names it, for example ('string', 'set'), on the key bytes[start, end) of the selected database. */
  event(eventClass: EventClass, name: string, bytes: Buffer, start: number, end: number): void {
    this.effects.event(eventClass, name, this.db.index, bytes, start, end);
  }
}
