// superseded later: imports, runOptimistic, attemptOnce
/**
 * Optimistic transactions: the function may wait, and everybody else goes on meanwhile. It looks at one moment; when it is
 * done, all that it has read and all that it changes is looked up again, and only if that is as it was are its changes
 * made, at once. So it is as if it had run alone, at the moment of its end.
 *
 * Left out: locks. Under contention somebody always gets through, and the others run again.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { addChanges, type Change, Changes } from '../space/changes.ts';
import type { Commit } from '../log/commit.ts';
import { conflict } from '../log/conditions.ts';
import type { Durability } from '../options.ts';
import type { SpaceRecords } from '../space/space-records.ts';
import { Transaction } from './transaction.ts';
import { Witness } from './witness.ts';

/** See {@link Database.optimistic}. @throws {EngineError} `CONFLICT` when every attempt was in vain. */
export async function runOptimistic<T>(
  work: (tx: Transaction) => T | PromiseLike<T>,
  attempts: number,
  level: Durability,
  records: SpaceRecords,
): Promise<T> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const done = await attemptOnce(work, level, records);
    if (done === undefined) {
      await nextTurn();
      continue;
    }
    if (done.seq !== undefined) await records.commit.writer.waitFor(done.seq, level);
    return done.result;
  }
  throw conflict(`what the transaction read or changes was changed by others, in each of ${attempts} attempts`);
}

/** Returns undefined when somebody else has interfered. */
async function attemptOnce<T>(
  work: (tx: Transaction) => T | PromiseLike<T>,
  level: Durability,
  records: SpaceRecords,
): Promise<Done<T> | undefined> {
  const { commit, snapshots } = records;
  commit.appendQueued();
  const moment = records.moment();
  const witness = new Witness(moment);
  const tx = new Transaction(records, witness);
  try {
    const result = await work(tx);
    const changes = tx.changes();
    if (changes.length === 0) return { result, seq: undefined };
    commit.appendQueued();
    for (const change of changes) witness.addChange(change);
    if (!witness.wouldSayTheSame(records)) return undefined;
    snapshots.close(moment.snapshot); // Now, so that the versions that are replaced need not be kept for it.
    return { result, seq: makeNow(changes, level, commit) };
  } finally {
    tx.end();
    snapshots.close(moment.snapshot);
  }
}
