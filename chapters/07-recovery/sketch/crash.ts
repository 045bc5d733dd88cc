/** Leave a database as a kill leaves it: `crash.ts DIRECTORY KEY=VALUE ... [sync] KEY=VALUE ...`. */
import { rmSync } from 'node:fs';
import { Database } from '../engine/src/index.ts';

const [directory = 'zerocask-data/crashed', ...changes] = process.argv.slice(2);
rmSync(directory, { recursive: true, force: true });
const db = await Database.open(directory);
for (const change of changes) {
  const [key = '', value = ''] = change.split('=');
  if (change === 'sync') await db.sync();
  else db.put(key, value);
}
process.exit(); // No close, no goodbye.
