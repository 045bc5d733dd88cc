/**
 * The same commands to ours and to a real Redis must be answered alike. Fixed scripts say what matters; random ones find
 * what nobody thought of, and fast-check reduces a failure to the shortest script and prints its seed.
 * `SEED=n RUNS=n` repeats or lengthens the random part.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../../support/our-server.ts';
import { type Command, parseCommand, RawClient, type Reply } from '../../support/raw-client.ts';
import { hasRealRedis, type RealRedis, startRealRedis } from '../../support/real-redis.ts';
import { atAnotherTime, difference } from './compare.ts';
import { anyScript, longStringScript } from './random-commands.ts';
import { SCRIPTS } from './scripts.ts';
import { type RecordedTranscripts, runScript, TRANSCRIPTS_FILE } from './transcripts.ts';

const RUNS = Number(process.env['RUNS'] ?? 1000);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);

let ours: OurServer;

beforeAll(async () => {
  ours = await startOurs();
});

afterAll(async () => {
  await ours.stop();
});

/** The first command that our server does not answer with its reply; undefined when there is none. */
async function firstDifference(
  commands: readonly Command[],
  replies: readonly Reply[],
  protocol: 2 | 3,
): Promise<string | undefined> {
  const answers = await runScript(ours.client, commands, protocol);
  for (const [i, command] of commands.entries()) {
    const found = difference(command, replies[i]!, answers[i]!);
    if (found !== undefined) return `command ${i + 1}: ${found}`;
  }
  return undefined;
}

describe.runIf(hasRealRedis())('beside a real Redis', () => {
  let real: RealRedis;
  let client: RawClient;

  beforeAll(async () => {
    real = (await startRealRedis())!;
    client = await RawClient.connect(real.port);
  });

  afterAll(async () => {
    client?.close();
    await real?.stop();
  });

  const scripts = Object.entries(SCRIPTS).flatMap(([name, lines]) =>
    ([2, 3] as const).map(protocol => ({ name, protocol, commands: lines.map(parseCommand) })),
  );

  test.each(scripts)('the script "$name" is answered alike in RESP$protocol', async ({ commands, protocol }) => {
    const replies = await runScript(client, commands, protocol);
    expect(await firstDifference(commands, replies, protocol)).toBeUndefined();
  });

  test.each([
    { kind: 'random scripts', script: anyScript, runs: RUNS },
    { kind: 'scripts on long strings', script: longStringScript, runs: Math.ceil(RUNS / 4) },
  ])(`$runs $kind are answered alike (seed ${SEED})`, async ({ script, runs }) => {
    const property = fc.asyncProperty(script, fc.constantFrom(2 as const, 3 as const), async (commands, protocol) => {
      const replies = await runScript(client, commands, protocol);
      const found = await firstDifference(commands, replies, protocol);
      if (found !== undefined) throw new Error(found);
    });
    await fc.assert(property, { numRuns: runs, seed: SEED });
  });
});

describe('beside recorded transcripts', () => {
  const { redis, recordedAtMs, transcripts } = JSON.parse(
    readFileSync(TRANSCRIPTS_FILE, 'utf8'),
  ) as RecordedTranscripts;

  beforeAll(() => {
    if (!hasRealRedis()) console.log(`no redis-server here: compared with transcripts of Redis ${redis} only`);
  });

  test.each(transcripts)('the transcript "$name" in RESP$protocol is answered alike', async transcript => {
    const { commands, protocol } = transcript;
    const replies = transcript.replies.map((reply, i) => atAnotherTime(commands[i]!, reply, recordedAtMs, Date.now()));
    expect(await firstDifference(commands, replies, protocol)).toBeUndefined();
  });
});
