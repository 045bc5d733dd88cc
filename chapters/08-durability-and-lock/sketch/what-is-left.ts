/** A thousand puts, each of which has returned. What is left of them after a kill -9, and what after a power cut? */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Database } from '../engine/src/index.ts';
import { TwoCopiesDisk } from './two-copies.ts';

const DIRECTORY = 'zerocask-data/what-is-left';

function putAll(db: Database): void {
  for (let n = 0; n < 1000; n++) db.put(`key ${n}`, 'value');
}

async function count(title: string, fs?: TwoCopiesDisk): Promise<void> {
  const db = await Database.open(DIRECTORY, fs && { fs });
  console.log(title.padEnd(42), db.size, 'of 1000');
  await db.close();
}

if (process.argv[2] === 'and die') {
  putAll(await Database.open(DIRECTORY));
  process.kill(process.pid, 'SIGKILL'); // No goodbye: no close, no exit hook, nothing.
}

rmSync(DIRECTORY, { recursive: true, force: true });
spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), 'and die']);
await count('a real process, killed with kill -9:');

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY);
const disk = new TwoCopiesDisk();
const db = await Database.open(DIRECTORY, { fs: disk });
putAll(db);
const [killed, withoutPower] = [disk.afterKill(), disk.afterPowerCut()];
await db.close();
await count('a disk with two copies, after a kill:', killed);
await count('a disk with two copies, after a power cut:', withoutPower);
