/** What each level keeps: ten puts in one turn, and then an end. */
import { mkdirSync } from 'node:fs';
import { Database, type Durability } from '../engine/src/index.ts';
import { TwoCopiesDisk } from './two-copies.ts';

const DIRECTORY = 'zerocask-data/levels';
mkdirSync(DIRECTORY, { recursive: true });

async function keysLeft(disk: TwoCopiesDisk): Promise<string> {
  const db = await Database.open(DIRECTORY, { fs: disk });
  const left = String(db.size - 1).padStart(9); // The first key does not count.
  await db.close();
  return left;
}

async function measure(name: string, durability: Durability): Promise<void> {
  const disk = new TwoCopiesDisk();
  const db = await Database.open(DIRECTORY, { fs: disk, durability });
  db.put('the first', 'makes the file');
  await db.sync();
  const before = disk.calls.length;
  for (let n = 0; n < 10; n++) db.put(`key ${n}`, 'value');
  const calls = disk.calls.slice(before);
  const now = [disk.afterKill(), disk.afterPowerCut()];
  for (let n = 0; n < 3; n++) await new Promise(resolve => setTimeout(resolve, 20));
  const later = [disk.afterKill(), disk.afterPowerCut()];
  await db.close();
  const left: string[] = [];
  for (const end of [...now, ...later]) left.push(await keysLeft(end));
  const count = (call: string): number => calls.filter(each => each === call).length;
  const made = `${count('write')} writes, ${count('fdatasync')} fdatasyncs`;
  console.log(name.padEnd(8), ...left, '  ', made);
}

console.log('           at once:            60 ms later:');
console.log('level         kill power cut      kill power cut    calls to the disk in the turn');
await measure('memory', 'memory');
await measure('os', 'os');
await measure('20 ms', { intervalMs: 20 });
await measure('disk', 'disk');
