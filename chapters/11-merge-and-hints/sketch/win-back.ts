/** Merge a store, and say what came of it: `win-back.ts DIRECTORY`. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../engine/src/index.ts';

const [directory = 'zerocask-data/overwrite'] = process.argv.slice(2);
const sizeOf = (ending: string): number =>
  readdirSync(directory)
    .filter(name => name.endsWith(ending))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

const db = await Database.open(directory, { merge: { auto: false } });
const { keys, liveBytes, deadBytes } = db.stats;
console.log(`before: ${keys} keys, ${liveBytes} live bytes, ${deadBytes} dead`);
const { files, bytesBefore, bytesAfter } = await db.merge();
console.log(`merged: ${files} file(s), ${bytesBefore} bytes became ${bytesAfter}`);
console.log(`after:  ${db.size} keys, ${db.stats.liveBytes} live bytes, ${db.stats.deadBytes} dead`);
await db.close();
console.log(`on the disk: ${sizeOf('.data')} bytes of data, ${sizeOf('.hint')} of hints`);
