/**
 * History: versions of keys that were replaced or removed while a snapshot that is still open saw them.
 *
 * Each stands in two lists: with the other versions of its key, and in one queue in the order in which they went. A version
 * is seen by the snapshots from its own seq on, up to the seq that ended it. So once the oldest open snapshot is past the
 * end of the first in the queue, nobody sees that one any more.
 * Invariants: (1) the ends rise along the queue, and along the versions of a key;
 *             (2) nothing is kept that no open snapshot could see when it was replaced.
 */

import type { Entry, KeyString } from './keydir.ts';
import type { Keeper, OpenSnapshot, Snapshots } from './snapshots.ts';

/** Versions let go of in one slice: a few milliseconds. */
const SLICE = 2000;

interface Version {
  readonly entry: Entry;
  /** The seq of the change that replaced or removed it. */
  readonly endSeq: number;
  /** The next newer version of this key that is kept. */
  newer: Version | undefined;
  /** The version that went next, of any key. */
  wentNext: Version | undefined;
}

interface Versions {
  oldest: Version;
  newest: Version;
}

/** Old versions of keys. */
export class History implements Keeper {
  readonly #versions = new Map<KeyString, Versions>();
  readonly #onForgotten: (key: KeyString) => void;
  #wentFirst: Version | undefined;
  #wentLast: Version | undefined;
  #length = 0;
  #snapshots: Snapshots | undefined;

  /** `onForgotten` is called when the last old version of a key is let go of. */
  constructor(onForgotten: (key: KeyString) => void) {
    this.#onForgotten = onForgotten;
  }

  /** Keep what these snapshots see. Before this call nothing is kept. */
  serve(snapshots: Snapshots): void {
    this.#snapshots = snapshots;
  }

  /** Versions kept, of all keys. */
  get length(): number {
    return this.#length;
  }

  /** Whether an old version of this key is kept. */
  has(key: KeyString): boolean {
    return this.#length > 0 && this.#versions.has(key);
  }

  /** The change with seq `endSeq` has replaced or removed `entry`: keep it if an open snapshot sees it. */
  keep(entry: Entry, endSeq: number): void {
    const snapshots = this.#snapshots;
    if (snapshots === undefined || snapshots.isEmpty || snapshots.newestSeq < entry.seq) return;
    const version: Version = { entry, endSeq, newer: undefined, wentNext: undefined };
    if (this.#wentLast === undefined) this.#wentFirst = version;
    else this.#wentLast.wentNext = version;
    this.#wentLast = version;

    const versions = this.#versions.get(entry.key);
    if (versions === undefined) this.#versions.set(entry.key, { oldest: version, newest: version });
    else {
      versions.newest.newer = version;
      versions.newest = version;
    }
    this.#length++;
    snapshots.addKeeper(this);
  }

  /** The old version of `key` that a snapshot at `seq` sees. */
  at(key: KeyString, seq: number): Entry | undefined {
    let version = this.#versions.get(key)?.oldest;
    while (version !== undefined && version.endSeq <= seq) version = version.newer;
    return version !== undefined && version.entry.seq <= seq ? version.entry : undefined;
  }

  trim(oldest: OpenSnapshot | undefined): 'nothing' | 'more' | 'seen' {
    for (let count = 0; count < SLICE; count++) {
      const first = this.#wentFirst;
      if (first === undefined) return 'nothing';
      if (oldest !== undefined && first.endSeq > oldest.seq) return 'seen';
      this.#forget(first);
    }
    return 'more';
  }

  /** Let go of the first in the queue, which is the oldest version of its key. */
  #forget(first: Version): void {
    this.#wentFirst = first.wentNext;
    if (first.wentNext === undefined) this.#wentLast = undefined;
    this.#length--;
    const { key } = first.entry;
    const versions = this.#versions.get(key)!;
    if (first.newer !== undefined) {
      versions.oldest = first.newer;
      return;
    }
    this.#versions.delete(key);
    this.#onForgotten(key);
  }
}
