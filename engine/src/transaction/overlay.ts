/**
 * Overlay: what a transaction has changed in one space, above what it sees beneath: a moment, or for a savepoint the
 * overlay of the transaction around it. Reads look here first.
 *
 * Own changes are kept as a store keeps them: versions in an index of their own, numbered by steps, so that a cursor stands
 * still while the transaction goes on. A key that is removed has a version too, and a range that is removed is a pair of
 * bounds with its step.
 * Invariants: (1) what counts of a key is its newest version, unless a range that was removed later covers it;
 *             (2) what lies beneath is as it was until the transaction ends.
 */

import type { Input } from '../format/bytes.ts';
import { KIND_PUT, KIND_RANGE_DELETE } from '../format/record.ts';
import { KeyIndex } from '../keydir/key-index.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import { Snapshots } from '../keydir/snapshots.ts';
import { checkCondition, conflict } from '../log/conditions.ts';
import type { DeleteOptions, PutOptions } from '../options.ts';
import type { CursorSource } from '../scan/cursor.ts';
import { HashMergedWalk, MergedWalk } from '../scan/merged-walk.ts';
import type { View } from '../scan/moment.ts';
import { type Bounds, deleteBounds, type KeyRange, type Range, type Walk, walk } from '../scan/scan.ts';
import { type Change, deleteChange, putChange, rangeDeleteChange } from '../space/changes.ts';
import type { SpaceRecords } from '../space/space-records.ts';
import { isOwn, type Layer, OverlayView, type OwnEntry, ownEntry } from './overlay-view.ts';

interface RemovedRange extends Bounds {
  readonly step: number;
  readonly change: Change;
}

/** The newest step there is. */
const NOW = Number.MAX_SAFE_INTEGER;

/** A transaction's changes of one space. */
export class Overlay implements Layer {
  readonly records: SpaceRecords;
  /** What lies under the own changes. */
  readonly beneath: View;
  /** The space as the transaction sees it now. */
  readonly view: View = new OverlayView(this, NOW);
  /** For cursors: the space as the transaction sees it at their first step. */
  readonly source: CursorSource = {
    open: () => new OverlayView(this, this.#step, this.#moments.open(this.#step, 0)),
    close: ({ moment }: OverlayView) => this.#moments.close(moment!),
  };
  readonly #assertOpen: () => void;
  readonly #own = new KeyIndex('key', [0, 0]);
  readonly #ranges: RemovedRange[] = [];
  readonly #all: (OwnEntry | RemovedRange)[] = [];
  readonly #moments = new Snapshots();
  #step = 0;

  /** `assertOpen` throws when the transaction may not be used. */
  constructor(records: SpaceRecords, beneath: View, assertOpen: () => void) {
    this.records = records;
    this.beneath = beneath;
    this.#assertOpen = assertOpen;
    this.#own.history.serve(this.#moments);
  }

  // ------------------------------------------------------------------------------------------------------------- reads

  assertOpen(): void {
    this.#assertOpen();
    this.beneath.assertOpen();
  }

  /** What the transaction saw of a key after this step. */
  find(key: KeyString, step: number): Entry | undefined {
    this.assertOpen();
    const own = this.#own.at(key, step) as OwnEntry | undefined;
    const removedAt = this.#removedAt(key, step);
    if (own !== undefined && own.seq > removedAt) return this.#isThere(own) ? own : undefined;
    return removedAt > 0 ? undefined : this.beneath.find(key);
  }

  walk(range: Range): Walk {
    const own = walk(this.#own, range);
    const beneath = this.beneath.walk(range);
    if (this.beneath.orderName === 'hash') return new HashMergedWalk(own, beneath);
    return new MergedWalk(own, beneath, range.reverse ?? false);
  }

  #isThere({ change }: OwnEntry): boolean {
    return change.kind === KIND_PUT && !this.beneath.isDue(change.expiresAtMs);
  }

  /** The last step that removed a range with this key in it; 0 for none. */
  #removedAt(key: KeyString, step: number): number {
    // A linear search: transactions remove few ranges.
    const last = this.#ranges.findLast(range => range.step <= step && isWithin(key, range));
    return last === undefined ? 0 : last.step;
  }

  // ----------------------------------------------------------------------------------------------------------- changes

  put(key: Input, value: Input, options: Omit<PutOptions, 'durability'>): void {
    this.assertOpen();
    this.add(this.#checked(putChange(this.records, key, value, options)));
  }

  /** Returns whether the key was there. */
  delete(key: Input, options: Omit<DeleteOptions, 'durability'>): boolean {
    this.assertOpen();
    const change = this.#checked(deleteChange(this.records, key, options));
    const wasThere = this.find(change.name, NOW) !== undefined;
    if (wasThere) this.add(change);
    return wasThere;
  }

  /** Returns whether a key was there. */
  deleteRange(range: KeyRange): boolean {
    this.assertOpen();
    const { from, to } = deleteBounds(range, this.beneath.orderName);
    const keys = this.walk(range);
    for (let key = keys.next(); key !== undefined; key = keys.next()) {
      if (this.find(key, NOW) === undefined) continue;
      this.add(rangeDeleteChange(this.records, from, to));
      return true;
    }
    return false;
  }

  /** Make a change that has been checked. */
  add(change: Change): void {
    const made =
      change.kind === KIND_RANGE_DELETE ? removedRange(change, ++this.#step) : ownEntry(change, ++this.#step);
    this.#all.push(made);
    if ('seq' in made) this.#own.put(made);
    else this.#ranges.push(made);
  }

  /** What the transaction comes to: the last change of each key, and the ranges, in the order in which they were made. */
  changes(): Change[] {
    return this.#all.filter(made => this.#counts(made)).map(({ change }) => change);
  }

  #counts(made: OwnEntry | RemovedRange): boolean {
    if (!('seq' in made)) return true;
    if (this.#own.keydir.get(made.key) !== made) return false;
    const removedAt = this.#removedAt(made.key, NOW);
    if (made.change.kind === KIND_PUT) return made.seq > removedAt;
    return removedAt === 0 && this.beneath.find(made.key) !== undefined;
  }

  #checked(change: Change): Change {
    if (change.condition === undefined) return change;
    const entry = this.find(change.name, NOW);
    if (entry !== undefined && isOwn(entry)) throw conflict('the transaction itself has put the key');
    checkCondition(change.condition, entry?.seq ?? 0);
    return { ...change, condition: undefined };
  }
}

const isWithin = (key: KeyString, { from, to }: Bounds): boolean => key >= from && (to === undefined || key < to);

function removedRange(change: Change, step: number): RemovedRange {
  return { from: change.name, to: change.to, step, change };
}
