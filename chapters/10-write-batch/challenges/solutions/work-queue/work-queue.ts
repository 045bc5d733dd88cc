/** A queue: a job is a key, and keys are in order. Each call is a transaction, or a part of the one it is called in. */
import type { Database } from '../engine/src/database.ts';
import type { Transaction } from '../engine/src/transaction/transaction.ts';

/** Digits enough for any number that a double can count to, so that keys sort like their numbers. */
const DIGITS = 16;

/** A name of any bytes, and none of them a slash: no queue's prefix begins with another's. */
const prefixOf = (queue: string): string => `queue/${encodeURIComponent(queue)}/`;

export function push(db: Database, queue: string, job: string): void {
  db.transaction(tx => append(tx, queue, job));
}

export function take(db: Database, queue: string): string | undefined {
  return db.transaction(tx => removeFirst(tx, queue));
}

export function move(db: Database, from: string, to: string): string | undefined {
  return db.transaction(tx => {
    const job = removeFirst(tx, from);
    if (job !== undefined) append(tx, to, job);
    return job;
  });
}

function append(tx: Transaction, queue: string, job: string): void {
  const prefix = prefixOf(queue);
  const [last] = tx.keys({ prefix, reverse: true, limit: 1 });
  const number = last === undefined ? 0 : Number(String(last).slice(prefix.length)) + 1;
  tx.put(prefix + String(number).padStart(DIGITS, '0'), job);
}

function removeFirst(tx: Transaction, queue: string): string | undefined {
  const [first] = tx.entries({ prefix: prefixOf(queue), limit: 1 });
  if (first === undefined) return undefined;
  tx.delete(first[0]);
  return String(first[1]);
}
