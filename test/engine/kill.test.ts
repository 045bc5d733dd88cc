/**
 * kill -9 under load: what a process had acknowledged when it was killed is there. The process writes numbered values and
 * prints each number once the write is as safe as its level says; it is killed at some moment, or by itself at a given
 * call to the disk; then the store is opened and compared with what was printed.
 */
import { describe, expect, test } from 'vitest';
import { Database, type Durability } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { checkPrefix, killAgainAndAgain, type Round, runUntilKilled } from '../support/kill-rounds.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('kill -9 loses nothing that was acknowledged', () => {
  const levels: [string, Durability][] = [
    ['os', 'os'],
    ['an interval', { intervalMs: 20 }],
    ['disk', 'disk'],
  ];
  for (const [name, level] of levels) {
    test(`at level ${name}, in puts, in writes that share an append, and in turns`, async () => {
      const scale = level === 'disk' ? 1 : 10;
      const written = await killAgainAndAgain([
        { level, how: 'put', after: 150 * scale },
        { level, how: 'write', after: 500 * scale },
        { level, how: 'turn', after: 500 * scale },
      ]);
      expect(written).toBeGreaterThan(1000 * scale);
    });
  }

  test('at level memory the store holds a prefix, and all but the last turn', async () => {
    await killAgainAndAgain([{ level: 'memory', how: 'turn', after: 5000 }]);
  });

  test('in the middle of a rotation', async () => {
    const rotation = { level: 'os', how: 'put', maxDataFileSize: 20_000 } as const;
    await killAgainAndAgain([
      { ...rotation, killAt: { operation: 'create', file: '.data', count: 3 } },
      { ...rotation, killAt: { operation: 'write', file: 'MANIFEST.tmp', count: 4 } },
      { ...rotation, killAt: { operation: 'rename', file: 'MANIFEST', count: 5 } },
      { ...rotation, killAt: { operation: 'syncDirectory', file: '', count: 6 } },
      { ...rotation, killAt: { operation: 'syncDataLater', file: '.data', count: 4 } },
      { ...rotation, killAt: { operation: 'changeMode', file: '.data', count: 5 } },
    ]);
  });

  test('in the middle of a recovery', async () => {
    const before = { level: 'os', how: 'turn', after: 3000, maxDataFileSize: 50_000 } as const;
    const recovery = (operation: string, file: string, count = 1): Round => ({
      ...before,
      killAt: { operation, file, count },
    });
    const directory = temporaryDirectory('kill');
    let next = 0;
    for (const [operation, file] of [
      ['read', '.data'],
      ['syncData', '.data'],
      ['create', 'MANIFEST.tmp'],
      ['rename', 'MANIFEST'],
      ['syncDirectory', ''],
    ] as const) {
      const acknowledged = await runUntilKilled(directory, next, before);
      await runUntilKilled(directory, acknowledged + 1, recovery(operation, file));
      next = (await checkPrefix(directory, acknowledged)) + 1;
    }
  });
});

describe('at level memory', () => {
  for (const how of ['exit', 'throw']) {
    test(`what was put is handed over when the program ends by ${how}`, async () => {
      const directory = temporaryDirectory('exit');
      await childEnd(startChild('exit-in-turn', [directory, how]));
      const db = await Database.open(directory);
      expect(db.size).toBe(10);
      await db.close();
    });
  }
});
