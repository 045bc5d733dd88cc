/** 64 writers, each of which goes on when its change is on the disk: one after the other, and together. */
import { rmSync } from 'node:fs';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/together';
const WRITERS = 64;
const ROUNDS = 20;

async function measure(what: string, write: (db: Database, key: string) => unknown): Promise<void> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  const db = await Database.open(DIRECTORY, { durability: 'disk' });
  const writer = async (name: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) await write(db, `${name} ${round}`);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, (_, name) => writer(name)));
  const each = ((performance.now() - start) * 1000) / (WRITERS * ROUNDS);
  console.log(what.padEnd(46), each.toFixed(0).padStart(6), 'us each');
  await db.close();
}

await measure('an fdatasync of its own for each put', (db, key) => db.put(key, 'value'));
await measure('one write and one fdatasync for all who wait', (db, key) =>
  db.durable(db.put(key, 'value', { durability: 'memory' })),
);
