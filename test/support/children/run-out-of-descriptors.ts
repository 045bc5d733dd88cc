/** A process that puts and gets with no descriptor left, and then with some again: DIRECTORY. Says how it went, as JSON. */
import { closeSync, openSync, readdirSync } from 'node:fs';
import { Database } from '../../../engine/src/index.ts';

const directory = process.argv[2]!;
const before = await Database.open(directory, { maxDataFileSize: 500 });
for (let i = 0; i < 100; i++) before.put(`key ${i}`, 'x'.repeat(100));
await before.close();

const db = await Database.open(directory, { maxDataFileSize: 500, cacheBytes: 0 });
db.put('key 100', 'x'.repeat(100));
const files = readdirSync(directory).filter(name => name.endsWith('.data')).length;
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {} // Now there is none left.
let puts = 101;
for (; puts < 200; puts++) db.put(`key ${puts}`, 'x'.repeat(100));
let message = '';
try {
  db.get('key 0');
} catch (error) {
  message = (error as Error).message;
}
for (const fd of taken) closeSync(fd);
const filesGrewOn = readdirSync(directory).filter(name => name.endsWith('.data')).length === files;
let getsAfterwards = 0;
for (let i = 0; i < puts; i++) if (db.get(`key ${i}`)?.length === 100) getsAfterwards++;
await db.close();
const advice = message.includes('the process has too many files open; raise its limit');
console.log(JSON.stringify({ puts, refusedGets: message !== '', advice, getsAfterwards, filesGrewOn }));
