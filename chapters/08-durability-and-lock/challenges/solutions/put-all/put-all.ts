/** Many puts that are on the disk together, for the price of one wait. */
import type { Database } from '../engine/src/index.ts';

/** Says how many of the pairs are in the store. */
export class PutAllError extends Error {
  readonly count: number;

  constructor(count: number, cause: unknown) {
    super(`${count} pairs are in the store`, { cause });
    this.count = count;
  }
}

/** Put all pairs; resolves when they are on the disk. @throws {PutAllError} when they are not all there. */
export async function putAll(db: Database, pairs: Iterable<readonly [string, string]>): Promise<void> {
  let count = 0;
  try {
    for (const [key, value] of pairs) {
      db.put(key, value, { durability: 'memory' });
      count++;
    }
    if (count > 0) await db.sync();
  } catch (error) {
    throw new PutAllError(count, error);
  }
}
