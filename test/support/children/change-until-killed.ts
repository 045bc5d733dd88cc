/**
 * A process that makes numbered changes until it is killed, and merges all the time: DIRECTORY LEVEL FROM. It prints the number
 * of a change once that is as safe as its level says, and `m` for each merge that has ended.
 */
import { writeSync } from 'node:fs';
import { Database, type Durability } from '../../../engine/src/index.ts';
import { makeChange } from '../numbered-changes.ts';

const [directory, level, from] = process.argv.slice(2);
const durability = JSON.parse(level!) as Durability;
const db = await Database.open(directory!, { durability, maxDataFileSize: 40_000 });

const say = (text: string): void => {
  writeSync(1, `${text}\n`);
};

async function mergeAgainAndAgain(): Promise<void> {
  for (;;) {
    await db.merge();
    say('m');
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

say('open');
void mergeAgainAndAgain();
for (let i = Number(from); ; ) {
  for (let n = 0; n < 20; n++, i++) {
    makeChange(db, i);
    if (durability !== 'memory') say(String(i));
  }
  await new Promise(setImmediate);
  if (durability === 'memory') say(String(i - 1)); // The turn has ended: the system has it.
}
