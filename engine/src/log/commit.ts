/**
 * Commit: what a change has to do to be made. It asks with `begin` (may it happen?), adds its records to the log, and says
 * `end` (as safe as the level says). Between the two stands one unit: records that count all or none.
 *
 * Invariants: (1) in call mode, a change whose `end` throws has left no byte in the log, pending or written;
 *             (2) in turn mode, `end` never fails: bytes that cannot be written now stay pending and are tried again;
 *             (3) what was queued before a change is appended before it;
 *             (4) while a transaction holds the log, no change is made but its own, and those of keys that are due.
 */

import { toEngineError } from '../disk/io-error.ts';
import { EngineError } from '../errors.ts';
import type { Durability, ResolvedOptions } from '../options.ts';
import { onExit } from './exit-hook.ts';
import type { Log } from './log.ts';
import { LogWriter } from './log-writer.ts';
import { type QueuedWrite, QueuedWrites } from './queued-writes.ts';

/** At level 'memory', pending bytes are handed over when there are this many. */
const FLUSH_SIZE = 64 * 1024;

/** Decides when records are written. One for each open database. */
export class Commit {
  readonly log: Log;
  readonly writer: LogWriter;
  readonly turnMode: boolean;
  readonly #queued = new QueuedWrites(this);
  readonly #forgetExit: () => void;
  #isClosed = false;
  #isHeld = false;
  #immediate: NodeJS.Immediate | undefined;
  /** What was pending before the open unit, to go back to when its append fails. */
  #sizeBefore = 0;
  #positionBefore = 0;

  constructor(log: Log, options: ResolvedOptions) {
    this.log = log;
    this.writer = new LogWriter(log, options);
    this.turnMode = options.commit === 'turn';
    this.#forgetExit = onExit(() => this.#flushAtExit());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The level of every change that names no other. */
  get durability(): Durability {
    return this.writer.durability;
  }

  // ----------------------------------------------------------------------------------------------------- one change

  /** Ask for a change; if this returns, records may be added to the log. @throws {EngineError} when none can be now. */
  begin(): void {
    if (this.#isHeld) throw new EngineError('INVALID_ARGUMENT', 'a transaction is running: make the change with it');
    if (!this.#queued.isEmpty) this.#queued.append();
    this.beginNext();
  }

  /** `begin` for a change that comes before what is queued. */
  beginNext(): void {
    this.writer.assertReady();
    if (this.turnMode) this.#enterTurn();
    else this.#beginCall();
  }

  #beginCall(): void {
    if (this.log.pendingSize >= FLUSH_SIZE) this.writer.flushOrRefuse();
    this.#beginUnit();
  }

  /** Have done what was queued, for a change that depends on what is there. */
  appendQueued(): void {
    if (!this.#isHeld && !this.#queued.isEmpty) this.#queued.append();
  }

  /** Let nobody else change anything while `work` runs. */
  hold<T>(work: () => T): T {
    this.appendQueued();
    this.#isHeld = true;
    try {
      return work();
    } finally {
      this.#isHeld = false;
    }
  }

  #beginUnit(): void {
    this.#sizeBefore = this.log.pendingSize;
    this.#positionBefore = this.log.position;
    try {
      this.log.beginUnit();
    } catch (error) {
      throw toEngineError(error, 'begin a data file');
    }
  }

  /** The records have been added: make them as safe as `level` says. */
  end(level: Durability): void {
    if (this.turnMode) return;
    this.log.endUnit();
    if (level === 'memory') {
      this.#scheduleEnd();
      return;
    }
    this.flushOrUndo();
    if (level === 'disk') this.writer.syncNow();
    else this.writer.afterWrite(level);
  }

  /** In call mode: forget the records added since `begin`. */
  undo(): void {
    if (!this.turnMode) this.log.cutPending(this.#sizeBefore, this.#positionBefore);
  }

  /** Write what is pending. @throws {EngineError} when that fails: then the records since `begin` are forgotten. */
  flushOrUndo(): void {
    try {
      this.writer.flush();
    } catch (error) {
      this.undo();
      if (this.log.pendingSize > 0) this.writer.keep(error as EngineError);
      throw error;
    }
  }

  /** `begin` for a change that must not throw: a key has expired. Returns whether it can be recorded. */
  beginQuietly(): boolean {
    if (this.writer.isBroken) return false;
    try {
      if (this.turnMode) this.#enterTurn();
      else this.#beginUnit();
      return true;
    } catch {
      return false;
    }
  }

  endQuietly(): void {
    if (this.turnMode) return;
    this.log.endUnit();
    this.#scheduleEnd();
  }

  /** Have the next record go to a new file; resolves when the file so far is on the disk and sealed. */
  async beginFile(): Promise<void> {
    this.appendQueued();
    this.commitTurn();
    if (this.log.pendingSize > 0) this.writer.flushOrRefuse();
    this.log.beginFile();
    await this.writer.sealRetired();
  }

  /** A seq that no record has and none will have. */
  reserveSeq(): number {
    this.writer.assertAlive();
    try {
      return this.log.reserveSeq();
    } catch (error) {
      throw toEngineError(error, 'begin a data file');
    }
  }

  // ----------------------------------------------------------------------------------------------- turns, and queued

  #enterTurn(): void {
    if (this.log.isUnitOpen) return;
    this.#beginUnit();
    this.#scheduleEnd();
  }

  /** Append the turn's records as one batch. Never throws: what cannot be written is kept and tried again. */
  commitTurn(): void {
    if (this.turnMode && this.log.isUnitOpen) this.writer.flushOrKeep();
  }

  /** Have these changes appended with the others of this turn, before any later change. */
  enqueue(write: QueuedWrite): void {
    this.#queued.add(write);
    this.#scheduleEnd();
  }

  #scheduleEnd(): void {
    this.#immediate ??= setImmediate(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    this.#immediate = undefined;
    if (this.#isClosed) return;
    this.appendQueued();
    if (this.turnMode) this.commitTurn();
    else if (this.log.pendingSize > 0) this.writer.flushOrKeep();
  };

  // --------------------------------------------------------------------------------------------------------- ending

  /** Resolves when everything before this call is on the disk. */
  async sync(): Promise<void> {
    this.appendQueued();
    this.commitTurn();
    await this.writer.sync();
  }

  /** Write and sync everything, seal the files, close them. @throws {EngineError} when something could not be written. */
  async close(): Promise<void> {
    this.#isHeld = false; // Nothing comes of a transaction that closes the database.
    this.appendQueued();
    this.commitTurn();
    this.#isClosed = true;
    this.#forgetExit();
    clearImmediate(this.#immediate);
    await this.writer.close();
  }

  /** The process ends: hand over what is pending, if that can still be done. */
  #flushAtExit(): void {
    try {
      this.appendQueued();
      this.writer.endAtExit();
    } catch {} // Nobody is left to be told; what level 'memory' had not handed over was never promised.
  }
}
