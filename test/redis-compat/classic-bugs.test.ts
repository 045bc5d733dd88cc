/** Bugs that other Redis-like servers over a Bitcask-style store have had, in public; see test/engine/classic-bugs.test.ts. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { parseCommand, type Reply } from '../support/raw-client.ts';

let ours: OurServer;
beforeEach(async () => {
  ours = await startOurs();
});
afterEach(() => ours.stop());

const run = (...lines: string[]): Promise<Reply[]> => ours.client.run(lines.map(parseCommand));

test("one client's disconnect closed the database for all: others go on, whenever and however one goes away", async () => {
  await run('SET k v');
  for (const bytes of ['', '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nha', 'SET k w\r\n', 'QUIT\r\n', 'nonsense\r\n\0\xff']) {
    const socket = connect(ours.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes, 'latin1');
    await new Promise(setImmediate);
    socket.destroy();
    await once(socket, 'close');
    expect((await run('SET other 1', 'GET other'))[1]).toBe('$1');
  }
  expect(await run('EXISTS k')).toEqual([':1']);
});

test('DEL of a long value left its parts in the store for ever', async () => {
  const entries = (): number => ours.server.database.stats.keys;
  await run('SET first v'); // The first write makes the database.
  const before = entries();
  await run('SETRANGE long 900000 x', 'SETRANGE longer 2000000 y');
  expect(entries()).toBeGreaterThan(before + 2);
  await run('DEL long longer');
  await expect.poll(entries).toBe(before);
});
