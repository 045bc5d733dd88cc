/**
 * Transaction: reads and changes of several keys, in every space, that happen together, all or none.
 *
 * A transaction looks at one moment and collects its changes above it (overlay.ts). When its function has returned, they
 * are appended as one batch; when it has thrown, they are forgotten. As the function is synchronous and nobody else can
 * change anything while it runs, it is as if it ran alone, at once. The form that may wait is in optimistic.ts.
 */

import { EngineError } from '../errors.ts';
import type { Input } from '../format/bytes.ts';
import type { Commit } from '../log/commit.ts';
import { checkSynchronous, type DeleteOptions, type Durability, type PutOptions } from '../options.ts';
import type { View } from '../scan/moment.ts';
import type { KeyRange } from '../scan/scan.ts';
import { SpaceSnapshot } from '../scan/snapshot.ts';
import { addChanges, type Change, Changes } from '../space/changes.ts';
import type { Spaces } from '../space/spaces.ts';
import { Overlay } from './overlay.ts';

/** One space in a {@link Transaction}: its reads see the transaction's own changes. */
export class TransactionSpace extends SpaceSnapshot {
  readonly #overlay: Overlay;

  /** @internal Made by {@link Transaction.space}. */
  constructor(overlay: Overlay) {
    super(overlay.records.id, overlay.view, overlay.source);
    this.#overlay = overlay;
  }

  /**
   * Store `value` under `key`, when the transaction ends. Both are copied.
   * @throws {EngineError} `KEY_TOO_LARGE`, `VALUE_TOO_LARGE`, `CONFLICT` when a condition is not met.
   */
  put(key: Input, value: Input, options: Omit<PutOptions, 'durability'> = {}): void {
    this.#overlay.put(key, value, options);
  }

  /** Remove `key`, when the transaction ends; returns whether it was there. @throws {EngineError} `CONFLICT`. */
  delete(key: Input, options: Omit<DeleteOptions, 'durability'> = {}): boolean {
    return this.#overlay.delete(key, options);
  }

  /** Remove every key of the range, when the transaction ends; returns whether there was one. */
  deleteRange(range: KeyRange): boolean {
    return this.#overlay.deleteRange(range);
  }

  /** Remove every key; as {@link deleteRange} else. */
  clear(): boolean {
    return this.#overlay.deleteRange({});
  }
}

/** What a transaction stands on: a space as it was when the transaction began; undefined when there was none. */
export type Ground = (space: number) => View | undefined;

/** The function given to {@link Database.transaction} gets one; its own reads and changes are those of the default space. */
export class Transaction extends TransactionSpace {
  readonly #spaces: Spaces;
  readonly #ground: Ground;
  readonly #overlays: Map<number, Overlay>;
  readonly #life: Life;
  #inner: Transaction | undefined;

  /** @internal Made by {@link Database.transaction} and {@link Database.optimistic}. */
  constructor(spaces: Spaces, ground: Ground) {
    const life: Life = { isOver: false };
    const main = new Overlay(spaces.recordsOf(0), ground(0)!, () => assertAlive(life));
    super(main);
    this.#spaces = spaces;
    this.#ground = ground;
    this.#life = life;
    this.#overlays = new Map([[0, main]]);
  }

  /** The space with this id; `undefined` when there was none when the transaction began. */
  space(id: number): TransactionSpace | undefined {
    assertAlive(this.#life);
    const overlay = this.#overlay(id);
    return overlay && new TransactionSpace(overlay);
  }

  /**
   * Run `work` as a part of this transaction that can be taken back by itself: when it throws, what it changed is
   * forgotten, and the transaction goes on if it catches the error. Returns what `work` returns.
   */
  transaction<T>(work: (tx: Transaction) => T): T {
    assertAlive(this.#life);
    const inner = new Transaction(this.#spaces, id => this.#overlay(id)?.view);
    this.#inner = inner;
    try {
      const result = work(inner);
      checkSynchronous(result, 'transaction');
      for (const change of inner.changes()) this.#overlay(change.records.id)!.add(change);
      return result;
    } finally {
      this.#inner = undefined;
      inner.end();
    }
  }

  /** @internal The part that runs now. */
  get innermost(): Transaction {
    return this.#inner?.innermost ?? this;
  }

  /** @internal What the transaction comes to. */
  changes(): Change[] {
    return Array.from(this.#overlays.values(), overlay => overlay.changes()).flat();
  }

  /** @internal From now on every use throws. */
  end(): void {
    this.#life.isOver = true;
  }

  #overlay(id: number): Overlay | undefined {
    const known = this.#overlays.get(id);
    if (known !== undefined) return known;
    const view = this.#ground(id);
    const records = this.#spaces.findRecords(id);
    if (view === undefined || records === undefined) return undefined;
    const overlay = new Overlay(records, view, () => assertAlive(this.#life));
    this.#overlays.set(id, overlay);
    return overlay;
  }
}

interface Life {
  isOver: boolean;
}

function assertAlive({ isOver }: Life): void {
  if (isOver) throw new EngineError('CLOSED', 'this transaction has ended; begin another one');
}

/** Runs transactions, one at a time. */
export class Transactions {
  readonly #spaces: Spaces;
  readonly #commit: Commit;
  #running: Transaction | undefined;

  constructor(spaces: Spaces, commit: Commit) {
    this.#spaces = spaces;
    this.#commit = commit;
  }

  /** See {@link Database.transaction}. Within the function of a transaction, this is a part of that one. */
  run<T>(work: (tx: Transaction) => T, level: Durability): T {
    if (this.#running !== undefined) return this.#running.innermost.transaction(work);
    return this.#commit.hold(() => {
      const { result, changes } = this.#collect(work);
      if (changes.isEmpty) return result;
      this.#commit.beginNext();
      addChanges(changes, this.#commit, level);
      return result;
    });
  }

  #collect<T>(work: (tx: Transaction) => T): { result: T; changes: Changes } {
    const moment = this.#spaces.look();
    const tx = new Transaction(this.#spaces, id => this.#spaces.momentOf(id, moment));
    this.#running = tx;
    try {
      const result = work(tx);
      checkSynchronous(result, 'transaction');
      return { result, changes: new Changes(tx.changes(), this.#commit) };
    } finally {
      this.#running = undefined;
      tx.end();
      this.#spaces.snapshots.close(moment); // Now, so that the versions that are replaced need not be kept for it.
    }
  }
}
