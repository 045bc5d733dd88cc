/** The bank once more, with a database: reports are right while money moves and accounts come and go. */
import { rmSync } from 'node:fs';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/bank';
rmSync(DIRECTORY, { recursive: true, force: true });
const db = await Database.open(DIRECTORY);
for (const name of ['alice', 'bob', 'carol', 'dave']) db.put(`account:${name}`, '50');
db.put('bank:name', 'First');

/** Add up all accounts; `meanwhile` happens after the first has been read. */
async function report(title: string, meanwhile: () => void): Promise<void> {
  const read: string[] = [];
  let total = 0;
  for await (const [key, value] of db.entries({ prefix: 'account:' })) {
    read.push(`${String(key).slice(8)} ${value}`);
    total += Number(value);
    if (read.length === 1) meanwhile();
  }
  console.log(`${title}\n  ${read.join(', ')}: ${total}`);
}

await report('dave pays 30 to alice', () => {
  db.put('account:dave', '20');
  db.put('account:alice', '80');
});
await report('alice leaves, erin comes', () => {
  db.delete('account:alice');
  db.put('account:erin', '10');
});

const before = db.snapshot();
for (const key of db.keys({ prefix: 'account:', reverse: true })) db.delete(key);
console.log(`all gone: ${db.size} key, and ${[...before.keys()].length} in the snapshot with seq ${before.seq}`);
before.close();
await db.close();
