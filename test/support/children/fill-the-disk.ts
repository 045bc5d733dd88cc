/** A process that fills the disk that DIRECTORY is on, makes space, and goes on. Says how it went, as JSON. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../../../engine/src/index.ts';

const directory = process.argv[2]!;
const ballast = join(directory, 'ballast');
writeFileSync(ballast, Buffer.alloc(100 * 1024));
const db = await Database.open(directory, { maxDataFileSize: 20_000 });
const acknowledged = new Set<string>();
let refusedWith: string | undefined;

function putAll(from: number, to: number): void {
  for (let i = from; i < to; i++) {
    try {
      db.put(`key ${i}`, String(i).repeat(500));
      acknowledged.add(`key ${i}`);
    } catch (error) {
      refusedWith = (error as { code: string }).code;
    }
  }
}

putAll(0, 300);
const before = acknowledged.size;
rmSync(ballast);
putAll(300, 330);
await db.close();
const again = await Database.open(directory);
const found = new Set(Array.from(again.keys(), String));
await again.close();
const missing = [...acknowledged].filter(key => !found.has(key));
const surplus = [...found].filter(key => !acknowledged.has(key));
const wentOn = acknowledged.size > before + 20;
console.log(JSON.stringify({ refusedWith, acknowledged: acknowledged.size, wentOn, missing, surplus }));
