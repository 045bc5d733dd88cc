/**
 * ReplayedSpaces: what the log says of the spaces, while it is being read.
 *
 * Files may be read in any order: a key can come before the record that makes its space, and after the one that drops it.
 * Invariants: (1) a space that was dropped stays so: its id is never used again;
 *             (2) at the end every space with keys was made once, or something is missing from the log.
 */

import { dataFileName } from '../disk/file-names.ts';
import { CorruptionError } from '../errors.ts';
import { KeyIndex, type SpaceOrder } from '../keydir/key-index.ts';
import type { Entry } from '../keydir/keydir.ts';
import { ReplayedKeys } from './replayed-keys.ts';

interface ReplayedSpace {
  /** Undefined until the record is read that makes the space. */
  order: SpaceOrder | undefined;
  isDropped: boolean;
  keys: ReplayedKeys;
  /** The record that was read first of this space. */
  readonly first: Entry | undefined;
}

/** The spaces of a database, from records in any order. */
export class ReplayedSpaces {
  readonly #byId = new Map<number, ReplayedSpace>([[0, newSpace('key', undefined)]]);
  /** The highest id that any record has named. */
  maxId = 0;

  /** The keys of a space. `entry` stands for the record that asks. */
  keysOf(id: number, entry: Entry): ReplayedKeys {
    return this.#find(id, entry).keys;
  }

  create(id: number, order: SpaceOrder, entry: Entry): void {
    this.#find(id, entry).order = order;
  }

  drop(id: number, entry: Entry): void {
    const space = this.#find(id, entry);
    space.isDropped = true;
    space.keys = new ReplayedKeys(); // Nobody will ask: let go of what was read.
  }

  #find(id: number, entry: Entry): ReplayedSpace {
    let space = this.#byId.get(id);
    if (space === undefined) {
      space = newSpace(undefined, entry);
      this.#byId.set(id, space);
      this.maxId = Math.max(this.maxId, id);
    }
    return space;
  }

  /**
   * Everything has been read: the indexes of the spaces that there are.
   * @throws {CorruptionError} when a space has records, and none that makes it.
   */
  finish(hashSeed: readonly [number, number]): Map<number, KeyIndex> {
    const indexes = new Map<number, KeyIndex>();
    for (const [id, { order, isDropped, keys, first }] of [...this.#byId].sort(([a], [b]) => a - b)) {
      if (isDropped) continue;
      if (order === undefined) throw noSpace(id, first!);
      indexes.set(id, KeyIndex.build(keys.finish(), order, hashSeed));
    }
    return indexes;
  }
}

function newSpace(order: SpaceOrder | undefined, first: Entry | undefined): ReplayedSpace {
  return { order, isDropped: false, keys: new ReplayedKeys(), first };
}

function noSpace(id: number, { fileId, recordOffset }: Entry): CorruptionError {
  return new CorruptionError(
    dataFileName(fileId),
    recordOffset,
    `it belongs to space ${id}, and nothing has made that; Database.repair keeps all that can be read`,
  );
}
