// superseded later: imports, TransactionSpace, Transaction, Transaction.transaction, Transaction.changes, Transactions, Transactions.#collect
/**
 * Transaction: reads and changes of several keys that happen together, all or none.
 *
 * A transaction looks at one moment and collects its changes above it (overlay.ts). When its function has returned, they
 * are appended as one batch; when it has thrown, they are forgotten. As the function is synchronous and nobody else can
 * change anything while it runs, it is as if it ran alone, at once. The form that may wait is in optimistic.ts.
 */

import { addChanges, type Change, Changes } from '../space/changes.ts';
import type { Commit } from '../log/commit.ts';
import { EngineError } from '../errors.ts';
import type { Input } from '../format/bytes.ts';
import type { View } from '../scan/moment.ts';
import { checkSynchronous, type DeleteOptions, type Durability, type PutOptions } from '../options.ts';
import { Overlay } from './overlay.ts';
import { SpaceSnapshot } from '../scan/snapshot.ts';
import type { SpaceRecords } from '../space/space-records.ts';

/** The reads and changes of a {@link Transaction}: the reads see the changes. */
export class TransactionSpace extends SpaceSnapshot {
  readonly #overlay: Overlay;

  /** @internal */
  constructor(overlay: Overlay) {
    super(overlay.view, overlay.source);
    this.#overlay = overlay;
  }
}

/** The function given to {@link Database.transaction} gets one. */
export class Transaction extends TransactionSpace {
  readonly #overlay: Overlay;
  readonly #life: Life;
  #inner: Transaction | undefined;

  /** @internal Made by {@link Database.transaction} and {@link Database.optimistic}; `beneath` is what it stands on. */
  constructor(records: SpaceRecords, beneath: View) {
    const life: Life = { isOver: false };
    const overlay = new Overlay(records, beneath, () => assertAlive(life));
    super(overlay);
    this.#overlay = overlay;
    this.#life = life;
  }

  /**
   * Run `work` as a part of this transaction that can be taken back by itself: when it throws, what it changed is
   * forgotten, and the transaction goes on if it catches the error. Returns what `work` returns.
   */
  transaction<T>(work: (tx: Transaction) => T): T {
    assertAlive(this.#life);
    const inner = new Transaction(this.#overlay.records, this.#overlay.view);
    this.#inner = inner;
    try {
      const result = work(inner);
      checkSynchronous(result, 'transaction');
      for (const change of inner.changes()) this.#overlay.add(change);
      return result;
    } finally {
      this.#inner = undefined;
      inner.end();
    }
  }

  /** @internal What the transaction comes to. */
  changes(): Change[] {
    return this.#overlay.changes();
  }
}

/** Runs transactions, one at a time. */
export class Transactions {
  readonly #records: SpaceRecords;
  readonly #commit: Commit;
  #running: Transaction | undefined;

  constructor(records: SpaceRecords) {
    this.#records = records;
    this.#commit = records.commit;
  }

  #collect<T>(work: (tx: Transaction) => T): { result: T; changes: Changes } {
    const moment = this.#records.moment();
    const tx = new Transaction(this.#records, moment);
    this.#running = tx;
    try {
      const result = work(tx);
      checkSynchronous(result, 'transaction');
      return { result, changes: new Changes(tx.changes(), this.#commit) };
    } finally {
      this.#running = undefined;
      tx.end();
      this.#records.snapshots.close(moment.snapshot); // Now, so that the versions that are replaced need not be kept for it.
    }
  }
}
