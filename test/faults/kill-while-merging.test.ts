/**
 * Tier K, with merges in their worker on the real disk: a process puts, deletes and removes ranges in small files that are
 * merged all the time, and is killed from outside at any moment, a hundred times if one likes, always on the same store.
 *
 * ZEROCASK_KILL_ROUNDS says how many rounds for each level, ZEROCASK_KILL_WRITES how many writes of one round at most.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { Database, type Durability } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { seeded } from '../support/fault-house/index.ts';
import { NumberedModel } from '../support/numbered-changes.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { count } from './counts.ts';

const ROUNDS = Number(process.env['ZEROCASK_KILL_ROUNDS'] ?? 5);
const WRITES = Number(process.env['ZEROCASK_KILL_WRITES'] ?? 5000);
const SEED = Number(process.env['ZEROCASK_SEED'] ?? Date.now() % 100_000);

const totals = { acknowledged: 0, merges: 0, kills: 0, keptThoughNotAcknowledged: 0 };
afterAll(() => {
  count('changes acknowledged before a kill -9 while merging', totals.acknowledged);
  count('merges that ended before a kill -9', totals.merges);
  count('processes killed with -9 while merging', totals.kills);
});

/** Counts lines as they come; a line that a kill has cut does not count. */
class Acknowledged {
  last: number;
  merges = 0;
  #rest = '';

  constructor(from: number) {
    this.last = from - 1;
  }

  read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line === 'm') this.merges++;
      else if (line !== 'open') this.last = Number(line);
    }
  }
}

/** Run one process until it has made so many changes and a little longer, and kill it. */
async function runUntilKilled(directory: string, level: Durability, from: number, changes: number, delayMs: number) {
  const child = startChild('change-until-killed', [directory, JSON.stringify(level), String(from)]);
  const said = new Acknowledged(from);
  let seen = 0;
  let isDying = false;
  const { output, signal } = await childEnd(child, all => {
    said.read(all.slice(seen));
    seen = all.length;
    if (isDying || said.last < from + changes) return;
    isDying = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  expect(output).toContain('open');
  expect(signal).toBe('SIGKILL');
  return said;
}

/** Open what is left, twice, and find the change after which the store was so. */
async function check(directory: string, model: NumberedModel, acknowledged: number): Promise<void> {
  model.advance(acknowledged + 1);
  for (let again = 0; again < 2; again++) {
    const db = await Database.open(directory);
    const found = new Map(Array.from(db.entries(), ([key, value]) => [String(key), String(value)]));
    const { problems } = await db.verify();
    await db.close();
    expect(problems).toEqual([]);
    const before = model.next;
    expect(model.advanceTo(found, again === 0 ? 100_000 : 0), 'the store holds a prefix of the changes').toBe(true);
    totals.keptThoughNotAcknowledged += model.next - before;
  }
}

describe(`kill -9 while files are merged (seed ${SEED})`, () => {
  const levels: [string, Durability][] = [
    ['memory', 'memory'],
    ['os', 'os'],
    ['{ intervalMs }', { intervalMs: 20 }],
    ['disk', 'disk'],
  ];
  test.each(levels)(
    `at level %s, ${ROUNDS} times, loses nothing that was acknowledged`,
    async (name, level) => {
      const random = seeded(SEED + name.length);
      const directory = temporaryDirectory('kill-merge');
      const model = new NumberedModel();
      const most = level === 'disk' ? WRITES / 5 : WRITES;
      let merges = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const from = model.next;
        const said = await runUntilKilled(directory, level, from, 1 + random(most), random(30));
        await check(directory, model, said.last);
        totals.acknowledged += said.last + 1 - from;
        totals.kills++;
        merges += said.merges;
      }
      totals.merges += merges;
      expect(merges).toBeGreaterThan(0);
    },
    ROUNDS * 20_000,
  );
});
