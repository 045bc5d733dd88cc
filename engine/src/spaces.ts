/**
 * Spaces: which key spaces there are. Space 0, ordered by key, is always there.
 *
 * Invariants: (1) an id is given away once, also when the space is dropped;
 *             (2) creating or dropping is one record in the log, and dropping costs the same however many keys there are.
 */

import type { Clock } from './clock.ts';
import type { Commit } from './commit.ts';
import { EngineError } from './errors.ts';
import { KIND_SPACE_CREATE, KIND_SPACE_DROP } from './format/record.ts';
import { KeyIndex, ORDER_BYTES, type SpaceOrder } from './keydir/key-index.ts';
import { Space } from './space.ts';

const NOTHING = Buffer.alloc(0);

export class Spaces {
  readonly #commit: Commit;
  readonly #clock: Clock;
  readonly #expires: boolean;
  readonly #byId = new Map<number, Space>();

  constructor(indexes: ReadonlyMap<number, KeyIndex>, commit: Commit, clock: Clock, expires: boolean) {
    this.#commit = commit;
    this.#clock = clock;
    this.#expires = expires;
    for (const [id, index] of indexes) this.#add(id, index);
  }

  /** @throws {EngineError} `NO_SPACE_WITH_ID`. */
  get(id: number): Space {
    const space = this.#byId.get(id);
    if (space === undefined) throw new EngineError('NO_SPACE_WITH_ID', `there is no space ${id}`);
    return space;
  }

  find(id: number): Space | undefined {
    return this.#byId.get(id);
  }

  all(): Space[] {
    return [...this.#byId.values()];
  }

  create(order: SpaceOrder): Space {
    if (!Object.hasOwn(ORDER_BYTES, order)) throw new EngineError('INVALID_ARGUMENT', "order must be 'key' or 'hash'");
    const { log, durability } = this.#commit;
    const id = log.manifest.maxSpaceId + 1;
    this.#commit.begin();
    const value = Buffer.of(ORDER_BYTES[order]);
    log.add(KIND_SPACE_CREATE, id, 0, 0, undefined, NOTHING, 0, 0, value, 0, value.length);
    this.#commit.end(durability);
    log.manifest.maxSpaceId = id;
    return this.#add(id, new KeyIndex(order, log.manifest.hashSeed));
  }

  drop(id: number): number {
    if (id === 0) throw new EngineError('INVALID_ARGUMENT', 'the default space cannot be dropped');
    const space = this.get(id);
    const { log, durability } = this.#commit;
    this.#commit.begin();
    const seq = log.add(KIND_SPACE_DROP, id, 0, 0, undefined, NOTHING, 0, 0, NOTHING, 0, 0);
    this.#commit.end(durability);
    this.#byId.delete(id);
    space.drop(new KeyIndex(space.order, log.manifest.hashSeed));
    return seq;
  }

  #add(id: number, index: KeyIndex): Space {
    const order = index.orderName;
    const space = new Space(id, order, index, this.#commit, this.#clock, this.#expires);
    this.#byId.set(id, space);
    return space;
  }
}
