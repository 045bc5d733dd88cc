// superseded later: imports, Commit, Commit.begin, Commit.end, Commit.undo, Commit.flushOrUndo, Commit.#scheduleEnd, Commit.#endOfTurn, Commit.sync, Commit.close, Commit.#flushAtExit
/**
 * Commit: what a change has to do to be made. It asks with `begin` (may it happen?), adds its record to the log, and says
 * `end` (as safe as the level says).
 *
 * Invariant: a change whose `end` throws has left no byte in the log, pending or written.
 */

import { toEngineError } from '../disk/io-error.ts';
import type { EngineError } from '../errors.ts';
import { onExit } from './exit-hook.ts';
import type { Log } from './log.ts';
import { LogWriter } from './log-writer.ts';
import type { Durability, ResolvedOptions } from '../options.ts';

/** Decides when records are written. One for each open database. */
export class Commit {
  readonly log: Log;
  readonly writer: LogWriter;
  readonly #forgetExit: () => void;
  #isClosed = false;
  #immediate: NodeJS.Immediate | undefined;
  /** What was pending before the change under way, to go back to when its append fails. */
  #sizeBefore = 0;
  #positionBefore = 0;

  constructor(log: Log, options: ResolvedOptions) {
    this.log = log;
    this.writer = new LogWriter(log, options);
    this.#forgetExit = onExit(() => this.#flushAtExit());
  }

  // ----------------------------------------------------------------------------------------------------- one change

  /** Ask for a change; if this returns, a record may be added to the log. @throws {EngineError} when none can be now. */
  begin(): void {
    this.writer.assertReady();
    if (this.log.pendingSize >= FLUSH_SIZE) this.writer.flushOrRefuse();
    this.#beginUnit();
  }

  /** The record has been added: make it as safe as `level` says. */
  end(level: Durability): void {
    if (level === 'memory') {
      this.#scheduleEnd();
      return;
    }
    this.flushOrUndo();
    if (level === 'disk') this.writer.syncNow();
    else this.writer.afterWrite(level);
  }

  /** Forget the record added since `begin`. */
  undo(): void {
    this.log.cutPending(this.#sizeBefore, this.#positionBefore);
  }

  /** Write what is pending. @throws {EngineError} when that fails: then the record added since `begin` is forgotten. */
  flushOrUndo(): void {
    try {
      this.writer.flush();
    } catch (error) {
      this.undo();
      if (this.log.pendingSize > 0) this.writer.keep(error as EngineError);
      throw error;
    }
  }

  // ----------------------------------------------------------------------------------------------------------- turns

  #scheduleEnd(): void {
    this.#immediate ??= setImmediate(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    this.#immediate = undefined;
    if (this.#isClosed) return;
    if (this.log.pendingSize > 0) this.writer.flushOrKeep();
  };

  // --------------------------------------------------------------------------------------------------------- ending

  /** Resolves when everything before this call is on the disk. */
  async sync(): Promise<void> {
    await this.writer.sync();
  }

  /** Write and sync everything, seal the files, close them. @throws {EngineError} when something could not be written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#forgetExit();
    clearImmediate(this.#immediate);
    await this.writer.close();
  }

  /** The process ends: hand over what is pending, if that can still be done. */
  #flushAtExit(): void {
    try {
      this.writer.endAtExit();
    } catch {} // Nobody is left to be told; what level 'memory' had not handed over was never promised.
  }
}
