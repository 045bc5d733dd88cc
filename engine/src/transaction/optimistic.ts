/**
 * Optimistic transactions: the function may wait, and everybody else goes on meanwhile. It looks at one moment; when it is
 * done, all that it has read and all that it changes is looked up again, and only if that is as it was are its changes
 * made, at once. So it is as if it had run alone, at the moment of its end.
 *
 * Left out: locks. Under contention somebody always gets through, and the others run again.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OpenSnapshot } from '../keydir/snapshots.ts';
import type { Commit } from '../log/commit.ts';
import { conflict } from '../log/conditions.ts';
import type { Durability } from '../options.ts';
import { addChanges, type Change, Changes } from '../space/changes.ts';
import type { Spaces } from '../space/spaces.ts';
import { Transaction } from './transaction.ts';
import { Witness } from './witness.ts';

/** What a function has come to that nobody has interfered with. */
interface Done<T> {
  readonly result: T;
  /** The seq of the last change; undefined when there was none. */
  readonly seq: number | undefined;
}

/** See {@link Database.optimistic}. @throws {EngineError} `CONFLICT` when every attempt was in vain. */
export async function runOptimistic<T>(
  work: (tx: Transaction) => T | PromiseLike<T>,
  attempts: number,
  level: Durability,
  spaces: Spaces,
  commit: Commit,
): Promise<T> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const done = await attemptOnce(work, level, spaces, commit);
    if (done === undefined) {
      await nextTurn();
      continue;
    }
    if (done.seq !== undefined) await commit.writer.waitFor(done.seq, level);
    return done.result;
  }
  throw conflict(`what the transaction read or changes was changed by others, in each of ${attempts} attempts`);
}

/** Returns undefined when somebody else has interfered. */
async function attemptOnce<T>(
  work: (tx: Transaction) => T | PromiseLike<T>,
  level: Durability,
  spaces: Spaces,
  commit: Commit,
): Promise<Done<T> | undefined> {
  const witnesses = new Witnesses(spaces, commit);
  const tx = new Transaction(spaces, id => witnesses.of(id));
  try {
    const result = await work(tx);
    const changes = tx.changes();
    if (changes.length === 0) return { result, seq: undefined };
    if (!witnesses.wouldSayTheSame(changes)) return undefined;
    witnesses.leave();
    return { result, seq: makeNow(changes, level, commit) };
  } finally {
    tx.end();
    witnesses.leave();
  }
}

/** Nothing comes between the last look and this: from there on all is synchronous. The sync, if any, is waited for later. */
function makeNow(list: readonly Change[], level: Durability, commit: Commit): number {
  const changes = new Changes(list, commit);
  commit.begin();
  return addChanges(changes, commit, level === 'disk' ? 'os' : level);
}

/** The moment that one attempt looks at, in every space that it asks for. */
class Witnesses {
  readonly #spaces: Spaces;
  readonly #commit: Commit;
  readonly #moment: OpenSnapshot;
  readonly #witnesses = new Map<number, Witness>();

  constructor(spaces: Spaces, commit: Commit) {
    this.#spaces = spaces;
    this.#commit = commit;
    commit.appendQueued();
    this.#moment = spaces.look();
  }

  of(id: number): Witness | undefined {
    const moment = this.#spaces.momentOf(id, this.#moment);
    if (moment === undefined) return undefined;
    const witness = new Witness(moment);
    this.#witnesses.set(id, witness);
    return witness;
  }

  /** Whether the spaces are, as far as the transaction depends on them, what they were. */
  wouldSayTheSame(changes: readonly Change[]): boolean {
    this.#commit.appendQueued();
    if (this.#commit.log.position === this.#moment.seq) return true;
    for (const change of changes) this.#witnesses.get(change.records.id)!.addChange(change);
    for (const [id, witness] of this.#witnesses) {
      const records = this.#spaces.findRecords(id);
      if (records === undefined || !witness.wouldSayTheSame(records)) return false;
    }
    return true;
  }

  /** Let go of the moment: versions that are replaced now need not be kept for it. A second call does nothing. */
  leave(): void {
    this.#spaces.snapshots.close(this.#moment);
  }
}
