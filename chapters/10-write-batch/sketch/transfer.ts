/** Transfers as transactions: what is refused has changed nothing, and the sum is always the same. */
import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/transfers';
rmSync(DIRECTORY, { recursive: true, force: true });
const db = await Database.open(DIRECTORY);
db.putMany([
  ['ada', '100'],
  ['bob', '0'],
]);

function transfer(from: string, to: string, amount: number): void {
  db.transaction(tx => {
    tx.put(from, String(Number(tx.get(from)) - amount));
    tx.put(to, String(Number(tx.get(to)) + amount));
    if (Number(tx.get(from)) < 0) throw new Error(`${from} has not enough`);
  });
}

function show(what: string): void {
  const [ada, bob] = db.getMany(['ada', 'bob']).map(Number);
  console.log(`${what.padEnd(28)} ada ${ada}, bob ${bob}, together ${ada! + bob!}`);
}

transfer('ada', 'bob', 30);
show('30 from ada to bob');
try {
  transfer('ada', 'bob', 80);
} catch (error) {
  show((error as Error).message);
}

/** Ask somebody else, which takes a while, and pay only if the answer is yes. */
let asked = 0;
const pay = (amount: number): Promise<void> =>
  db.optimistic(async tx => {
    const left = Number(tx.get('ada'));
    asked++;
    await nextTurn();
    if (left >= amount) tx.put('ada', String(left - amount));
  });
await Promise.all([pay(50), pay(50)]);
show(`two payments, asked ${asked} times`);
await db.close();
