// superseded later: imports, Change, putChange, deleteChange, Changes, Changes.judge, Changes.encode, Changes.apply
/**
 * Changes: several changes on their way into the log and then into the index, all or none. Batches, `write()` and
 * transactions end here.
 *
 * Invariants: (1) keys and values are copied when a change is taken down, so the caller's memory is free again;
 *             (2) what could fail fails before the first record is added: in a turn there is no way back from then on;
 *             (3) nothing is visible before the log has accepted every record.
 */

import type { Commit } from '../log/commit.ts';
import { type Condition, conditionOf, Outlook } from '../log/conditions.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE } from '../format/record.ts';
import { type Entry, type KeyString, toKeyString } from '../keydir/keydir.ts';
import { checkSizes, type DeleteOptions, type Durability, type PutOptions } from '../options.ts';
import { entryOf } from '../recovery/replay.ts';
import type { SpaceRecords } from './space-records.ts';

/** A change that has been checked and copied. */
export interface Change {
  readonly kind: number;
  readonly records: SpaceRecords;
  readonly name: KeyString;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly condition: Condition | undefined;
}

/** Take down: store `value` under `key`. @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `INVALID_ARGUMENT`. */
export function putChange(
  records: SpaceRecords,
  key: Input,
  value: Input,
  options: Omit<PutOptions, 'durability'>,
): Change {
  const k = Buffer.from(toBuffer(key));
  const v = Buffer.from(toBuffer(value));
  checkSizes(k.length, v.length);
  return { kind: KIND_PUT, records, name: toKeyString(k), key: k, value: v, condition: conditionOf(options) };
}

/** Take down: remove `key`. @throws {EngineError} `KEY_TOO_LARGE`, `INVALID_ARGUMENT`. */
export function deleteChange(records: SpaceRecords, key: Input, options: Omit<DeleteOptions, 'durability'>): Change {
  const k = Buffer.from(toBuffer(key));
  checkSizes(k.length, 0);
  return {
    kind: KIND_TOMBSTONE,
    records,
    name: toKeyString(k),
    key: k,
    value: NOTHING,
    condition: conditionOf(options),
  };
}

/** Changes that happen together, all or none. */
export class Changes {
  readonly #changes: readonly Change[];
  readonly #commit: Commit;
  /** What each change makes of its key: an entry, or nothing. */
  #entries: (Entry | undefined)[] = [];
  #firstSeq = 0;

  /** @throws {EngineError} `CLOSED`. */
  constructor(changes: readonly Change[], commit: Commit) {
    this.#changes = changes;
    this.#commit = commit;
    for (const { records } of changes) records.assertThere();
  }

  /** Judge the conditions, and add to `outlook` what comes of each key. @throws {EngineError} `CONFLICT`. */
  judge(outlook: Outlook): void {
    const own = new Outlook(outlook);
    for (const { kind, records, name, condition } of this.#changes) {
      if (condition !== undefined) own.judge(records.id, name, condition, () => records.find(name)?.seq ?? 0);
      own.foresee(records.id, name, kind === KIND_PUT);
    }
    outlook.add(own);
  }

  /** Add the records to the log. @throws {EngineError} before the first when there is no room for all. */
  encode(): void {
    const { log } = this.#commit;
    this.#assertRoom();
    this.#firstSeq = log.nextSeq;
    this.#entries = this.#changes.map(({ kind, key, value }) => {
      const location = log.add({ kind, key, value });
      return kind === KIND_PUT ? entryOf({ kind, seq: log.position, key, value }, location) : undefined;
    });
  }

  /** Make them visible; returns the seq of the last. */
  apply(): number {
    for (const [i, entry] of this.#entries.entries()) {
      const { records, name } = this.#changes[i]!;
      if (entry !== undefined) records.show(entry);
      else records.hide(name, this.#firstSeq + i);
    }
    return this.#firstSeq + this.#entries.length - 1;
  }
}
