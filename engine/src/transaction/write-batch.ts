/**
 * Write batch: several changes that happen together, all or none; by a call (`batch().commit()`), or with the others of a
 * turn (`write()`).
 */

import { EngineError } from '../errors.ts';
import type { Input } from '../format/bytes.ts';
import type { Commit } from '../log/commit.ts';
import type { Outlook } from '../log/conditions.ts';
import type { QueuedWrite } from '../log/queued-writes.ts';
import {
  type ChangeOptions,
  checkDurability,
  type DeleteOptions,
  type Durability,
  type PutOptions,
} from '../options.ts';
import { deleteBounds, type KeyRange } from '../scan/scan.ts';
import { type Change, Changes, deleteChange, makeChanges, putChange, rangeDeleteChange } from '../space/changes.ts';
import type { SpaceRecords } from '../space/space-records.ts';
import type { Spaces } from '../space/spaces.ts';

/** What a change of a batch may be given. `space` is a space's id; 0, the default space, when it is not given. */
export type BatchPutOptions = Omit<PutOptions, 'durability'> & { readonly space?: number };
/** What a removal in a batch may be given. */
export type BatchDeleteOptions = Omit<DeleteOptions, 'durability'> & { readonly space?: number };

/** One change of a batch, as plain data. */
export type Operation =
  | ({ readonly type: 'put'; readonly key: Input; readonly value: Input } & BatchPutOptions)
  | ({ readonly type: 'delete'; readonly key: Input } & BatchDeleteOptions)
  | ({ readonly type: 'deleteRange'; readonly space?: number } & KeyRange);

/** Collects changes; {@link WriteBatch.commit} makes them all or none. */
export class WriteBatch {
  readonly #commit: Commit;
  readonly #spaces: Spaces;
  #changes: Change[] = [];

  /** @internal Batches are made by {@link Database.batch}. */
  constructor(commit: Commit, spaces: Spaces) {
    this.#commit = commit;
    this.#spaces = spaces;
  }

  /** The number of changes collected. */
  get size(): number {
    return this.#changes.length;
  }

  /** Add: store `value` under `key`. Both are copied. */
  put(key: Input, value: Input, options: BatchPutOptions = {}): this {
    this.#changes.push(putChange(this.#spaces.recordsOf(options.space ?? 0), key, value, options));
    return this;
  }

  /** Add: remove `key`. */
  delete(key: Input, options: BatchDeleteOptions = {}): this {
    this.#changes.push(deleteChange(this.#spaces.recordsOf(options.space ?? 0), key, options));
    return this;
  }

  /** Add: remove every key of the range that is there by then. */
  deleteRange(range: KeyRange, options: { readonly space?: number } = {}): this {
    this.#changes.push(...rangeDelete(this.#spaces.recordsOf(options.space ?? 0), range));
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
    const level = options.durability ?? this.#commit.durability;
    checkDurability(level);
    const seq = makeChanges(this.#changes, this.#commit, level);
    this.#changes = [];
    return seq;
  }
}

/** Make these changes, all or none, with the others of this turn; resolves when they are as safe as `level` says. */
export function writeOperations(
  operations: Iterable<Operation>,
  level: Durability,
  commit: Commit,
  spaces: Spaces,
): Promise<number> {
  checkDurability(level);
  const list = Array.from(operations, operation => toChanges(operation, spaces)).flat();
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

function toChanges(operation: Operation, spaces: Spaces): Change[] {
  const records = spaces.recordsOf(operation.space ?? 0);
  if (operation.type === 'put') return [putChange(records, operation.key, operation.value, operation)];
  if (operation.type === 'delete') return [deleteChange(records, operation.key, operation)];
  if (operation.type === 'deleteRange') {
    const { type: _type, space: _space, ...range } = operation;
    return rangeDelete(records, range);
  }
  throw new EngineError('INVALID_ARGUMENT', "an operation's type must be 'put', 'delete' or 'deleteRange'");
}

/** The change that removes this range; none when the range is empty whatever the keys are. */
function rangeDelete(records: SpaceRecords, range: KeyRange): Change[] {
  const { from, to } = deleteBounds(range, records.index.orderName);
  return to !== undefined && to <= from ? [] : [rangeDeleteChange(records, from, to)];
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
