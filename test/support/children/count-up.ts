/** A process that adds one to a number in a database again and again, opening it each time: DIRECTORY TIMES. */
import { Database } from '../../../engine/src/index.ts';

const [directory, times] = process.argv.slice(2);
for (let n = 0; n < Number(times); n++) {
  const db = await Database.open(directory!, { lockTimeoutMs: 60_000 });
  const count = Number(db.get('count') ?? 0);
  await new Promise(resolve => setTimeout(resolve, 3));
  db.put('count', String(count + 1));
  await db.close();
}
console.log('done');
