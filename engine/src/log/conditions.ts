/**
 * Conditions: a change that happens only if its key is absent, or has not changed since the caller looked. An unmet one
 * throws `CONFLICT`, and nothing has changed.
 *
 * Several changes together are judged one after another, each as if those before it had been made: `Outlook` remembers what
 * they will make of their keys.
 */

import { EngineError } from '../errors.ts';
import type { KeyString } from '../keydir/keydir.ts';
import type { PutOptions } from '../options.ts';

/** What has to be true of a key: the seq of its newest change, 0 for a key that is absent. */
export type Condition = number;

/** Keys of a space from `from` up to, and without, `to`. */
interface RemovedRange {
  readonly space: number;
  readonly from: KeyString;
  readonly to: KeyString | undefined;
}

const isWithin = (key: KeyString, { from, to }: RemovedRange): boolean => key >= from && (to === undefined || key < to);

/** Judges the changes that are known by now, by what is in the indexes and what earlier changes will make of it. */
export class Outlook {
  readonly #beneath: Outlook | undefined;
  readonly #keys = new Map<number, Map<KeyString, boolean>>();
  /** Ranges that are to be removed, of all spaces. Keys put after that are in `#keys`. */
  readonly #removed: RemovedRange[] = [];

  /** Begin where `beneath` stands; it stays as it is. */
  constructor(beneath?: Outlook) {
    this.#beneath = beneath;
  }

  /**
   * Judge a change of `key` in this space. `seqNow()` is the seq of the key's newest change so far, 0 when it is absent.
   * @throws {EngineError} `CONFLICT`.
   */
  judge(space: number, key: KeyString, condition: Condition, seqNow: () => number): void {
    const willBeThere = this.#willBeThere(space, key);
    // The seq of a change that has yet to be made is known to nobody, so no condition can name it.
    if (willBeThere === true) throw conflict('an earlier change of the same batch or turn has put the key');
    checkCondition(condition, willBeThere === undefined ? seqNow() : 0);
  }

  /** A change of `key` is to be made: will it be there then? */
  foresee(space: number, key: KeyString, isThere: boolean): void {
    const keys = this.#keys.get(space) ?? new Map<KeyString, boolean>();
    this.#keys.set(space, keys.set(key, isThere));
  }

  /** All keys of this range are to be removed. */
  foreseeRemoval(removed: RemovedRange): void {
    this.#removed.push(removed);
    const keys = this.#keys.get(removed.space) ?? [];
    for (const [key] of keys) if (isWithin(key, removed)) this.foresee(removed.space, key, false);
  }

  /** Take over what `other` foresees. */
  add(other: Outlook): void {
    for (const removed of other.#removed) this.foreseeRemoval(removed);
    for (const [space, keys] of other.#keys) for (const [key, isThere] of keys) this.foresee(space, key, isThere);
  }

  #willBeThere(space: number, key: KeyString): boolean | undefined {
    const own = this.#keys.get(space)?.get(key);
    if (own !== undefined) return own;
    if (this.#removed.some(removed => removed.space === space && isWithin(key, removed))) return false;
    return this.#beneath === undefined ? undefined : this.#beneath.#willBeThere(space, key);
  }
}

/** @throws {EngineError} `CONFLICT` when a key whose newest change is `seqNow` (0: absent) does not meet the condition. */
export function checkCondition(condition: Condition, seqNow: number): void {
  if (condition === seqNow) return;
  if (condition === 0) throw conflict(`ifAbsent: the key is there, put by the change with seq ${seqNow}`);
  const found = seqNow === 0 ? 'the key is absent' : `the newest change of the key has seq ${seqNow}`;
  throw conflict(`ifSeq ${condition}: ${found}`);
}

/** The condition that the options of a change name, if any. @throws {EngineError} `INVALID_ARGUMENT`. */
export function conditionOf({ ifAbsent, ifSeq }: Pick<PutOptions, 'ifAbsent' | 'ifSeq'>): Condition | undefined {
  if (ifSeq === undefined) return ifAbsent ? 0 : undefined;
  if (ifAbsent) throw new EngineError('INVALID_ARGUMENT', 'ifAbsent and ifSeq cannot both hold');
  if (Number.isSafeInteger(ifSeq) && ifSeq > 0) return ifSeq;
  throw new EngineError('INVALID_ARGUMENT', 'ifSeq must be the seq of a change: a whole number above 0');
}

/** Somebody else was faster, or the key is not as the caller expects. */
export function conflict(message: string): EngineError {
  return new EngineError('CONFLICT', message);
}
