/**
 * LogWriter: hands pending records to the operating system and sees to it that they are synced, as the durability level
 * says. docs/durability.md is the promise, this file keeps it.
 *
 * Invariants: (1) bytes that could not be written stay pending and are tried again, unless who added them takes them back;
 *             (2) while older bytes are stuck, no change is let in, so that what is pending does not grow without bound;
 *             (3) after a failed sync, or a failed write that could not be undone, nothing is ever written again.
 * Left out: which records belong together, and when a change calls for a write (commit.ts).
 */

import { join } from 'node:path';
import type { FileSystem } from '../disk/file-system.ts';
import { toEngineError } from '../disk/io-error.ts';
import { writeFile } from '../disk/manifest.ts';
import { EngineError } from '../errors.ts';
import { checkDurability, type Durability, type ResolvedOptions } from '../options.ts';
import type { Log } from './log.ts';
import { SyncQueue, WaitList } from './sync-queue.ts';

/** A file of this name says that a sync has failed: the next open writes anew whatever may not be on the disk. */
export const POISONED_NAME = 'POISONED';

/** How long to wait, in milliseconds, before stuck bytes are tried again. */
const RETRY_MS = 100;

/** The longest time a timer can be set to, in milliseconds: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Writes and syncs the log of one open database. */
export class LogWriter {
  readonly log: Log;
  readonly queue: SyncQueue;
  readonly #fs: FileSystem;
  #durability: Durability;

  /** Why nothing can be written any more. */
  #fatal: EngineError | undefined;
  /** Why the pending bytes could not be written when that was last tried. */
  #stuck: EngineError | undefined;
  readonly #writtenWaiters = new WaitList();
  #retryTimer: NodeJS.Timeout | undefined;
  #intervalTimer: NodeJS.Timeout | undefined;
  /** When the timer should fire, by the clock that nobody sets. */
  #intervalEndsAtMs = 0;
  /** The newest record that had been written when the last write began. */
  #writtenBefore = 0;
  #activeId = 0;

  constructor(log: Log, { fs, durability }: Pick<ResolvedOptions, 'fs' | 'durability'>) {
    this.log = log;
    this.queue = new SyncQueue(log, cause => this.#poison(cause));
    this.#fs = fs;
    this.#durability = durability;
  }

  /** The level of every change that names no other. */
  get durability(): Durability {
    return this.#durability;
  }

  set durability(level: Durability) {
    checkDurability(level);
    this.#durability = level;
    if (this.log.writtenSeq > this.log.syncedSeq) this.afterWrite(level);
  }

  // ------------------------------------------------------------------------------------------------------- may it write

  /** Whether nothing can be written any more. */
  get isBroken(): boolean {
    return this.#fatal !== undefined;
  }

  /** @throws {EngineError} when nothing can be written any more. */
  assertAlive(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** @throws {EngineError} when no change can be let in now. */
  assertReady(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#stuck !== undefined) this.flushOrRefuse();
  }

  // -------------------------------------------------------------------------------------------------------------- write

  /** Write what is pending. @throws {EngineError} when that fails; the bytes are still pending then. */
  flush(): void {
    const before = this.log.writtenSeq;
    try {
      this.log.flush();
    } catch (error) {
      const wrapped = toEngineError(error, `append to ${this.log.directory}`);
      throw wrapped.code === 'POISONED' ? this.#poison(wrapped) : wrapped;
    }
    this.#writtenBefore = before;
    this.#stuck = undefined;
    this.#writtenWaiters.release(this.log.writtenSeq);
    this.queue.written();
  }

  /** Write what is pending. Never throws: what cannot be written is kept and tried again. */
  flushOrKeep(): void {
    if (this.#fatal !== undefined) return;
    try {
      this.flush();
      this.afterWrite(this.#durability);
    } catch (error) {
      this.keep(error as EngineError);
    }
  }

  /** The same. @throws {EngineError} when bytes had to be kept: then no change can be let in. */
  flushOrRefuse(): void {
    this.flushOrKeep();
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#stuck !== undefined) throw this.#stuck;
  }

  /** What is pending could not be written, for this reason: try again later. */
  keep(error: EngineError): void {
    if (this.#fatal !== undefined) return;
    this.#stuck = error;
    this.#retryTimer ??= setTimeout(this.#retry, RETRY_MS).unref();
  }

  readonly #retry = (): void => {
    this.#retryTimer = undefined;
    if (this.#stuck !== undefined) this.flushOrKeep();
  };

  // --------------------------------------------------------------------------------------------------------------- sync

  /** Have everything written on the disk, while the program waits. @throws {EngineError} `POISONED`. */
  syncNow(): void {
    try {
      this.queue.syncNow();
    } catch (cause) {
      throw this.#poison(cause);
    }
  }

  /** Records have been written: see to what the level asks for, and to the sync of a file that was left behind. */
  afterWrite(level: Durability): void {
    if (typeof level === 'object') this.#armInterval(level.intervalMs);
    else if (level === 'disk') this.queue.start();
    if (this.#activeId !== this.log.activeId) {
      this.#activeId = this.log.activeId;
      if (this.log.files.hasRetired) this.queue.start();
    }
  }

  #armInterval(intervalMs: number): void {
    const nowMs = performance.now();
    const waitMs = Math.min(intervalMs, MAX_TIMER_MS);
    const endsAtMs = nowMs + waitMs;
    const isOldest = this.log.syncedSeq >= this.#writtenBefore; // All before this write has been synced meanwhile.
    if (this.#intervalTimer === undefined || isOldest || endsAtMs < this.#intervalEndsAtMs) {
      clearTimeout(this.#intervalTimer);
      this.#intervalEndsAtMs = endsAtMs;
      this.#intervalTimer = setTimeout(this.#endInterval, waitMs).unref();
    } else if (nowMs > this.#intervalEndsAtMs) {
      this.#endIntervalLate();
    }
  }

  readonly #endInterval = (): void => {
    clearTimeout(this.#intervalTimer);
    this.#intervalTimer = undefined;
    if (this.log.writtenSeq > this.log.syncedSeq) this.queue.start();
  };

  /** The program has held up its own timers. As long as it does, no round comes to its end: then it has to wait itself. */
  #endIntervalLate(): void {
    const isRoundOpen = this.queue.isBusy;
    this.#endInterval();
    if (!isRoundOpen) return;
    try {
      this.syncNow();
    } catch {} // The write was made as its level says; whoever comes next is told that the store is poisoned.
  }

  /** Resolves when everything before this call is on the disk. */
  async sync(): Promise<void> {
    this.assertAlive();
    if (this.log.pendingSize > 0) this.flushOrRefuse();
    await this.queue.wait(this.log.position);
  }

  /** Resolves when the files that are not written to any more have been synced and sealed, as far as that can be done. */
  async sealRetired(): Promise<void> {
    if (this.log.files.hasRetired) this.queue.start();
    await this.queue.idle();
  }

  // ------------------------------------------------------------------------------------------------------------ waiting

  /** Whether every change up to `position` is as safe as the store's level says. */
  isDurable(position: number): boolean {
    if (this.#durability === 'memory') return true;
    return position <= (this.#durability === 'disk' ? this.log.syncedSeq : this.log.writtenSeq);
  }

  /** Resolves when every change up to `position` is as safe as `level` says. */
  waitFor(position: number, level: Durability): Promise<void> {
    if (this.#fatal !== undefined) return Promise.reject(this.#fatal);
    if (level === 'disk') return this.queue.wait(position);
    if (level === 'memory' || position <= this.log.writtenSeq) return Promise.resolve();
    return this.#writtenWaiters.add(position);
  }

  // ------------------------------------------------------------------------------------------------------------- ending

  #poison(cause: unknown): EngineError {
    const why = 'the disk failed, and what is on it is not known; reads go on. Close the database and open it again';
    const error = new EngineError('POISONED', why, { cause });
    this.#fatal ??= error;
    this.#stuck = undefined;
    this.queue.fail(error);
    this.#writtenWaiters.reject(error);
    try {
      writeFile(this.#fs, join(this.log.directory, POISONED_NAME), Buffer.from(`${String(cause)}\n`), false);
    } catch {} // Without the mark the next open trusts what it reads, as it would after a power cut.
    return error;
  }

  /** The process ends: hand over what is pending, and have on the disk what would have been soon. @throws what fails. */
  endAtExit(): void {
    if (this.isBroken) return;
    this.log.flush();
    if (this.#intervalTimer !== undefined) this.log.sync();
  }

  /** Write and sync everything, seal the files, close them. @throws {EngineError} when something could not be written. */
  async close(): Promise<void> {
    const wasPoisoned = this.#fatal !== undefined;
    const closed = new EngineError('CLOSED', 'the database is closed');
    let failure: EngineError | undefined;
    this.#fatal ??= closed;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#intervalTimer);
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
    this.flush();
    await this.queue.idle();
    if (this.queue.hasFailed) throw new EngineError('POISONED', 'a sync failed while the database was being closed');
    this.syncNow();
    this.log.files.sealAll();
  }
}
