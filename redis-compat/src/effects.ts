/**
 * Effects: the one exit through which a command says what it did to which key. Handlers report; they do not ask who listens.
 * WATCH, client-side caching, wake-ups of blocked clients and keyspace notifications are all derived here, from the same two
 * reports, so that none of them can forget a command.
 *
 * Invariants: (1) every change of a key is reported once, in the turn in which it happens, after it has been made;
 *             (2) the key's bytes are lent for the call only: a listener copies what it keeps.
 * Left out: delivery. A listener (dispatch) does that.
 */

/** The classes of `notify-keyspace-events`, by Redis's names for them. */
export type EventClass =
  | 'generic'
  | 'string'
  | 'list'
  | 'set'
  | 'hash'
  | 'zset'
  | 'stream'
  | 'expired'
  | 'evicted'
  | 'new';

/** Who wants to hear of effects. */
export interface EffectListener {
  /** The key bytes[start, end) of `database` holds something else than before, or nothing. */
  touched(database: number, bytes: Buffer, start: number, end: number): void;
  /** A keyspace event, for example ('string', 'set'). */
  event(eventClass: EventClass, name: string, database: number, bytes: Buffer, start: number, end: number): void;
  /** Every key of `database` is gone, or has become another: FLUSHDB, FLUSHALL, SWAPDB. Called before it happens. */
  replaced(database: number): void;
}

/** Counts effects, and passes them to the listener when there is one. */
export class Effects {
  /** Changes since the server started: what Redis counts in `rdb_changes_since_last_save`. */
  changes = 0;
  /** Keys that went because their time had come, for `expired_keys`. */
  expiredKeys = 0;
  listener: EffectListener | undefined = undefined;

  /** A key was changed. `changes` is what Redis counts for it: 0 for the second key of a RENAME, more for a BITFIELD. */
  touched(database: number, bytes: Buffer, start: number, end: number, changes = 1): void {
    this.changes += changes;
    this.listener?.touched(database, bytes, start, end);
  }

  event(eventClass: EventClass, name: string, database: number, bytes: Buffer, start: number, end: number): void {
    this.listener?.event(eventClass, name, database, bytes, start, end);
  }

  /** A key was removed because its time had come. */
  expired(database: number, bytes: Buffer, start: number, end: number): void {
    this.expiredKeys++;
    if (this.listener === undefined) return;
    this.listener.touched(database, bytes, start, end);
    this.listener.event('expired', 'expired', database, bytes, start, end);
  }

  /** A whole database is about to be emptied or exchanged; `changes` is the number of keys that go. */
  replaced(database: number, changes: number): void {
    this.changes += changes;
    this.listener?.replaced(database);
  }
}
