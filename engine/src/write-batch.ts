/**
 * Write batch: several changes that happen together, all or none.
 *
 * Invariants: (1) keys and values are copied when they are added, so the caller's memory is free again;
 *             (2) nothing is visible before the log has accepted the whole batch.
 */

import type { Commit } from './commit.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './format/record.ts';
import type { KeyIndex } from './keydir/key-index.ts';
import { type Entry, type KeyString, toKeyString } from './keydir/keydir.ts';
import {
  type ChangeOptions,
  checkDurability,
  checkPutOptions,
  checkSizes,
  type Durability,
  type PutOptions,
} from './options.ts';
import type { QueuedWrite } from './queued-writes.ts';
import type { Spaces } from './spaces.ts';

/** One change of a batch, as plain data. `space` is a space's id; 0, the default space, when it is not given. */
export type Operation =
  | ({ readonly type: 'put'; readonly key: Input; readonly value: Input; readonly space?: number } & Omit<
      PutOptions,
      'durability'
    >)
  | { readonly type: 'delete'; readonly key: Input; readonly space?: number };

/** A change that has been checked and copied. */
interface Step {
  readonly kind: number;
  readonly space: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly tag: number;
  readonly expiresAtMs: number;
  readonly orderKey: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/** Collects changes; {@link WriteBatch.commit} makes them all or none. */
export class WriteBatch {
  readonly #commit: Commit;
  readonly #spaces: Spaces;
  #steps: Step[] = [];

  /** @internal Batches are made by {@link Database.batch}. */
  constructor(commit: Commit, spaces: Spaces) {
    this.#commit = commit;
    this.#spaces = spaces;
  }

  /** The number of changes collected. */
  get size(): number {
    return this.#steps.length;
  }

  /** Add: store `value` under `key`. */
  put(key: Input, value: Input, options: Omit<PutOptions, 'durability'> & { readonly space?: number } = {}): this {
    this.#steps.push(toStep({ type: 'put', key, value, ...options }));
    return this;
  }

  /** Add: remove `key`. */
  delete(key: Input, options: { readonly space?: number } = {}): this {
    this.#steps.push(toStep({ type: 'delete', key, ...options }));
    return this;
  }

  /** Forget the changes collected. */
  clear(): this {
    this.#steps = [];
    return this;
  }

  /**
   * Make all changes; returns the seq of the last. The batch is empty afterwards and may be used again.
   * @throws {EngineError} when it cannot: then none has been made, and the batch still holds them.
   */
  commit(options: ChangeOptions = {}): number {
    const level = options.durability ?? this.#commit.durability;
    checkDurability(level);
    const write = new StepsWrite(this.#steps, this.#commit, this.#spaces);
    if (write.isEmpty) return this.#commit.log.position;
    this.#commit.begin();
    try {
      write.encode();
    } catch (error) {
      this.#commit.undo();
      throw error;
    }
    this.#commit.end(level);
    this.#steps = [];
    return write.apply();
  }
}

/** Make these changes, all or none, with the others of this turn; resolves when they are as safe as `level` says. */
export function writeOperations(
  operations: Iterable<Operation>,
  level: Durability,
  commit: Commit,
  spaces: Spaces,
): Promise<number> {
  const steps = Array.from(operations, toStep);
  return new Promise((resolve, reject) => {
    const write = new StepsWrite(steps, commit, spaces);
    if (write.isEmpty) resolve(commit.log.position);
    else if (commit.turnMode) resolve(writeInTurn(write, level, commit));
    else commit.enqueue(Object.assign(write, { level, resolve, reject }));
  });
}

async function writeInTurn(write: StepsWrite, level: Durability, commit: Commit): Promise<number> {
  commit.begin();
  write.encode();
  const seq = write.apply();
  await commit.writer.waitFor(seq, level);
  return seq;
}

/** What a tombstone makes of its key. */
interface Removal {
  readonly removed: KeyString;
  readonly seq: number;
}

/** Steps on their way into the log and then into the indexes of their spaces. */
class StepsWrite implements Pick<QueuedWrite, 'encode' | 'apply'> {
  readonly #steps: readonly Step[];
  readonly #commit: Commit;
  readonly #indexes: KeyIndex[];
  /** What each step makes of its key: an entry, or nothing. */
  #entries: (Entry | Removal)[] = [];
  #lastSeq = 0;

  /** @throws {EngineError} `NO_SPACE_WITH_ID`. */
  constructor(steps: readonly Step[], commit: Commit, spaces: Spaces) {
    this.#steps = steps;
    this.#commit = commit;
    this.#indexes = steps.map(step => spaces.recordsOf(step.space).index);
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  encode(): void {
    const { log } = this.#commit;
    this.#entries = this.#steps.map(({ kind, space, key, value, tag, expiresAtMs, orderKey }) => {
      const name = toKeyString(key);
      const seq = log.add(kind, space, tag, expiresAtMs, orderKey, key, 0, key.length, value, 0, value.length);
      if (kind === KIND_TOMBSTONE) return { removed: name, seq };
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
    this.#lastSeq = log.position;
  }

  apply(): number {
    for (const [i, entry] of this.#entries.entries()) {
      const index = this.#indexes[i]!;
      if ('removed' in entry) index.delete(entry.removed, entry.seq);
      else index.put(entry);
    }
    return this.#lastSeq;
  }
}

function toStep(operation: Operation): Step {
  const { key, space = 0 } = operation;
  const k = Buffer.from(toBuffer(key));
  if (operation.type === 'delete') {
    checkSizes(k.length, 0);
    return { kind: KIND_TOMBSTONE, space, key: k, value: NOTHING, tag: 0, expiresAtMs: 0, orderKey: undefined };
  }
  const { tag = 0, expiresAtMs = 0, orderKey } = operation;
  checkPutOptions(operation);
  const value = Buffer.from(toBuffer(operation.value));
  checkSizes(k.length, value.length);
  return { kind: KIND_PUT, space, key: k, value, tag, expiresAtMs, orderKey: orderKey && Buffer.from(orderKey) };
}
