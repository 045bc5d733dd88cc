/**
 * Work per command, counted rather than timed: how often the index is asked, and how many records go to the log.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MapKeydir } from '../../engine/src/keydir/map-keydir.ts';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { parseCommand } from '../support/raw-client.ts';

let ours: OurServer;

beforeAll(async () => {
  ours = await startOurs();
  await ours.run(...['SET k v', 'SET n 1', 'SET v x EX 1000', 'SADD s a b', 'SET gone x'].map(parseCommand));
});

afterAll(() => ours.stop());

/** How often the index was asked or changed, and the records appended, by one command. */
async function workOf(line: string): Promise<{ probes: number; records: number }> {
  const spies = (['get', 'put', 'delete'] as const).map(method => vi.spyOn(MapKeydir.prototype, method));
  const before = ours.server.database.position;
  try {
    await ours.run(parseCommand(line));
    const probes = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    return { probes, records: ours.server.database.position - before };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/**
 * Each command beside the probes and records it may cost. A change looks its key up once more than a Map by itself would
 * need: what it replaces is dead now, and is counted for merges.
 */
const BUDGET: readonly (readonly [command: string, probes: number, records: number])[] = [
  ['GET k', 1, 0],
  ['GET none', 1, 0],
  ['SET k w', 2, 1],
  ['SET s over-a-set', 2, 1],
  ['SET k w EX 100', 3, 1],
  ['SETEX k 100 w', 2, 1],
  ['MSET k v n 1', 4, 2],
  ['MGET k n', 2, 0],
  ['INCR n', 3, 1],
  ['APPEND k x', 3, 1],
  ['SETBIT k 0 1', 3, 1],
  ['SETBIT k 0 1', 1, 0],
  ['EXISTS k', 1, 0],
  ['TYPE k', 1, 0],
  ['TTL v', 1, 0],
  ['STRLEN k', 1, 0],
  ['EXPIRE v 2000', 4, 1],
  ['EXPIRE v 100 NX', 1, 0],
  ['PERSIST v', 4, 1],
  ['DEL gone', 4, 1],
  ['DEL gone', 1, 0],
  ['RENAME n m', 7, 2],
  ['DBSIZE', 0, 0],
  ['FLUSHALL', 2, 2],
];

// In the order of the list: each command finds what those before it have left.
test.each(BUDGET)('%s: at most %i probes of the index and %i records', async (line, probes, records) => {
  const work = await workOf(line);
  expect(work.records).toBe(records);
  expect(work.probes).toBeLessThanOrEqual(probes);
});
