/** Chapter 05's experiment on a log of six records, three of them synced: flip one bit of each byte, open, and count the answers. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { repairDirectory } from '../engine/src/check/repair.ts';
import { Database, EngineError, nodeFileSystem } from '../engine/src/index.ts';

const LEFT = 'zerocask-data/left';
const COPY = 'zerocask-data/copy';
const FILE = `${COPY}/0000000001.data`;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

async function ask(): Promise<string> {
  try {
    const db = await Database.open(COPY);
    const keys = KEYS.filter(key => db.has(key)).join('');
    await db.close();
    return `opens with ${keys || 'nothing'}`;
  } catch (error) {
    return error instanceof EngineError ? error.code : `crash: ${error}`;
  }
}

async function count(title: string, answer: () => Promise<string>): Promise<void> {
  const answers = new Map<string, number>();
  const { length } = readFileSync(`${LEFT}/0000000001.data`);
  for (let at = 0; at < length; at++) {
    rmSync(COPY, { recursive: true, force: true });
    cpSync(LEFT, COPY, { recursive: true });
    const bytes = readFileSync(FILE);
    bytes[at]! ^= 1 << (at & 7);
    writeFileSync(FILE, bytes);
    const said = await answer();
    answers.set(said, (answers.get(said) ?? 0) + 1);
  }
  console.log(`${title}: ${length} logs`);
  for (const [said, times] of [...answers].sort()) console.log(`  ${String(times).padStart(4)} of them: ${said}`);
}

rmSync(LEFT, { recursive: true, force: true });
const db = await Database.open(LEFT);
for (const key of KEYS) {
  db.put(key, `value of ${key}`);
  if (key === 'c') await db.sync();
}
await count('one bit flipped', ask);
await count('one bit flipped, then repaired', async () => {
  await repairDirectory(nodeFileSystem, COPY);
  return ask();
});
await db.close();
