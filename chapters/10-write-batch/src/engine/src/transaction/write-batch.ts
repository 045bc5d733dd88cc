// superseded later: the whole file
/**
 * Write batch: several changes that happen together, all or none; by a call (`batch().commit()`), or with the others of a
 * turn (`write()`).
 */

import { type Change, Changes, deleteChange, makeChanges, putChange } from '../space/changes.ts';
import type { Commit } from '../log/commit.ts';
import type { Outlook } from '../log/conditions.ts';
import { EngineError } from '../errors.ts';
import type { Input } from '../format/bytes.ts';
import {
  type ChangeOptions,
  checkDurability,
  type DeleteOptions,
  type Durability,
  type PutOptions,
} from '../options.ts';
import type { QueuedWrite } from '../log/queued-writes.ts';
import type { SpaceRecords } from '../space/space-records.ts';

/** What a change of a batch may be given. */
export type BatchPutOptions = Omit<PutOptions, 'durability'>;
/** What a removal in a batch may be given. */
export type BatchDeleteOptions = Omit<DeleteOptions, 'durability'>;

/** One change of a batch, as plain data. */
export type Operation =
  | ({ readonly type: 'put'; readonly key: Input; readonly value: Input } & BatchPutOptions)
  | ({ readonly type: 'delete'; readonly key: Input } & BatchDeleteOptions);

/** Collects changes; {@link WriteBatch.commit} makes them all or none. */
export class WriteBatch {
  readonly #records: SpaceRecords;
  #changes: Change[] = [];

  /** @internal Batches are made by {@link Database.batch}. */
  constructor(records: SpaceRecords) {
    this.#records = records;
  }

  /** The number of changes collected. */
  get size(): number {
    return this.#changes.length;
  }

  /** Add: store `value` under `key`. Both are copied. */
  put(key: Input, value: Input, options: BatchPutOptions = {}): this {
    this.#changes.push(putChange(this.#records, key, value, options));
    return this;
  }

  /** Add: remove `key`. */
  delete(key: Input, options: BatchDeleteOptions = {}): this {
    this.#changes.push(deleteChange(this.#records, key, options));
    return this;
  }

  /** Forget the changes collected. */
  clear(): this {
    this.#changes = [];
    return this;
  }

  /**
   * Make all changes; returns the seq of the last. The batch is empty afterwards and may be used again.
   * @throws {EngineError} when it cannot, `CONFLICT` among others: then none has been made, and the batch still holds them.
   */
  commit(options: ChangeOptions = {}): number {
    const { commit } = this.#records;
    const level = options.durability ?? commit.durability;
    checkDurability(level);
    const seq = makeChanges(this.#changes, commit, level);
    this.#changes = [];
    return seq;
  }
}

/** Make these changes, all or none, with the others of this turn; resolves when they are as safe as `level` says. */
export function writeOperations(
  operations: Iterable<Operation>,
  level: Durability,
  records: SpaceRecords,
): Promise<number> {
  const { commit } = records;
  checkDurability(level);
  const list = Array.from(operations, operation => toChange(operation, records));
  if (list.length === 0) return Promise.resolve(commit.log.position);
  if (commit.turnMode) return writeInTurn(list, level, commit);
  const changes = new Changes(list, commit);
  return new Promise((resolve, reject) => commit.enqueue(new Write(changes, level, resolve, reject)));
}

async function writeInTurn(list: readonly Change[], level: Durability, commit: Commit): Promise<number> {
  const seq = makeChanges(list, commit, level);
  await commit.writer.waitFor(seq, level);
  return seq;
}

function toChange(operation: Operation, records: SpaceRecords): Change {
  if (operation.type === 'put') return putChange(records, operation.key, operation.value, operation);
  if (operation.type === 'delete') return deleteChange(records, operation.key, operation);
  throw new EngineError('INVALID_ARGUMENT', "an operation's type must be 'put' or 'delete'");
}

/** What one call of `write()` waits with. */
class Write implements QueuedWrite {
  readonly #changes: Changes;
  readonly level: Durability;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: unknown) => void;

  constructor(changes: Changes, level: Durability, resolve: (seq: number) => void, reject: (error: unknown) => void) {
    this.#changes = changes;
    this.level = level;
    this.resolve = resolve;
    this.reject = reject;
  }

  get isConditional(): boolean {
    return this.#changes.isConditional;
  }

  judge(outlook: Outlook): void {
    this.#changes.judge(outlook);
  }

  encode(): void {
    this.#changes.encode();
  }

  apply(): number {
    return this.#changes.apply();
  }
}
