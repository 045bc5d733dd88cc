// superseded later: imports, Overlay, Overlay.find, Overlay.walk, Overlay.add, Overlay.changes, Overlay.#counts
/**
 * Overlay: what a transaction has changed, above what it sees beneath: a moment, or for a savepoint the
 * overlay of the transaction around it. Reads look here first.
 *
 * Own changes are kept as a store keeps them: versions in an index of their own, numbered by steps, so that a cursor stands
 * still while the transaction goes on. A key that is removed has a version too.
 * Invariants: (1) what counts of a key is its newest version;
 *             (2) what lies beneath is as it was until the transaction ends.
 */

import { type Change, deleteChange, putChange } from '../space/changes.ts';
import { checkCondition, conflict } from '../log/conditions.ts';
import type { CursorSource } from '../scan/cursor.ts';
import type { Input } from '../format/bytes.ts';
import { KIND_PUT } from '../format/record.ts';
import { KeyIndex } from '../keydir/key-index.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import { MapKeydir } from '../keydir/map-keydir.ts';
import { Snapshots } from '../keydir/snapshots.ts';
import { MergedWalk } from '../scan/merged-walk.ts';
import type { View } from '../scan/moment.ts';
import type { DeleteOptions, PutOptions } from '../options.ts';
import { isOwn, type Layer, OverlayView, type OwnEntry, ownEntry } from './overlay-view.ts';
import { type Range, type Walk, walk } from '../scan/scan.ts';
import type { SpaceRecords } from '../space/space-records.ts';

/** A transaction's changes. */
export class Overlay implements Layer {
  readonly records: SpaceRecords;
  /** What lies under the own changes. */
  readonly beneath: View;
  /** The keys as the transaction sees them now. */
  readonly view: View = new OverlayView(this, NOW);
  /** For cursors: the keys as the transaction sees them at their first step. */
  readonly source: CursorSource = {
    open: () => new OverlayView(this, this.#step, this.#moments.open(this.#step)),
    close: ({ moment }: OverlayView) => this.#moments.close(moment!),
  };
  readonly #assertOpen: () => void;
  readonly #own = KeyIndex.build(new MapKeydir());
  readonly #all: OwnEntry[] = [];
  readonly #moments = new Snapshots();
  #step = 0;

  /** `assertOpen` throws when the transaction may not be used. */
  constructor(records: SpaceRecords, beneath: View, assertOpen: () => void) {
    this.records = records;
    this.beneath = beneath;
    this.#assertOpen = assertOpen;
    this.#own.history.serve(this.#moments);
  }

  /** What the transaction saw of a key after this step. */
  find(key: KeyString, step: number): Entry | undefined {
    this.assertOpen();
    const own = this.#own.at(key, step) as OwnEntry | undefined;
    if (own === undefined) return this.beneath.find(key);
    return own.change.kind === KIND_PUT ? own : undefined;
  }

  walk(range: Range): Walk {
    return new MergedWalk(walk(this.#own, range), this.beneath.walk(range), range.reverse ?? false);
  }

  /** Make a change that has been checked. */
  add(change: Change): void {
    const made = ownEntry(change, ++this.#step);
    this.#all.push(made);
    this.#own.put(made);
  }

  /** What the transaction comes to: the last change of each key, in the order in which they were made. */
  changes(): Change[] {
    return this.#all.filter(made => this.#counts(made)).map(({ change }) => change);
  }

  /** A removal counts when there is something to remove. */
  #counts(made: OwnEntry): boolean {
    if (this.#own.keydir.get(made.key) !== made) return false;
    return made.change.kind === KIND_PUT || this.beneath.find(made.key) !== undefined;
  }
}
