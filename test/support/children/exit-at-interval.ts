/** A process that puts at an interval of an hour and ends by itself, without closing: DIRECTORY. Says what it syncs. */
import { writeSync } from 'node:fs';
import { Database } from '../../../engine/src/index.ts';
import { FaultFileSystem, isSync } from '../fault-file-system.ts';

const fs = new FaultFileSystem();
const db = await Database.open(process.argv[2]!, { fs, durability: { intervalMs: 3_600_000 } });
db.put('first', 'v');
let syncs = 0;
fs.plan = call => {
  if (isSync(call)) writeSync(1, syncs++ === 0 ? `synced ${call.file}\n` : 'synced again\n');
  return undefined;
};
db.put('k', 'v');
writeSync(1, `syncs before exit: ${syncs}\n`);
