/**
 * Tier K: processes killed under load, at each level, in small files that rotate and are merged all the time, at any
 * moment and at any call to the disk, in recovery too. ZEROCASK_KILL_ROUNDS says how many for each level.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { Durability } from '../../engine/src/index.ts';
import { seeded } from '../support/fault-house/index.ts';
import { checkPrefix, type Round, runUntilKilled } from '../support/kill-rounds.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { count } from './counts.ts';

const ROUNDS = Number(process.env['ZEROCASK_KILL_ROUNDS'] ?? 12);
const SEED = Number(process.env['ZEROCASK_SEED'] ?? Date.now() % 100_000);

let written = 0;
let killed = 0;
afterAll(() => {
  count('writes acknowledged before a kill -9', written);
  count('processes killed with -9', killed);
});

/** How the next process works, and when it dies: after so many writes, or at some call to the disk. */
function nextRound(level: Durability, random: (below: number) => number): Round {
  const how = (['put', 'write', 'turn'] as const)[random(3)]!;
  const scale = level === 'disk' ? 1 : 8;
  const round = { level, how, maxDataFileSize: 20_000 + random(100_000), merge: random(4) > 0 };
  return random(2) === 0 ? { ...round, after: random(300) * scale } : { ...round, killAtCall: 1 + random(400) };
}

describe(`kill -9 at any moment (seed ${SEED})`, () => {
  const levels: [string, Durability][] = [
    ['os', 'os'],
    ['{ intervalMs }', { intervalMs: 20 }],
    ['disk', 'disk'],
  ];
  test.each(levels)(
    `at level %s, ${ROUNDS} times, loses nothing that was acknowledged`,
    async (name, level) => {
      const random = seeded(SEED + name.length);
      const directory = temporaryDirectory('kill');
      let next = 0;
      for (let i = 0; i < ROUNDS; i++) {
        const round = nextRound(level, random);
        const acknowledged = await runUntilKilled(directory, next, round);
        // Every third time another process is killed while it recovers what the first has left.
        if (i % 3 === 0) await runUntilKilled(directory, acknowledged + 1, { ...round, killAtCall: 1 + random(60) });
        const last = await checkPrefix(directory, acknowledged);
        written += last + 1 - next;
        killed += i % 3 === 0 ? 2 : 1;
        next = last + 1;
      }
      expect(next).toBeGreaterThan(0);
    },
    600_000,
  );

  test('at level memory a prefix is left', async () => {
    const random = seeded(SEED);
    const directory = temporaryDirectory('kill');
    let next = 0;
    for (let i = 0; i < Math.ceil(ROUNDS / 2); i++) {
      await runUntilKilled(directory, next, { ...nextRound('memory', random), how: 'turn' });
      next = (await checkPrefix(directory, -1)) + 1;
      killed++;
    }
  }, 600_000);
});
