/**
 * Records what a real Redis answers to the scripts of the differential test, for machines without one:
 *
 *   node --conditions=@zerocask/source --import tsx test/support/record-redis-transcripts.ts
 *
 * The random scripts among them come from a fixed seed, so that recording again changes nothing but what Redis changed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { anyScript } from '../redis-compat/differential/random-commands.ts';
import { SCRIPTS } from '../redis-compat/differential/scripts.ts';
import {
  type RecordedTranscripts,
  runScript,
  TRANSCRIPTS_FILE,
  type Transcript,
} from '../redis-compat/differential/transcripts.ts';
import { type Command, parseCommand, RawClient } from './raw-client.ts';
import { startRealRedis } from './real-redis.ts';

const RANDOM_SCRIPTS = 60;
const SEED = 1;

async function main(): Promise<void> {
  const real = await startRealRedis();
  if (real === undefined) throw new Error('there is no redis-server on this machine');
  const client = await RawClient.connect(real.port);
  const transcripts: Transcript[] = [];
  const record = async (name: string, commands: readonly Command[], protocol: 2 | 3): Promise<void> => {
    transcripts.push({ name, protocol, commands, replies: await runScript(client, commands, protocol) });
  };
  for (const [name, lines] of Object.entries(SCRIPTS)) {
    for (const protocol of [2, 3] as const) await record(name, lines.map(parseCommand), protocol);
  }
  for (const [i, commands] of fc.sample(anyScript, { numRuns: RANDOM_SCRIPTS, seed: SEED }).entries()) {
    await record(`random ${i + 1}`, commands, i % 2 === 0 ? 2 : 3);
  }
  client.close();
  await real.stop();
  await mkdir(new URL('.', TRANSCRIPTS_FILE), { recursive: true });
  const content: RecordedTranscripts = { redis: real.version, recordedAtMs: Date.now(), transcripts };
  await writeFile(TRANSCRIPTS_FILE, `${print(content)}\n`);
}

/** One transcript to a line, so that a change of one is a change of one line. */
function print({ redis, recordedAtMs, transcripts }: RecordedTranscripts): string {
  const lines = transcripts.map(transcript => JSON.stringify(transcript));
  return `{"redis":${JSON.stringify(redis)},"recordedAtMs":${recordedAtMs},"transcripts":[\n${lines.join(',\n')}\n]}`;
}

await main();
