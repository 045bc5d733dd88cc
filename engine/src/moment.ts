/**
 * Moment: the keys of one space as one snapshot sees them, whatever changes later. Snapshots and cursors read through it.
 *
 * Invariants: (1) it sees exactly the changes whose seq is not above its snapshot's;
 *             (2) with expiry left to the engine, keys are due by the snapshot's time, so that the moment stands still.
 * The entries it finds can be read as long as the snapshot is open: a merge leaves their files alone until then.
 */

import type { Commit } from './commit.ts';
import { EngineError } from './errors.ts';
import type { KeyIndex } from './keydir/key-index.ts';
import type { Entry, KeyString } from './keydir/keydir.ts';
import type { OpenSnapshot } from './keydir/snapshots.ts';
import type { Log } from './log.ts';

/** A value with all that is known of its key. */
export interface EntryWithValue {
  readonly value: Buffer;
  /** The seq of the newest change of this key. */
  readonly seq: number;
  readonly tag: number;
  readonly expiresAtMs?: number;
  readonly orderKey?: Buffer;
}

/** One space at one moment. */
export class Moment {
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

  /** The entry that `key` had then. @throws {EngineError} `CLOSED` when the snapshot or the database is closed. */
  find(key: KeyString): Entry | undefined {
    this.assertOpen();
    const entry = this.index.at(key, this.snapshot.seq);
    if (entry === undefined || entry.expiresAtMs === 0 || !this.#expires) return entry;
    return entry.expiresAtMs > this.snapshot.createdAtMs ? entry : undefined;
  }

  /** The value of an entry found here. */
  valueOf(entry: Entry): Buffer {
    return copyValue(this.#commit.log, entry);
  }

  /** An entry found here, as programs see it. */
  withValue(entry: Entry): EntryWithValue {
    return withValue(this.#commit.log, entry);
  }

  /** @throws {EngineError} `CLOSED`. */
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
