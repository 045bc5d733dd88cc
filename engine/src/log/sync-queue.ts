/**
 * SyncQueue: group commit. Whoever wants records on the disk waits here, and many share one fdatasync.
 *
 * Invariants: (1) at most one round is under way;
 *             (2) a waiter is released only by a round that began after its records were written;
 *             (3) after a failed round there is no other: what is on the disk is no longer known.
 */

import type { Log } from './log.ts';

/** Those who wait for the disk, and the fdatasync they share. */
export class SyncQueue {
  readonly #log: Log;
  readonly #onFailure: (cause: unknown) => void;
  readonly #waiters = new WaitList();
  #round: Promise<void> | undefined;
  /** Up to where the round under way, or the last one, has synced. */
  #roundSeq = 0;
  #wanted = false;
  #failed = false;
  /** How many rounds there were. */
  rounds = 0;

  constructor(log: Log, onFailure: (cause: unknown) => void) {
    this.#log = log;
    this.#onFailure = onFailure;
  }

  /** Resolves when every record up to `seq` is on the disk. */
  wait(seq: number): Promise<void> {
    if (seq <= this.#log.syncedSeq) return Promise.resolve();
    const promise = this.#waiters.add(seq);
    if (seq <= this.#log.writtenSeq) this.start();
    return promise;
  }

  /** Records have been written: begin a round if somebody waits for them. */
  written(): void {
    if (!this.#waiters.isEmpty) this.start();
  }

  /** Begin a round, or see to it that one follows the one under way. */
  start(): void {
    if (this.#failed) return;
    if (this.#round !== undefined && this.#roundSeq === this.#log.writtenSeq) return; // It covers everything already.
    this.#wanted = true;
    this.#round ??= this.#run();
  }

  /** Sync while the program waits. @throws what the file system throws. */
  syncNow(): void {
    this.#log.sync();
    if (this.#round === undefined) this.#sealRetired();
    this.#waiters.release(this.#log.syncedSeq);
  }

  /** Whether a round is under way. */
  get isBusy(): boolean {
    return this.#round !== undefined;
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
  }

  /** Whether a round has failed, or somebody has said so. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** No round follows any more; whoever waits is told why. */
  fail(error: Error): void {
    this.#failed = true;
    this.#waiters.reject(error);
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted && !this.#failed) {
        this.#wanted = false;
        this.rounds++;
        this.#roundSeq = this.#log.writtenSeq;
        const seq = await this.#log.syncLater();
        if (this.#failed) return; // Another sync has failed meanwhile: this one proves nothing.
        this.#log.syncedSeq = Math.max(this.#log.syncedSeq, seq);
        this.#sealRetired();
        this.#waiters.release(this.#log.syncedSeq);
        if (this.#waiters.lowest <= this.#log.writtenSeq) this.#wanted = true;
      }
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#round = undefined;
    }
  }

  /** What cannot be sealed now is sealed after the next round, or by the next open. */
  #sealRetired(): void {
    try {
      if (this.#log.files.hasRetired) this.#log.files.sealRetired();
    } catch {}
  }
}

interface Waiter {
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Promises that wait for a seq. They are made with rising seqs mostly. */
export class WaitList {
  #waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** The lowest seq that somebody waits for; Infinity when nobody does. */
  get lowest(): number {
    return this.#waiters.reduce((lowest, { seq }) => Math.min(lowest, seq), Number.POSITIVE_INFINITY);
  }

  add(seq: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ seq, resolve, reject });
    });
  }

  /** Resolve all that wait for this seq or a lower one. */
  release(seq: number): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(waiter => waiter.seq > seq);
    for (const waiter of waiters) if (waiter.seq <= seq) waiter.resolve();
  }

  reject(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
