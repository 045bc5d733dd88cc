/** Chapter 02's experiments with the engine: flip every bit of a log, cut it at every byte, and ask. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Database, EngineError } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/broken';
const FILE = `${DIRECTORY}/0000000001.data`;

/** What a reader gets to hear: the values, or the code of the error that stops him. */
async function ask(): Promise<string> {
  try {
    const db = await Database.open(DIRECTORY);
    const answers = [db.get('city'), db.get('river')].map(value => value ?? 'absent').join(', ');
    await db.close();
    return answers;
  } catch (error) {
    return error instanceof EngineError ? error.code : `crash: ${error}`;
  }
}

async function count(title: string, logs: Buffer[]): Promise<void> {
  const answers = new Map<string, number>();
  for (const bytes of logs) {
    writeFileSync(FILE, bytes);
    const answer = await ask();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  console.log(`${title}: ${logs.length} logs`);
  for (const [answer, times] of answers) console.log(`  ${String(times).padStart(4)} of them: ${answer}`);
}

rmSync(DIRECTORY, { recursive: true, force: true });
const db = await Database.open(DIRECTORY);
db.put('city', 'Bonn');
db.put('river', 'Spree');
db.put('city', 'Berlin');
await db.close();

const whole = readFileSync(FILE);
const cuts = Array.from(whole, (_, size) => whole.subarray(0, size));
const flips = Array.from({ length: whole.length * 8 }, (_, bit) => {
  const bytes = Buffer.from(whole);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
});
await count('one bit flipped', flips);
await count('cut short', cuts);
