/** A transfer of 30 from ada to bob is two puts. The process that makes it is killed between them. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/transfer';

async function show(when: string): Promise<void> {
  const db = await Database.open(DIRECTORY);
  const [ada, bob] = ['ada', 'bob'].map(name => Number(db.get(name)));
  console.log(`${when.padEnd(8)} ada ${ada}, bob ${bob}, together ${ada! + bob!}`);
  await db.close();
}

if (process.argv[2] === 'transfer') {
  const db = await Database.open(DIRECTORY);
  db.put('ada', '70');
  process.kill(process.pid, 'SIGKILL');
  db.put('bob', '30');
} else {
  rmSync(DIRECTORY, { recursive: true, force: true });
  const db = await Database.open(DIRECTORY);
  db.put('ada', '100');
  db.put('bob', '0');
  await db.close();
  await show('before:');
  spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), 'transfer']);
  await show('after:');
}
