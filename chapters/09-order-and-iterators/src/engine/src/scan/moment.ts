// superseded later: imports, View, Moment, Moment.find, Moment.valueOf
/**
 * Moment: all keys as one snapshot sees them, whatever changes later. Snapshots and cursors read through it.
 *
 * Invariant: it sees exactly the changes whose seq is not above its snapshot's.
 */

import type { Commit } from '../log/commit.ts';
import { EngineError } from '../errors.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import type { OpenSnapshot } from '../keydir/snapshots.ts';
import { type Range, type Walk, walk } from './scan.ts';

/** The keys as somebody sees them: what cursors go over. */
export interface View {
  /** The entry of a key that is there. */
  find(key: KeyString): Entry | undefined;
  /** The keys of the range, and perhaps others that are not there. */
  walk(range: Range): Walk;
  /** The value of an entry found here. */
  valueOf(entry: Entry): Buffer;
  /** @throws {EngineError} `CLOSED`. */
  assertOpen(): void;
}

/** All keys at one moment. */
export class Moment implements View {
  readonly index: KeyIndex;
  readonly snapshot: OpenSnapshot;
  readonly #commit: Commit;

  constructor(index: KeyIndex, snapshot: OpenSnapshot, commit: Commit) {
    this.index = index;
    this.snapshot = snapshot;
    this.#commit = commit;
  }

  /** The entry that `key` had then. @throws {EngineError} `CLOSED` when the snapshot or the database is closed. */
  find(key: KeyString): Entry | undefined {
    this.assertOpen();
    return this.index.at(key, this.snapshot.seq);
  }

  valueOf(entry: Entry): Buffer {
    return this.#commit.log.read(entry).value;
  }
}
