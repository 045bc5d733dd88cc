/** How many bytes a database has on the disk: empty, full, and with everything deleted. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/growth';
const COUNT = 10_000;

function report(what: string, db: Database): void {
  const files = readdirSync(DIRECTORY).filter(name => name.endsWith('.data'));
  const bytes = files.reduce((sum, name) => sum + statSync(join(DIRECTORY, name)).size, 0);
  console.log(`${what.padEnd(20)} ${String(db.size).padStart(6)} keys ${String(bytes).padStart(9)} bytes`);
}

rmSync(DIRECTORY, { recursive: true, force: true });
const db = await Database.open(DIRECTORY);
const keys = Array.from({ length: COUNT }, (_, n) => String(n).padStart(16, '0'));
report('new', db);
for (const key of keys) db.put(key, 'v'.repeat(100));
report('put', db);
for (const key of keys) db.delete(key);
report('deleted', db);
for (const key of keys) db.delete(key);
report('deleted once more', db);
await db.close();
report('opened again', await Database.open(DIRECTORY));
