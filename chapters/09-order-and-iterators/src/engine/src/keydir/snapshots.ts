// superseded later: imports, OpenSnapshot, Snapshots, Snapshots.open
/**
 * Snapshots: which moments somebody still looks at. A list, oldest first; whoever keeps something for them asks here
 * whether it has to, and is told when it may let go.
 *
 * Invariants: (1) seqs rise along the list, so opening one costs the same however much there is to see;
 *             (2) what only closed snapshots saw is let go of when the oldest open one has moved on, in slices.
 * Left out: dropping what lies between two open snapshots: it goes when the older one closes.
 */

/** A moment somebody looks at. */
export interface OpenSnapshot {
  /** The seq of the newest change that is seen. */
  readonly seq: number;
  readonly isOpen: boolean;
}

/** The open snapshots of one database. */
export class Snapshots {
  #oldest: Listed | undefined;
  #newest: Listed | undefined;
  readonly #owners = new FinalizationRegistry<() => void>(close => close());
  readonly #keepers = new Set<Keeper>();
  #isTrimming = false;

  /** Look at the moment after the change with this seq. */
  open(seq: number): OpenSnapshot {
    const older = this.#newest;
    const snapshot: Listed = { seq, older, newer: undefined, isOpen: true };
    if (older === undefined) this.#oldest = snapshot;
    else older.newer = snapshot;
    this.#newest = snapshot;
    return snapshot;
  }
}
