/**
 * A model run: as many random operations as one likes on a store and on its model, with crashes in between. All of it follows
 * from the seed, but for how far work in the background gets in a turn.
 */
import { choose, KINDS } from './operations.ts';
import { Pair } from './pair.ts';

/** How many operations a failure shows. */
const SHOWN = 30;
/** An operation that takes longer will never end. */
const STUCK_MS = 60_000;

/** What a run has done: how often each operation, and some sums. */
export type Counts = ReadonlyMap<string, number>;

export interface RunOptions {
  /** Operations to leave out, by name. */
  readonly without?: readonly string[];
  readonly onProgress?: (done: number) => void;
}

/** Fails when an operation waits for ever; the timer also keeps the process alive meanwhile. */
async function atMost<T>(work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${STUCK_MS} ms`)), STUCK_MS);
  });
  return Promise.race([work, tooLong]).finally(() => clearTimeout(timer));
}

/** Run so many operations from this seed. @throws with the last operations, and how to do it again. */
export async function modelRun(
  seed: number,
  operations: number,
  root: string,
  { without = [], onProgress = () => {} }: RunOptions = {},
): Promise<Counts> {
  const pair = new Pair(seed, root);
  await pair.create();
  const kinds = KINDS.filter(({ name }) => !without.includes(name));
  const last: string[] = [];
  for (let i = 0; i < operations; i++) {
    const kind = choose(kinds, pair.random);
    try {
      last.push(`${i} ${await atMost(kind.act(pair))}`);
      if (last.length > SHOWN) last.shift();
      pair.count(kind.name);
    } catch (error) {
      last.push(`${i} ${kind.name}: ${(error as Error).message}`);
      throw new Error(`seed ${seed}, operation ${i} (again: --seed ${seed} --ops ${i + 1}):\n  ${last.join('\n  ')}`, {
        cause: error,
      });
    }
    if (i % 1000 === 999) onProgress(i + 1);
  }
  await pair.merging;
  pair.checkAll();
  await pair.reopen();
  pair.letGo();
  await pair.db.close();
  return pair.counts;
}
