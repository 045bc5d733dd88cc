/**
 * The turn: all commands that were run since the event loop last came round. At its end their records are appended to the
 * log together, then their replies are sent, each client's by one write.
 *
 * Invariants: (1) a reply leaves only when the log is durable, at the configured level, to the position at which the reply
 *                 was produced: with `appendfsync always` even a GET shows nothing that a power cut would remove;
 *             (2) a client's replies leave in the order of its commands, whatever is held;
 *             (3) while the log cannot be appended to, the turn's replies are held and the append is tried again; turns
 *                 that only read are answered;
 *             (4) after a failed fdatasync nothing is answered any more.
 * The end of the turn is setImmediate: it comes after all sockets that were readable have been read.
 */
import { type Database, EngineError } from '@zerocask/engine';
import type { ServerState } from './commands/state.ts';
import type { ReplyWriter } from './protocol/reply-writer.ts';

/** A turn is ended early, between two commands, when so many bytes of commands have come ... */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** ... or of replies ... */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;
/** ... or has lasted so long. */
const MAX_TURN_MS = 2;

/** Who is answered at the end of a turn. */
export interface Recipient {
  /** Replies of this turn; they lie in the writer's arena. */
  readonly outbox: Buffer[];
  /** Bytes of replies that are held for it. */
  heldBytes: number;
  /** Send; true when the memory of the chunks is still needed afterwards. */
  send(chunks: readonly Buffer[]): boolean;
  /** Close without another reply. */
  kill(): void;
}

interface HeldTurn {
  readonly position: number;
  readonly replies: readonly { readonly to: Recipient; readonly chunks: readonly Buffer[] }[];
}

/** Collects the replies of a turn, and ends it. */
export class Turn {
  readonly #database: Database;
  readonly #writer: ReplyWriter;
  readonly #state: ServerState;
  readonly #onFailure: (error: EngineError) => void;
  #answered: Recipient[] = [];
  #held: HeldTurn[] = [];
  #immediate: NodeJS.Immediate | undefined = undefined;
  /** Monotonic milliseconds, and the log's position, when the turn began. */
  #startedAt = 0;
  #startPosition: number;
  #requestBytes = 0;
  #failed = false;
  readonly #end = (): void => this.end();

  constructor(database: Database, writer: ReplyWriter, state: ServerState, onFailure: (error: EngineError) => void) {
    this.#database = database;
    this.#writer = writer;
    this.#state = state;
    this.#onFailure = onFailure;
    this.#startPosition = database.position;
  }

  /** Commands of so many bytes are about to run: there will be an end of turn. `clock` is monotonic, in milliseconds. */
  begin(clock: number, requestBytes: number): void {
    this.#requestBytes += requestBytes;
    if (this.#immediate !== undefined) return;
    this.#startedAt = clock;
    this.#immediate = setImmediate(this.#end);
  }

  /** Has the turn grown so large or so long that it should end before the next command? */
  isDue(clock: number): boolean {
    return (
      clock - this.#startedAt > MAX_TURN_MS ||
      this.#writer.used > MAX_REPLY_BYTES ||
      this.#requestBytes > MAX_REQUEST_BYTES
    );
  }

  /** The recipient's outbox has been filled. */
  answer(recipient: Recipient): void {
    if (recipient.outbox.length > 0 && this.#answered.at(-1) !== recipient) this.#answered.push(recipient);
  }

  /** Append the records, then send what may leave. */
  end(): void {
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    this.#immediate = undefined;
    if (this.#failed) return;
    this.#requestBytes = 0;
    this.#state.counters.turns++;
    this.#database.commitTurn();
    const { position } = this.#database;
    const wrote = position !== this.#startPosition;
    this.#startPosition = position;
    if (this.#held.length > 0) this.#releaseHeld();
    const durable = this.#database.isDurable(position);
    this.#state.logStuck = !durable && this.#database.pendingBytes > 0;
    this.#dispatchReplies(durable || (this.#state.logStuck && !wrote), position);
  }

  /** Resolves when all replies produced so far have been sent, or cannot be because the log cannot be appended to. */
  async settle(): Promise<void> {
    this.end();
    while (this.#held.length > 0 && !this.#failed && !this.#state.logStuck) {
      await this.#database.durable(this.#held.at(-1)!.position);
      this.#releaseHeld();
    }
  }

  /** The storage can take no more: close whoever waits, and answer nothing from now on. */
  fail(): void {
    this.#failed = true;
    for (const turn of this.#held) for (const { to } of turn.replies) to.kill();
    for (const recipient of this.#answered) recipient.kill();
    this.#held = [];
    this.#answered = [];
  }

  #dispatchReplies(mayLeave: boolean, position: number): void {
    const answered = this.#answered;
    this.#answered = [];
    const held: { to: Recipient; chunks: readonly Buffer[] }[] = [];
    let stillNeeded = false;
    for (const recipient of answered) {
      const chunks = recipient.outbox.splice(0);
      if (chunks.length === 0) continue;
      if (mayLeave && recipient.heldBytes === 0) stillNeeded = recipient.send(chunks) || stillNeeded;
      else {
        held.push({ to: recipient, chunks: chunks.map(chunk => Buffer.from(chunk)) });
        recipient.heldBytes += sizeOf(chunks);
      }
    }
    if (stillNeeded) this.#writer.abandon();
    else this.#writer.reuse();
    if (held.length > 0) this.#hold({ position, replies: held });
  }

  #hold(turn: HeldTurn): void {
    this.#held.push(turn);
    this.#database.durable(turn.position).then(
      () => this.#releaseHeld(),
      (error: unknown) => {
        if (error instanceof EngineError && !this.#failed) this.#onFailure(error);
      },
    );
  }

  #releaseHeld(): void {
    while (this.#held.length > 0 && this.#database.isDurable(this.#held[0]!.position)) {
      for (const { to, chunks } of this.#held.shift()!.replies) {
        to.heldBytes -= sizeOf(chunks);
        to.send(chunks);
      }
    }
  }
}

/** Bytes of all chunks together. */
export const sizeOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
