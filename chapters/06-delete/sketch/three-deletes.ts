/** Three ways to delete a key that need no new record, and what is left of each after a restart. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../engine/src/index.ts';

/** Ask for both keys; a database that can't be opened says why. */
async function ask(directory: string): Promise<string> {
  try {
    const db = await Database.open(directory);
    const show = (key: string): string => `${key} ${db.has(key) ? `"${db.get(key)}"` : 'absent'}`;
    const answer = `${show('city')}, ${show('river')}`;
    await db.close();
    return answer;
  } catch (error) {
    return (error as Error).message;
  }
}

/** `remove` deletes the city and answers what this process says of it from then on. */
async function experiment(title: string, remove: (db: Database, file: string) => Promise<string>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'three-deletes-'));
  const db = await Database.open(directory);
  db.put('city', 'Berlin');
  db.put('river', 'Spree');
  console.log(`${title}\n  now:             ${await remove(db, join(directory, '0000000001.data'))}`);
  await db.close();
  console.log(`  after a restart: ${await ask(directory)}`);
  rmSync(directory, { recursive: true });
}

await experiment('forget it', async () => {
  const forgotten = new Set(['city']); // Whoever asks looks here first. It is memory, and goes with the process.
  return `city ${forgotten.has('city') ? 'absent' : '"Berlin"'}`;
});

await experiment('empty it', async db => {
  db.put('city', '');
  return `city ${db.has('city') ? `"${db.get('city')}"` : 'absent'}`;
});

await experiment('cut it out', async (db, file) => {
  await db.close();
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 32), bytes.subarray(32 + 21)])); // The record has 21 bytes.
  return 'city absent';
});
