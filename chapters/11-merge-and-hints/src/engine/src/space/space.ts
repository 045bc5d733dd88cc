// superseded later: imports, Space, Space.get, Space.put, Space.delete, Space.expireAt, Space.#assertCondition
/** Space: one numbered key space of a database, as its users see it. A database's own methods are those of space 0. */

import { makeChanges, putChange } from './changes.ts';
import { conditionOf } from '../log/conditions.ts';
import { Cursor, type CursorSource, entryKey, entryPair, entryValue } from '../scan/cursor.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import type { SpaceOrder } from '../keydir/key-index.ts';
import type { Entry, EntryInfo } from '../keydir/keydir.ts';
import { copyValue, type EntryWithValue, type Moment, type View, withValue } from '../scan/moment.ts';
import {
  type ChangeOptions,
  checkDurability,
  checkExpiry,
  checkPutOptions,
  checkSynchronous,
  type DeleteOptions,
  type Durability,
  type PutOptions,
  type UpdateOptions,
} from '../options.ts';
import { checkRange, deleteBounds, type KeyRange, type Range, toKey } from '../scan/scan.ts';
import type { SpaceRecords } from './space-records.ts';

/** A numbered key space: the same reads and changes as a {@link Database}. */
export class Space {
  /** Never used again once the space is dropped. */
  readonly id: number;
  readonly order: SpaceOrder;
  readonly #records: SpaceRecords;
  readonly #source: CursorSource;

  /** @internal Spaces are made by {@link Database.createSpace}. */
  constructor(records: SpaceRecords) {
    this.id = records.id;
    this.order = records.index.orderName;
    this.#records = records;
    this.#source = {
      open: owner => {
        const moment = records.moment();
        records.snapshots.closeWith(owner, moment.snapshot);
        return moment;
      },
      close: ({ snapshot }: Moment) => records.snapshots.close(snapshot),
    };
  }

  /** The value of `key`; `undefined` when the key is absent. */
  get(key: Input): Buffer | undefined {
    const entry = this.#records.find(toKey(key));
    return entry === undefined ? undefined : copyValue(this.#records.commit.log, entry);
  }

  /**
   * Store `value` under `key`, in the place of any older value; returns the seq of the change.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `CONFLICT`, `DISK_FULL` ...: then nothing has changed.
   */
  put(key: Input, value: Input, options: PutOptions = {}): number {
    const k = toBuffer(key);
    const v = toBuffer(value);
    checkPutOptions(options);
    this.#assertCondition(k, options);
    return this.#records.put(k, v, options, this.#level(options.durability));
  }

  /** Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written. */
  delete(key: Input, options?: DeleteOptions): number | undefined {
    const k = toBuffer(key);
    if (options !== undefined) this.#assertCondition(k, options);
    return this.#records.delete(k, this.#level(options?.durability));
  }

  /**
   * Have `key` go away at this time, or stay when it is `undefined`; returns the seq of the change, or `undefined` when
   * the key is absent. The value is not written again.
   */
  expireAt(key: Input, expiresAtMs: number | undefined, options?: ChangeOptions): number | undefined {
    const k = toBuffer(key);
    if (expiresAtMs !== undefined) checkExpiry(expiresAtMs);
    return this.#records.expire(k, expiresAtMs ?? 0, this.#level(options?.durability));
  }

  // -------------------------------------------------------------------------------------------------------------------

  #assertCondition(key: Buffer, options: Pick<PutOptions, 'ifAbsent' | 'ifSeq'>): void {
    const condition = conditionOf(options);
    if (condition !== undefined) this.#records.assertCondition(key, condition);
  }
}
