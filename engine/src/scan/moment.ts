/**
 * Moment: the keys of one space as one snapshot sees them, whatever changes later. Snapshots and cursors read through it.
 *
 * Invariants: (1) it sees exactly the changes whose seq is not above its snapshot's;
 *             (2) with expiry left to the engine, keys are due by the snapshot's time, so that the moment stands still.
 * The entries it finds can be read as long as the snapshot is open: a merge leaves their files alone until then.
 */

import { EngineError } from '../errors.ts';
import type { KeyIndex, SpaceOrder } from '../keydir/key-index.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import type { OpenSnapshot } from '../keydir/snapshots.ts';
import type { Commit } from '../log/commit.ts';
import type { Log } from '../log/log.ts';
import { type Range, type Walk, walk } from './scan.ts';

/** A value with all that is known of its key. */
export interface EntryWithValue {
  readonly value: Buffer;
  /** The seq of the newest change of this key. */
  readonly seq: number;
  readonly tag: number;
  readonly expiresAtMs?: number;
  readonly orderKey?: Buffer;
}

/** One space as somebody sees it: what cursors go over. */
export interface View {
  readonly orderName: SpaceOrder;
  /** The entry of a key that is there. */
  find(key: KeyString): Entry | undefined;
  /** The keys of the range, and perhaps others that are not there. */
  walk(range: Range): Walk;
  /** The value of an entry found here. */
  valueOf(entry: Entry): Buffer;
  /** An entry found here, as programs see it. */
  withValue(entry: Entry): EntryWithValue;
  /** Whether a key with this expiry, 0 for none, is not there any more. */
  isDue(expiresAtMs: number): boolean;
  /** @throws {EngineError} `CLOSED`. */
  assertOpen(): void;
}

/** One space at one moment. */
export class Moment implements View {
  readonly index: KeyIndex;
  readonly snapshot: OpenSnapshot;
  readonly #commit: Commit;
  readonly #expires: boolean;

  constructor(index: KeyIndex, snapshot: OpenSnapshot, commit: Commit, expires: boolean) {
    this.index = index;
    this.snapshot = snapshot;
    this.#commit = commit;
    this.#expires = expires;
  }

  get orderName(): SpaceOrder {
    return this.index.orderName;
  }

  /** The entry that `key` had then. @throws {EngineError} `CLOSED` when the snapshot or the database is closed. */
  find(key: KeyString): Entry | undefined {
    this.assertOpen();
    const entry = this.index.at(key, this.snapshot.seq);
    return entry === undefined || this.isDue(entry.expiresAtMs) ? undefined : entry;
  }

  walk(range: Range): Walk {
    return walk(this.index, range);
  }

  isDue(expiresAtMs: number): boolean {
    return expiresAtMs !== 0 && this.#expires && expiresAtMs <= this.snapshot.createdAtMs;
  }

  valueOf(entry: Entry): Buffer {
    return copyValue(this.#commit.log, entry);
  }

  withValue(entry: Entry): EntryWithValue {
    return withValue(this.#commit.log, entry);
  }

  assertOpen(): void {
    if (this.#commit.isClosed) throw new EngineError('CLOSED', 'the database is closed');
    if (!this.snapshot.isOpen) throw new EngineError('CLOSED', 'the snapshot is closed');
  }
}

/** The value of an entry, in memory of its own. */
export function copyValue(log: Log, entry: Entry): Buffer {
  const { buffer, start, end } = log.view(entry);
  return Buffer.from(buffer.subarray(start, end));
}

/** An entry as programs see it, in memory of its own. */
export function withValue(log: Log, entry: Entry): EntryWithValue {
  return {
    value: copyValue(log, entry),
    seq: entry.seq,
    tag: entry.tag,
    ...(entry.expiresAtMs !== 0 && { expiresAtMs: entry.expiresAtMs }),
    ...(entry.orderKey !== undefined && { orderKey: Buffer.from(entry.orderKey) }),
  };
}
