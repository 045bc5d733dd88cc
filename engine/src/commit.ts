/**
 * Commit: when records are written and when they are synced, by the durability level and by turns. docs/durability.md
 * is the promise, this file keeps it.
 *
 * The life of a change: `begin` (may it happen?), `log.add` once or more, `end` (as safe as the level says).
 * Invariants: (1) in call mode, a change whose `end` throws has left no byte in the log, pending or written;
 *             (2) in turn mode, `end` never fails: bytes that cannot be written now stay pending and are tried again;
 *             (3) while older bytes are stuck, `begin` throws, so that what is pending does not grow without bound;
 *             (4) after a failed sync, or a failed write that could not be undone, nothing is ever written again.
 */

import { join } from 'node:path';
import { toEngineError } from './disk/io-error.ts';
import { writeFile } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import { onExit } from './exit-hook.ts';
import type { Log } from './log.ts';
import { checkDurability, type Durability, type ResolvedOptions } from './options.ts';
import { SyncQueue, WaitList } from './sync-queue.ts';

/** A file of this name says that a sync has failed: the next open writes anew whatever may not be on the disk. */
export const POISONED_NAME = 'POISONED';

/** At level 'memory', pending bytes are handed over when there are this many. */
const FLUSH_SIZE = 64 * 1024;

/** How long to wait, in milliseconds, before stuck bytes are tried again. */
const RETRY_MS = 100;

/** Several changes that wait for the append of the turn (see write-batch.ts). */
export interface QueuedWrite {
  readonly level: Durability;
  /** Add the records to the log. */
  encode(): void;
  /** The log has accepted them: make them visible; returns the seq of the last one. */
  apply(): number;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

/** Decides when records are written and synced. One for each open database. */
export class Commit {
  readonly log: Log;
  readonly turnMode: boolean;
  readonly queue: SyncQueue;
  readonly #options: ResolvedOptions;
  #durability: Durability;

  /** Why nothing can be written any more. */
  #fatal: EngineError | undefined;
  #isClosed = false;
  /** Why the pending bytes could not be written when that was last tried. */
  #stuck: EngineError | undefined;
  readonly #writtenWaiters = new WaitList();
  #queued: QueuedWrite[] = [];

  #inTurn = false;
  /** What was pending before the open unit, to go back to when its append fails. */
  #sizeBefore = 0;
  #positionBefore = 0;
  #immediate: NodeJS.Immediate | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #intervalTimer: NodeJS.Timeout | undefined;
  #intervalEndsAtMs = 0;
  readonly #forgetExit: () => void;
  #activeId = 0;

  constructor(log: Log, options: ResolvedOptions) {
    this.log = log;
    this.turnMode = options.commit === 'turn';
    this.queue = new SyncQueue(log, cause => this.#poison(cause));
    this.#options = options;
    this.#durability = options.durability;
    this.#forgetExit = onExit(() => this.#flushAtExit());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The level of every change that names no other. */
  get durability(): Durability {
    return this.#durability;
  }

  set durability(level: Durability) {
    checkDurability(level);
    this.#durability = level;
    if (this.log.writtenSeq > this.log.syncedSeq) this.#afterWrite(level);
  }

  // ----------------------------------------------------------------------------------------------------- one change

  /** Ask for a change; if this returns, records may be added to the log. @throws {EngineError} when none can be now. */
  begin(): void {
    if (this.#queued.length > 0) this.appendQueued();
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#stuck !== undefined) this.#retryStuck();
    if (this.turnMode) this.#enterTurn();
    else this.#beginCall();
  }

  /** The records have been added: make them as safe as `level` says. */
  end(level: Durability): void {
    if (this.turnMode) return;
    this.log.endUnit();
    if (level === 'memory') {
      this.#scheduleFlush();
      return;
    }
    this.#flushOrUndo();
    if (level === 'disk') this.#syncNow();
    else this.#afterWrite(level);
  }

  /** A seq that no record has and none will have. */
  reserveSeq(): number {
    if (this.#fatal !== undefined) throw this.#fatal;
    try {
      return this.log.reserveSeq();
    } catch (error) {
      throw toEngineError(error, 'begin a data file');
    }
  }

  /** In call mode: forget the records added since `begin`. */
  undo(): void {
    if (!this.turnMode) this.log.cutPending(this.#sizeBefore, this.#positionBefore);
  }

  /** `begin` for a change that must not throw: a key has expired. Returns whether it can be recorded. */
  beginQuietly(): boolean {
    if (this.#fatal !== undefined) return false;
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
    this.#scheduleFlush();
  }

  #beginCall(): void {
    if (this.log.pendingSize >= FLUSH_SIZE) this.#flushOrStick();
    if (this.#stuck !== undefined) throw this.#stuck;
    this.#beginUnit();
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

  #flushOrUndo(): void {
    try {
      this.#flush();
    } catch (error) {
      this.undo();
      if (this.log.pendingSize > 0) this.#stick(error as EngineError);
      throw error;
    }
  }

  // ----------------------------------------------------------------------------------------------- turns, and queued

  #enterTurn(): void {
    if (this.#inTurn) return;
    this.#beginUnit();
    this.#inTurn = true;
    this.#immediate ??= setImmediate(this.#endOfTurn);
  }

  /** Append the turn's records as one batch. Never throws: what cannot be written is kept and tried again. */
  commitTurn(): void {
    if (!this.#inTurn) return;
    this.#inTurn = false;
    this.log.endUnit();
    this.#flushOrStick();
  }

  /** Have these changes appended with the others of this turn, before any later change. */
  enqueue(write: QueuedWrite): void {
    this.#queued.push(write);
    this.#immediate ??= setImmediate(this.#endOfTurn);
  }

  /** Append all queued changes, each as a batch of its own, in one write. */
  appendQueued(): void {
    const writes = this.#queued;
    this.#queued = [];
    if (writes.length === 0) return;
    try {
      this.begin();
      this.#encodeAll(writes);
      this.#flushOrUndo();
    } catch (error) {
      for (const write of writes) write.reject(error);
      return;
    }
    for (const write of writes) this.#settle(write, write.apply());
  }

  #encodeAll(writes: readonly QueuedWrite[]): void {
    try {
      for (const [i, write] of writes.entries()) {
        if (i > 0) this.log.beginUnit(); // The first unit was begun by `begin`.
        write.encode();
        this.log.endUnit();
      }
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  #settle(write: QueuedWrite, seq: number): void {
    this.#afterWrite(write.level);
    if (write.level !== 'disk') write.resolve(seq);
    else this.queue.wait(seq).then(() => write.resolve(seq), write.reject);
  }

  readonly #endOfTurn = (): void => {
    this.#immediate = undefined;
    if (this.#isClosed) return;
    this.appendQueued();
    if (this.turnMode) this.commitTurn();
    else if (this.log.pendingSize > 0) this.#flushOrStick();
  };

  #scheduleFlush(): void {
    this.#immediate ??= setImmediate(this.#endOfTurn);
  }

  // ------------------------------------------------------------------------------------------------ write and sync

  /** Write what is pending. @throws {EngineError} when that fails; the bytes are still pending then. */
  #flush(): void {
    try {
      this.log.flush();
    } catch (error) {
      const wrapped = toEngineError(error, `append to ${this.log.directory}`);
      throw wrapped.code === 'POISONED' ? this.#poison(wrapped) : wrapped;
    }
    this.#stuck = undefined;
    this.#writtenWaiters.release(this.log.writtenSeq);
    this.queue.written();
  }

  #flushOrStick(): void {
    if (this.#fatal !== undefined) return;
    try {
      this.#flush();
      this.#afterWrite(this.#durability);
    } catch (error) {
      this.#stick(error as EngineError);
    }
  }

  #stick(error: EngineError): void {
    if (this.#fatal !== undefined) return;
    this.#stuck = error;
    this.#retryTimer ??= setTimeout(this.#retry, RETRY_MS).unref();
  }

  readonly #retry = (): void => {
    this.#retryTimer = undefined;
    if (this.#stuck === undefined || this.#isClosed) return;
    this.commitTurn();
    if (this.#stuck !== undefined) this.#flushOrStick();
  };

  #retryStuck(): void {
    this.commitTurn();
    if (this.#stuck !== undefined) this.#flushOrStick();
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#stuck !== undefined) throw this.#stuck;
  }

  #syncNow(): void {
    try {
      this.queue.syncNow();
    } catch (cause) {
      throw this.#poison(cause);
    }
  }

  /** Records have been written: see to what the level asks for, and to the sync of a file that was left behind. */
  #afterWrite(level: Durability): void {
    if (typeof level === 'object') this.#armInterval(level.intervalMs);
    else if (level === 'disk') this.queue.start();
    if (this.#activeId !== this.log.activeId) {
      this.#activeId = this.log.activeId;
      if (this.log.files.hasRetired) this.queue.start();
    }
  }

  #armInterval(intervalMs: number): void {
    const isOldest = this.log.syncedSeq >= this.#positionBefore; // All before this write has been synced meanwhile.
    if (this.#intervalTimer === undefined || isOldest) {
      clearTimeout(this.#intervalTimer);
      this.#intervalEndsAtMs = Date.now() + intervalMs;
      this.#intervalTimer = setTimeout(this.#endInterval, intervalMs).unref();
    } else if (Date.now() > this.#intervalEndsAtMs) {
      this.#endInterval(); // The program has held up its own timers.
    }
  }

  readonly #endInterval = (): void => {
    clearTimeout(this.#intervalTimer);
    this.#intervalTimer = undefined;
    if (this.log.writtenSeq > this.log.syncedSeq) this.queue.start();
  };

  // -------------------------------------------------------------------------------------------------------- waiting

  /** Resolves when everything before this call is on the disk. */
  async sync(): Promise<void> {
    this.appendQueued();
    this.commitTurn();
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.log.pendingSize > 0) this.#flushOrStick();
    if (this.#stuck !== undefined) throw this.#stuck;
    await this.queue.wait(this.log.position);
  }

  /** Whether every change up to `position` is as safe as the store's level says. */
  isDurable(position: number): boolean {
    if (this.#durability === 'memory') return true;
    return position <= (this.#durability === 'disk' ? this.log.syncedSeq : this.log.writtenSeq);
  }

  /** Resolves when {@link isDurable} says yes. */
  durable(position: number): Promise<void> {
    return this.waitFor(position, this.#durability);
  }

  /** Resolves when every change up to `position` is as safe as `level` says. */
  waitFor(position: number, level: Durability): Promise<void> {
    if (this.#fatal !== undefined) return Promise.reject(this.#fatal);
    if (level === 'disk') return this.queue.wait(position);
    if (level === 'memory' || position <= this.log.writtenSeq) return Promise.resolve();
    return this.#writtenWaiters.add(position);
  }

  // --------------------------------------------------------------------------------------------------------- ending

  #poison(cause: unknown): EngineError {
    const why = 'the disk failed, and what is on it is not known; reads go on. Close the database and open it again';
    const error = new EngineError('POISONED', why, { cause });
    this.#fatal ??= error;
    this.#stuck = undefined;
    this.queue.fail(error);
    this.#writtenWaiters.reject(error);
    try {
      writeFile(this.#options.fs, join(this.log.directory, POISONED_NAME), Buffer.from(`${String(cause)}\n`), false);
    } catch {} // Without the mark the next open trusts what it reads, as it would after a power cut.
    return error;
  }

  /** Write and sync everything, seal the files, close them. @throws {EngineError} when something could not be written. */
  async close(): Promise<void> {
    this.appendQueued();
    this.commitTurn();
    const wasPoisoned = this.#fatal !== undefined;
    const closed = new EngineError('CLOSED', 'the database is closed');
    let failure: EngineError | undefined;
    this.#fatal ??= closed;
    this.#isClosed = true;
    this.#stopTimers();
    try {
      if (!wasPoisoned) await this.#finish();
    } catch (error) {
      failure = toEngineError(error, 'close the database');
    }
    await this.queue.idle();
    this.queue.fail(failure ?? closed);
    this.#writtenWaiters.reject(failure ?? closed);
    this.log.files.close();
    if (failure !== undefined) throw failure;
  }

  async #finish(): Promise<void> {
    this.#flush();
    await this.queue.idle();
    if (this.queue.hasFailed) throw new EngineError('POISONED', 'a sync failed while the database was being closed');
    this.#syncNow();
    this.log.files.sealAll();
  }

  #stopTimers(): void {
    this.#forgetExit();
    clearImmediate(this.#immediate);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#intervalTimer);
  }

  /** The process ends: hand over what is pending, if that can still be done. */
  #flushAtExit(): void {
    try {
      this.appendQueued();
      this.commitTurn();
      if (this.#fatal === undefined) this.log.flush();
    } catch {} // Nobody is left to be told; what level 'memory' had not handed over was never promised.
  }
}
