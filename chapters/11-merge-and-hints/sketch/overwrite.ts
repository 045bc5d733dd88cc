/** A hundred keys, each put a thousand times: what lies on the disk, and what of it is still worth anything. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/overwrite';
const OPTIONS = { durability: 'memory', merge: { auto: false } } as const;

rmSync(DIRECTORY, { recursive: true, force: true });
let db = await Database.open(DIRECTORY, OPTIONS);
for (let round = 0; round < 1000; round++) {
  for (let n = 0; n < 100; n++) db.put(`key ${n}`, `${round}`.padEnd(100, '.'));
}
const worth = Array.from(db.entries()).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
await db.close();
const files = readdirSync(DIRECTORY).filter(name => name.endsWith('.data'));
const bytes = files.reduce((sum, name) => sum + statSync(join(DIRECTORY, name)).size, 0);
db = await Database.open(DIRECTORY, OPTIONS);
console.log(`${db.size} keys, ${worth} bytes of keys and values; on the disk: ${bytes} bytes`);
console.log(`to find them, opening has read ${db.report.records} records`);
await db.close();
