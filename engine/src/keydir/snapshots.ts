/**
 * Snapshots: which moments somebody still looks at. A list, oldest first; whoever keeps something for them asks here
 * whether it has to, and is told when it may let go.
 *
 * Invariants: (1) seqs and serials rise along the list, so opening one costs the same however much there is to see;
 *             (2) what only closed snapshots saw is let go of when the oldest open one has moved on, in slices.
 * Left out: dropping what lies between two open snapshots: it goes when the older one closes.
 */

/** A moment somebody looks at. */
export interface OpenSnapshot {
  /** The seq of the newest change that is seen. */
  readonly seq: number;
  /** Snapshots are numbered 1, 2, 3 ... as they are opened. */
  readonly serial: number;
  /** Expiries are judged by this time; at 0 nothing is due. */
  readonly createdAtMs: number;
  readonly isOpen: boolean;
}

/** Somebody who keeps old things for snapshots. */
export interface Keeper {
  /**
   * Let go of what nobody sees any more, now that `oldest` is the oldest open snapshot; undefined: none is open. Says what
   * is left: nothing, more of that, or only what is seen.
   */
  trim(oldest: OpenSnapshot | undefined): 'nothing' | 'more' | 'seen';
}

interface Listed extends OpenSnapshot {
  older: Listed | undefined;
  newer: Listed | undefined;
  isOpen: boolean;
}

/** The open snapshots of one database. */
export class Snapshots {
  #oldest: Listed | undefined;
  #newest: Listed | undefined;
  #lastSerial = 0;
  readonly #owners = new FinalizationRegistry<() => void>(close => close());
  readonly #keepers = new Set<Keeper>();
  #isTrimming = false;

  /** The seq of the newest one; -1 when none is open. */
  get newestSeq(): number {
    return this.#newest?.seq ?? -1;
  }

  /** The serial of the snapshot that was opened last. */
  get lastSerial(): number {
    return this.#lastSerial;
  }

  /** Whether none is open, as nearly always. */
  get isEmpty(): boolean {
    return this.#newest === undefined;
  }

  /** How many are open. */
  get size(): number {
    let count = 0;
    for (let snapshot = this.#oldest; snapshot !== undefined; snapshot = snapshot.newer) count++;
    return count;
  }

  /** Look at the moment after the change with this seq, at this time. */
  open(seq: number, createdAtMs = 0): OpenSnapshot {
    const older = this.#newest;
    const serial = ++this.#lastSerial;
    const snapshot: Listed = { seq, serial, createdAtMs, older, newer: undefined, isOpen: true };
    if (older === undefined) this.#oldest = snapshot;
    else older.newer = snapshot;
    this.#newest = snapshot;
    return snapshot;
  }

  /** Should `owner` be forgotten with the snapshot open, close it when the garbage collector finds out. */
  closeWith(owner: object, snapshot: OpenSnapshot): void {
    this.#owners.register(owner, () => this.close(snapshot), snapshot);
  }

  /** Nobody looks at this moment any more. A second call does nothing. */
  close(snapshot: OpenSnapshot): void {
    const listed = snapshot as Listed;
    if (!listed.isOpen) return;
    listed.isOpen = false;
    this.#owners.unregister(listed);
    if (listed.newer === undefined) this.#newest = listed.older;
    else listed.newer.older = listed.older;
    if (listed.older !== undefined) {
      listed.older.newer = listed.newer;
      return;
    }
    this.#oldest = listed.newer;
    if (this.#keepers.size > 0) this.#trim();
  }

  /** From now on tell this keeper when the oldest snapshot moves on, until it keeps nothing. */
  addKeeper(keeper: Keeper): void {
    this.#keepers.add(keeper);
  }

  /** Call `then` when every snapshot up to this serial is closed; at once when that is so. */
  afterClosed(serial: number, then: () => void): void {
    const trim = (oldest: OpenSnapshot | undefined): 'nothing' | 'seen' => {
      if (oldest !== undefined && oldest.serial <= serial) return 'seen';
      then();
      return 'nothing';
    };
    if (trim(this.#oldest) === 'seen') this.addKeeper({ trim });
  }

  /** One slice for each keeper, and the next slices in later turns of the event loop. */
  #trim(): void {
    let isMore = false;
    for (const keeper of this.#keepers) {
      const left = keeper.trim(this.#oldest);
      if (left === 'nothing') this.#keepers.delete(keeper);
      else if (left === 'more') isMore = true;
    }
    if (!isMore || this.#isTrimming) return;
    this.#isTrimming = true;
    setImmediate(() => {
      this.#isTrimming = false;
      this.#trim();
    });
  }
}
