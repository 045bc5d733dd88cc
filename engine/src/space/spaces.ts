/**
 * Spaces: which key spaces there are. Space 0, ordered by key, is always there.
 *
 * Invariants: (1) an id is given away once, also when the space is dropped;
 *             (2) creating or dropping is one record in the log, and dropping costs the same however many keys there are.
 */

import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { KIND_SPACE_CREATE, KIND_SPACE_DROP } from '../format/record.ts';
import { KeyIndex, ORDER_BYTES, type SpaceOrder } from '../keydir/key-index.ts';
import { type Keeper, type OpenSnapshot, Snapshots } from '../keydir/snapshots.ts';
import type { Commit } from '../log/commit.ts';
import { Moment } from '../scan/moment.ts';
import { Snapshot } from '../scan/snapshot.ts';
import { Space } from './space.ts';
import { SpaceRecords } from './space-records.ts';

const NOTHING = Buffer.alloc(0);

interface ListedSpace {
  readonly space: Space;
  readonly records: SpaceRecords;
  /** The seq of the change that made it; 0 when that was before this opening. */
  readonly madeSeq: number;
}

interface DroppedSpace {
  readonly id: number;
  readonly index: KeyIndex;
  readonly madeSeq: number;
  readonly droppedSeq: number;
}

/** The key spaces of a database. */
export class Spaces implements Keeper {
  readonly #commit: Commit;
  readonly #clock: Clock;
  readonly #expires: boolean;
  readonly snapshots: Snapshots = new Snapshots();
  readonly #byId = new Map<number, ListedSpace>();
  /** Spaces that are gone, and that an open snapshot may see. */
  #dropped: DroppedSpace[] = [];

  constructor(indexes: ReadonlyMap<number, KeyIndex>, commit: Commit, clock: Clock, expires: boolean) {
    this.#commit = commit;
    this.#clock = clock;
    this.#expires = expires;
    for (const [id, index] of indexes) this.#add(id, index, 0);
  }

  /** The records of a space. @throws {EngineError} `NO_SPACE_WITH_ID`. */
  recordsOf(id: number): SpaceRecords {
    const found = this.#byId.get(id);
    if (found === undefined) throw new EngineError('NO_SPACE_WITH_ID', `there is no space ${id}`);
    return found.records;
  }

  /** The same, or undefined. */
  findRecords(id: number): SpaceRecords | undefined {
    return this.#byId.get(id)?.records;
  }

  find(id: number): Space | undefined {
    return this.#byId.get(id)?.space;
  }

  all(): Space[] {
    return Array.from(this.#byId.values(), ({ space }) => space);
  }

  /** The indexes of all spaces, by the space's id. */
  *indexes(): Iterable<[number, KeyIndex]> {
    for (const [id, { records }] of this.#byId) yield [id, records.index];
  }

  /** Keys in all spaces, those included that are due. */
  get keyCount(): number {
    return Array.from(this.#byId.values()).reduce((sum, { records }) => sum + records.index.keydir.size, 0);
  }

  /** Bytes of the records that keys of all spaces have now. */
  get liveBytes(): number {
    return Array.from(this.#byId.values()).reduce((sum, { records }) => sum + records.index.usage.total, 0);
  }

  /** Old versions of keys in all spaces, those included that are dropped. */
  get oldVersionCount(): number {
    const indexes = [
      ...Array.from(this.#byId.values(), ({ records }) => records.index),
      ...this.#dropped.map(({ index }) => index),
    ];
    return indexes.reduce((sum, { history }) => sum + history.length, 0);
  }

  create(order: SpaceOrder): Space {
    if (!Object.hasOwn(ORDER_BYTES, order)) throw new EngineError('INVALID_ARGUMENT', "order must be 'key' or 'hash'");
    const { log, durability } = this.#commit;
    const id = log.manifest.maxSpaceId + 1;
    this.#commit.begin();
    const value = Buffer.of(ORDER_BYTES[order]);
    const seq = log.add(KIND_SPACE_CREATE, id, 0, 0, undefined, NOTHING, 0, 0, value, 0, value.length);
    this.#commit.end(durability);
    log.manifest.maxSpaceId = id;
    return this.#add(id, new KeyIndex(order, log.manifest.hashSeed), seq);
  }

  drop(id: number): number {
    if (id === 0) throw new EngineError('INVALID_ARGUMENT', 'the default space cannot be dropped');
    const { index } = this.recordsOf(id);
    const { log, durability } = this.#commit;
    this.#commit.begin();
    const seq = log.add(KIND_SPACE_DROP, id, 0, 0, undefined, NOTHING, 0, 0, NOTHING, 0, 0);
    this.#commit.end(durability);
    const { records, madeSeq } = this.#byId.get(id)!;
    this.#byId.delete(id);
    records.drop(new KeyIndex('key', log.manifest.hashSeed));
    if (this.snapshots.newestSeq >= madeSeq) {
      this.#dropped.push({ id, index, madeSeq, droppedSeq: seq });
      this.snapshots.addKeeper(this);
    }
    return seq;
  }

  /** Remove up to `limit` keys that are due; returns how many. */
  sweep(limit: number): number {
    let removed = 0;
    for (const { records } of this.#byId.values()) removed += records.removeDue(limit - removed);
    return removed;
  }

  // -------------------------------------------------------------------------------------------------------- snapshots

  /** All spaces as they are now, without the keys that are due. */
  snapshot(): Snapshot {
    const open = this.look();
    return new Snapshot(this.snapshots, open, id => this.momentOf(id, open));
  }

  /** Begin to look at this moment, when the keys that are due have been removed. */
  look(): OpenSnapshot {
    for (const { records } of this.#byId.values()) records.removeDue();
    return this.snapshots.open(this.#commit.log.position, this.#clock.now());
  }

  /** A space as it was at an open snapshot's moment; undefined when there was none with this id. */
  momentOf(id: number, open: OpenSnapshot): Moment | undefined {
    const listed = this.#byId.get(id);
    const index =
      listed === undefined
        ? this.#dropped.find(gone => gone.id === id && gone.madeSeq <= open.seq && gone.droppedSeq > open.seq)?.index
        : listed.madeSeq <= open.seq
          ? listed.records.index
          : undefined;
    return index && new Moment(index, open, this.#commit, this.#expires);
  }

  /** See {@link Keeper}: of dropped spaces. */
  trim(oldest: OpenSnapshot | undefined): 'nothing' | 'seen' {
    this.#dropped = this.#dropped.filter(({ droppedSeq }) => oldest !== undefined && droppedSeq > oldest.seq);
    return this.#dropped.length === 0 ? 'nothing' : 'seen';
  }

  #add(id: number, index: KeyIndex, madeSeq: number): Space {
    const records = new SpaceRecords(id, index, this.#commit, this.snapshots, this.#clock, this.#expires);
    const space = new Space(records);
    this.#byId.set(id, { space, records, madeSeq });
    return space;
  }
}
