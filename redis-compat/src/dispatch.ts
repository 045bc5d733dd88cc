/**
 * From a command's bytes to its handler: name, arity, permission, then run; and what is known only around a command, its
 * time, its counters, and what becomes of an error.
 *
 * Invariants: (1) a command has one moment, `ctx.now`, and leaves exactly one reply, or none if the client wants none;
 *             (2) whatever a handler throws, the reply written so far is taken back and an error takes its place;
 *             (3) a command that runs normally builds no string and no object here.
 * The clock is read once per command: the end of one command is the beginning of the next.
 */
import { EngineError } from '@zerocask/engine';
import type { Client } from './client.ts';
import { CommandContext } from './commands/context.ts';
import { type Command, flagBit } from './commands/registry.ts';
import type { ServerState } from './commands/state.ts';
import type { Offsets } from './commands/table.ts';
import {
  cannotPersist,
  NO_AUTH,
  OUT_OF_MEMORY,
  ReplyError,
  STRING_TOO_LARGE,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from './protocol/errors.ts';
import type { ReplyWriter } from './protocol/reply-writer.ts';

/** Errors that are bugs are printed at most this often. */
const BUG_REPORT_MS = 1000;

const NO_AUTH_NEEDED = flagBit('no_auth');
const DENY_OOM = flagBit('denyoom');
const FAST = flagBit('fast');
const PROTECTED = flagBit('protected');
const WRITE = flagBit('write');
const READ_ONLY = flagBit('readonly');
const SKIP_SLOWLOG = flagBit('skip_slowlog');

/** Runs commands, one after the other. */
export class Dispatcher {
  readonly context: CommandContext;
  /** Monotonic milliseconds: when the last command ended. */
  clock = 0;
  /** What to add to `clock` for milliseconds since the Unix epoch. */
  #epoch = 0;
  #bugReportedAt = -BUG_REPORT_MS;
  readonly #state: ServerState;
  readonly #reply: ReplyWriter;
  readonly #onFailure: (error: EngineError) => void;

  /** `onFailure` hears of a storage that can take no more: nothing may be answered from then on. */
  constructor(state: ServerState, reply: ReplyWriter, nobody: Client, onFailure: (error: EngineError) => void) {
    this.#state = state;
    this.#reply = reply;
    this.#onFailure = onFailure;
    this.context = new CommandContext(state, reply, nobody);
  }

  /** Look at the clock before a row of commands. */
  readClock(): void {
    this.clock = performance.now();
    this.#epoch = Date.now() - this.clock;
  }

  /** Run one command of `client`; its reply goes to the writer. */
  run(client: Client, bytes: Buffer, at: Offsets, argc: number): void {
    const ctx = this.context;
    ctx.client = client;
    ctx.bytes = bytes;
    ctx.at = at;
    ctx.argc = argc;
    ctx.now = Math.floor(this.#epoch + this.clock);
    this.#state.databases.now = ctx.now;
    const mark = this.#reply.mark();
    const command = this.#find(bytes, at, argc);
    if (command === undefined) this.#unknown(client, bytes, at, argc);
    else {
      client.lastCommand = command;
      const refusal = this.#refusal(client, command, argc);
      if (refusal === undefined) this.#call(ctx, command, mark);
      else this.#refuse(command, refusal);
    }
    client.lastCommandAtMs = ctx.now;
    if (client.replyMode !== 'on') this.#silence(client, mark);
  }

  #find(bytes: Buffer, at: Offsets, argc: number): Command | undefined {
    const command = this.#state.registry.find(bytes, at[0]!, at[1]!);
    if (command?.subcommands === undefined || argc === 1) return command;
    return command.subcommands.find(bytes, at[2]!, at[3]!);
  }

  /** Why the command may not run now. */
  #refusal(client: Client, command: Command, argc: number): string | undefined {
    if (!command.accepts(argc)) return wrongArity(command.fullName);
    if (!client.authenticated && (command.flags & NO_AUTH_NEEDED) === 0) return NO_AUTH;
    if ((command.flags & (PROTECTED | DENY_OOM)) === 0) return undefined;
    return this.#refusalByState(client, command);
  }

  #refusalByState(client: Client, command: Command): string | undefined {
    const state = this.#state;
    if ((command.flags & PROTECTED) !== 0 && !this.#mayDebug(client)) return DEBUG_NOT_ALLOWED;
    if (state.outOfMemory && (command.flags & DENY_OOM) !== 0) return OUT_OF_MEMORY;
    return undefined;
  }

  #mayDebug(client: Client): boolean {
    const allowed = this.#state.config.text('enable-debug-command');
    return allowed === 'yes' || (allowed === 'local' && client.isLocal);
  }

  #call(ctx: CommandContext, command: Command, mark: number): void {
    const errors = this.#reply.errors;
    if (ctx.db.index !== ctx.client.database) ctx.db = this.#state.databases.get(ctx.client.database);
    this.#state.databases.countsLookups = (command.flags & READ_ONLY) !== 0;
    try {
      command.run!(ctx, ctx.bytes, ctx.at);
    } catch (error) {
      this.#reply.rewind(mark);
      this.#reply.error(this.#explain(error, command));
    }
    const end = performance.now();
    const microseconds = (end - this.clock) * 1000;
    this.clock = end;
    command.calls++;
    command.microseconds += microseconds;
    this.#state.counters.commandsProcessed++;
    if (this.#reply.errors !== errors) this.#countError(command);
    const slow = this.#state.slowLog.thresholdMicroseconds;
    if (microseconds >= slow && slow >= 0) this.#logSlow(ctx, command, microseconds);
    const { latency } = this.#state;
    if (latency.thresholdMs > 0 && microseconds >= 1000 * latency.thresholdMs) {
      latency.add((command.flags & FAST) === 0 ? 'command' : 'fast-command', microseconds / 1000, ctx.now);
    }
  }

  #explain(error: unknown, command: Command): string {
    if (error instanceof ReplyError) return error.message;
    if (!(error instanceof EngineError)) {
      this.#reportBug(error);
      return 'ERR internal error; the server has printed what happened';
    }
    switch (error.code) {
      case 'DISK_FULL':
        return cannotPersist(error.message);
      case 'IO':
        return (command.flags & WRITE) === 0 ? `ERR ${error.message}` : cannotPersist(error.message);
      case 'VALUE_TOO_LARGE':
        return STRING_TOO_LARGE;
      case 'POISONED':
      case 'CLOSED':
        this.#onFailure(error);
        return cannotPersist(error.message);
      default:
        return `ERR ${error.message}`;
    }
  }

  /** A mistake of ours must be seen, but a client that hits it again and again must not fill the disk with it. */
  #reportBug(error: unknown): void {
    if (this.clock - this.#bugReportedAt < BUG_REPORT_MS) return;
    this.#bugReportedAt = this.clock;
    console.error(error);
  }

  #logSlow(ctx: CommandContext, command: Command, microseconds: number): void {
    if ((command.flags & SKIP_SLOWLOG) !== 0) return;
    this.#state.slowLog.add(ctx.client, ctx.bytes, ctx.at, ctx.argc, microseconds, ctx.now);
  }

  #unknown(client: Client, bytes: Buffer, at: Offsets, argc: number): void {
    const words = Array.from({ length: Math.min(argc, MAX_QUOTED) }, (_, i) =>
      bytes.toString('latin1', at[2 * i], at[2 * i + 1]),
    );
    const name = words[0]!;
    // An HTTP request, sent by a web page that was led here: nothing of its body may be taken for commands.
    if (/^(post|host:)$/i.test(name)) {
      client.link.kill();
      return;
    }
    const isContainer = argc > 1 && this.#state.registry.find(bytes, at[0]!, at[1]!) !== undefined;
    this.#reply.error(
      isContainer ? unknownSubcommand(words[1]!, name.toUpperCase()) : unknownCommand(name, words.slice(1)),
    );
    this.#countError(undefined);
  }

  #refuse(command: Command, why: string): void {
    command.rejectedCalls++;
    this.#reply.error(why);
    this.#countError(undefined);
  }

  /** Counts the error that was answered last. */
  #countError(failed: Command | undefined): void {
    if (failed !== undefined) failed.failedCalls++;
    const { counters } = this.#state;
    const kind = this.#reply.lastErrorClass;
    counters.errorReplies++;
    counters.errors.set(kind, (counters.errors.get(kind) ?? 0) + 1);
  }

  /** CLIENT REPLY OFF and SKIP: the reply is taken back. */
  #silence(client: Client, mark: number): void {
    if (client.replyMode === 'skip-next') client.replyMode = 'skip';
    else {
      this.#reply.rewind(mark);
      if (client.replyMode === 'skip') client.replyMode = 'on';
    }
  }
}

/** So many arguments are looked at to quote an unknown command; its text holds 128 chars of them. */
const MAX_QUOTED = 64;

const DEBUG_NOT_ALLOWED =
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local ' +
  'connection, otherwise you need to set this option in the configuration file, and then restart the server.';
