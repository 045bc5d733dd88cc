/**
 * SIGKILL under pipelined load: what was answered is there afterwards, with its newest value, and nothing is half done.
 *
 * Each round starts a server on the data of the round before, writes through several pipelining clients, and kills the
 * process at a random moment: in the middle of the load, right after a data file was begun (rotation), or while the server
 * is still reading its files (recovery). `ZEROCASK_KILL_ROUNDS` and `ZEROCASK_KILL_WRITES` scale it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Rounds per level, and how many answered writes there must be at least, over all of them. */
const ROUNDS = Number(process.env['ZEROCASK_KILL_ROUNDS'] ?? 6);
const WRITES = Number(process.env['ZEROCASK_KILL_WRITES'] ?? 6000);
const CLIENTS = 4;
const PIPELINE = 50;
const KEYS_PER_CLIENT = 500;

type Moment = 'load' | 'rotation' | 'recovery';
const MOMENTS: readonly Moment[] = ['load', 'rotation', 'recovery'];

/** What one client has written: per key the newest value that was answered, and the newest that was sent. */
interface Written {
  readonly answered: Map<string, number>;
  readonly sent: Map<string, number>;
}

const dataFiles = (dir: string): number => readdirSync(dir).filter(name => name.endsWith('.data')).length;

/** Writes rising numbers until the server is gone. Pairs of keys are written by MSET and must never differ. */
async function load(
  port: number,
  client: number,
  next: { value: number },
  written: Written,
  count: { answered: number },
): Promise<void> {
  const connection = await RawClient.connect(port);
  try {
    for (;;) {
      const batch = Array.from({ length: PIPELINE }, () => {
        const value = next.value++;
        return { key: `${client}:${value % KEYS_PER_CLIENT}`, value };
      });
      for (const { key, value } of batch) written.sent.set(key, value);
      const replies = await connection.run(
        batch.map(({ key, value }) => ['MSET', key, `${value}`, `${key}:twin`, `${value}`]),
      );
      expect(replies.every(reply => reply === '+OK')).toBe(true);
      for (const { key, value } of batch) written.answered.set(key, value);
      count.answered += batch.length;
    }
  } catch (error) {
    if (!String(error).includes('connection closed')) throw error;
  } finally {
    connection.close();
  }
}

/** Resolves at the moment when the server should die. */
async function waitFor(moment: Moment, dir: string, enough: () => boolean): Promise<void> {
  while (!enough()) await new Promise(resolve => setTimeout(resolve, 5));
  await new Promise(resolve => setTimeout(resolve, Math.random() * 100));
  if (moment !== 'rotation') return;
  const files = dataFiles(dir);
  const giveUpAt = Date.now() + 10_000;
  while (dataFiles(dir) === files && Date.now() < giveUpAt) await new Promise(resolve => setImmediate(resolve));
}

/** How long after it has taken the lock a server is killed at most: a start takes about that long. */
const RECOVERY_MS = 40;

/** Start it, and kill it after it has taken the lock and before it is ready: then it was reading its files. */
async function killInRecovery(args: readonly string[], dir: string): Promise<void> {
  for (;;) {
    const server = new ServerProcess(args);
    const isOwner = (): boolean => readFileSync(join(dir, 'LOCK'), 'latin1').startsWith(`${server.pid} `);
    while (!isOwner() && !server.isReady) await new Promise(resolve => setImmediate(resolve));
    await new Promise(resolve => setTimeout(resolve, Math.random() * RECOVERY_MS));
    const exit = await server.kill('SIGKILL');
    if (!exit.stdout.includes('Ready')) return;
  }
}

async function check(port: number, all: readonly Written[]): Promise<void> {
  const connection = await RawClient.connect(port);
  for (const { answered, sent } of all) {
    const keys = [...sent.keys()];
    const values = (await connection.call('MGET', ...keys)) as string[];
    const twins = (await connection.call('MGET', ...keys.map(key => `${key}:twin`))) as string[];
    for (const [i, key] of keys.entries()) {
      const value = values[i + 1]!;
      const found = value === '_' ? -1 : Number(value.slice(1));
      expect(found, `${key}: an answered write is lost`).toBeGreaterThanOrEqual(answered.get(key) ?? -1);
      expect(found, `${key}: a value that nobody sent`).toBeLessThanOrEqual(sent.get(key)!);
      expect(twins[i + 1], `${key}: half a command`).toBe(value);
    }
  }
  connection.close();
}

describe.each(['everysec', 'always'])('appendfsync %s', level => {
  const totals = { rounds: 0, answered: 0, load: 0, rotation: 0, recovery: 0 };
  afterAll(() => console.log(`SIGKILL at ${level}: ${JSON.stringify(totals)}`));

  test(`loses no answered write in ${ROUNDS} rounds of SIGKILL`, { timeout: 60_000 + 20_000 * ROUNDS }, async () => {
    const dir = temporaryDirectory(`kill-${level}`);
    // Small files, so that there are rotations to be killed in.
    const args = ['--port', '0', '--dir', dir, '--appendfsync', level, '--max-data-file-size', '256kb'];
    const all: Written[] = Array.from({ length: CLIENTS }, () => ({ answered: new Map(), sent: new Map() }));
    const next = all.map(() => ({ value: 0 }));
    for (let round = 0; round < ROUNDS; round++) {
      const moment = MOMENTS[round % MOMENTS.length]!;
      const server = new ServerProcess(args);
      const port = await server.port();
      await check(port, all);
      const count = { answered: 0 };
      const clients = all.map((written, client) => load(port, client, next[client]!, written, count));
      await waitFor(moment, dir, () => count.answered >= WRITES / ROUNDS);
      await server.kill('SIGKILL');
      await Promise.all(clients);
      if (moment === 'recovery') await killInRecovery(args, dir);
      totals.rounds++;
      totals.answered += count.answered;
      totals[moment]++;
    }
    const last = new ServerProcess(args);
    await check(await last.port(), all);
    expect(await last.kill('SIGTERM')).toMatchObject({ status: 0 });
    expect(totals.answered).toBeGreaterThanOrEqual(WRITES);
  });
});
