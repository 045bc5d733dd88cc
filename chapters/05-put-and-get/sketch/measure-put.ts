/** What a put, a get and an open cost: 16-byte keys, 100-byte values. */
import { rmSync } from 'node:fs';
import { encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/measured';
const COUNT = 200_000;
const keys = Array.from({ length: COUNT }, (_, n) => Buffer.from(String((n * 7919) % COUNT).padStart(16, '0')));
const value = Buffer.alloc(100, 'v');

function measure(what: string, work: (key: Buffer) => void): void {
  const start = performance.now();
  for (const key of keys) work(key);
  console.log(`${what}:`.padEnd(8), (((performance.now() - start) * 1000) / COUNT).toFixed(2), 'us each');
}

rmSync(DIRECTORY, { recursive: true, force: true });
const db = await Database.open(DIRECTORY);
measure('encode', key => encodeRecord({ kind: KIND_PUT, seq: 1, key, value }, 7, 32));
measure('put', key => db.put(key, value));
measure('get', key => db.get(key));
measure('has', key => db.has(key));
await db.close();

const start = performance.now();
const again = await Database.open(DIRECTORY);
console.log('open:   ', (performance.now() - start).toFixed(0), 'ms for', again.size, 'keys');
await again.close();
