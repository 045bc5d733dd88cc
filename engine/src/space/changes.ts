/**
 * Changes: several changes on their way into the log and then into the indexes of their spaces, all or none. Batches,
 * `write()` and transactions end here.
 *
 * Invariants: (1) keys and values are copied when a change is taken down, so the caller's memory is free again;
 *             (2) what could fail fails before the first record is added: in a turn there is no way back from then on;
 *             (3) nothing is visible before the log has accepted every record.
 */

import { type Input, toBuffer } from '../format/bytes.ts';
import { KIND_PUT, KIND_RANGE_DELETE, KIND_TOMBSTONE } from '../format/record.ts';
import { type Entry, type KeyString, keyBytes, toKeyString } from '../keydir/keydir.ts';
import type { Commit } from '../log/commit.ts';
import { type Condition, conditionOf, Outlook } from '../log/conditions.ts';
import { checkPutOptions, checkSizes, type DeleteOptions, type Durability, type PutOptions } from '../options.ts';
import type { SpaceRecords } from './space-records.ts';

/** A change that has been checked and copied. */
export interface Change {
  readonly kind: number;
  readonly records: SpaceRecords;
  readonly name: KeyString;
  /** Of a range that is removed: the first key behind it, if there is one; `name` and `key` are its first. */
  readonly to: KeyString | undefined;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly tag: number;
  readonly expiresAtMs: number;
  readonly orderKey: Buffer | undefined;
  readonly condition: Condition | undefined;
}

const NOTHING = Buffer.alloc(0);

/** Take down: store `value` under `key`. @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `INVALID_ARGUMENT`. */
export function putChange(
  records: SpaceRecords,
  key: Input,
  value: Input,
  options: Omit<PutOptions, 'durability'>,
): Change {
  checkPutOptions(options);
  const { tag = 0, expiresAtMs = 0, orderKey } = options;
  const k = Buffer.from(toBuffer(key));
  const v = Buffer.from(toBuffer(value));
  checkSizes(k.length, v.length);
  return {
    kind: KIND_PUT,
    records,
    name: toKeyString(k),
    to: undefined,
    key: k,
    value: v,
    tag,
    expiresAtMs,
    orderKey: orderKey && Buffer.from(orderKey),
    condition: conditionOf(options),
  };
}

/** Take down: remove `key`. @throws {EngineError} `KEY_TOO_LARGE`, `INVALID_ARGUMENT`. */
export function deleteChange(records: SpaceRecords, key: Input, options: Omit<DeleteOptions, 'durability'>): Change {
  const k = Buffer.from(toBuffer(key));
  checkSizes(k.length, 0);
  return {
    kind: KIND_TOMBSTONE,
    records,
    name: toKeyString(k),
    to: undefined,
    key: k,
    value: NOTHING,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    condition: conditionOf(options),
  };
}

/** Take down: remove all keys from `from` up to, and without, `to`. @throws {EngineError} `KEY_TOO_LARGE`. */
export function rangeDeleteChange(records: SpaceRecords, from: KeyString, to: KeyString | undefined): Change {
  const key = keyBytes(from);
  const value = to === undefined ? NOTHING : keyBytes(to);
  checkSizes(key.length, 0);
  checkSizes(value.length, 0);
  return {
    kind: KIND_RANGE_DELETE,
    records,
    name: from,
    to,
    key,
    value,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    condition: undefined,
  };
}

/** Changes that happen together, all or none. */
export class Changes {
  readonly #changes: readonly Change[];
  readonly #commit: Commit;
  /** What each change makes of its key: an entry, or nothing. */
  #entries: (Entry | undefined)[] = [];
  #firstSeq = 0;

  /** @throws {EngineError} `NO_SPACE_WITH_ID`, `CLOSED`. */
  constructor(changes: readonly Change[], commit: Commit) {
    this.#changes = changes;
    this.#commit = commit;
    for (const { records } of changes) records.assertThere();
  }

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  get isConditional(): boolean {
    return this.#changes.some(({ condition }) => condition !== undefined);
  }

  /** Judge the conditions, and add to `outlook` what comes of each key. @throws {EngineError} `CONFLICT`. */
  judge(outlook: Outlook): void {
    const own = new Outlook(outlook);
    for (const { kind, records, name, to, condition } of this.#changes) {
      if (condition !== undefined) own.judge(records.id, name, condition, () => records.find(name)?.seq ?? 0);
      if (kind === KIND_RANGE_DELETE) own.foreseeRemoval({ space: records.id, from: name, to });
      else own.foresee(records.id, name, kind === KIND_PUT);
    }
    outlook.add(own);
  }

  /** Add the records to the log. @throws {EngineError} before the first when there is no room for all. */
  encode(): void {
    const { log } = this.#commit;
    this.#assertRoom();
    this.#firstSeq = log.nextSeq;
    this.#entries = this.#changes.map(change => {
      const { kind, records, name, key, value, tag, expiresAtMs, orderKey } = change;
      const seq = log.add(kind, records.id, tag, expiresAtMs, orderKey, key, 0, key.length, value, 0, value.length);
      if (kind !== KIND_PUT) return undefined;
      return {
        key: name,
        seq,
        tag,
        expiresAtMs,
        orderKey,
        valueSize: value.length,
        fileId: log.activeId,
        recordOffset: log.lastOffset,
        recordSize: log.lastSize,
        valueSeq: seq,
      };
    });
  }

  /** Make them visible; returns the seq of the last. */
  apply(): number {
    for (const [i, entry] of this.#entries.entries()) {
      const { kind, records, name, to } = this.#changes[i]!;
      const seq = this.#firstSeq + i;
      if (entry !== undefined) records.show(entry);
      else if (kind === KIND_TOMBSTONE) records.hide(name, seq);
      else records.hideRange(name, to, seq);
    }
    return this.#firstSeq + this.#entries.length - 1;
  }

  #assertRoom(): void {
    const bytes = this.#changes.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    this.#commit.log.reserve(this.#changes.length, bytes);
    for (const { kind, records, name } of this.#changes) {
      if (kind === KIND_PUT) records.assertRoom(name, this.#changes.length);
    }
  }
}

/** Make these changes now, all or none; returns the seq of the last. @throws {EngineError} when none has been made. */
export function makeChanges(list: readonly Change[], commit: Commit, level: Durability): number {
  const changes = new Changes(list, commit);
  if (changes.isEmpty) return commit.log.position;
  commit.appendQueued(); // The conditions are to see what comes before.
  if (changes.isConditional) changes.judge(new Outlook());
  commit.begin();
  return addChanges(changes, commit, level);
}

/** The same, when `begin` has been said. */
export function addChanges(changes: Changes, commit: Commit, level: Durability): number {
  try {
    changes.encode();
  } catch (error) {
    commit.undo();
    throw error;
  }
  commit.end(level);
  return changes.apply();
}
