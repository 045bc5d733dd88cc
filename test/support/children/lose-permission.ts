/** A process whose directory becomes read-only while it has it open: DIRECTORY [uid]. Says how it went, as JSON. */
import { chmodSync } from 'node:fs';
import { Database } from '../../../engine/src/index.ts';

const [directory, uid] = process.argv.slice(2);
if (uid !== undefined) process.setuid!(Number(uid));
const db = await Database.open(directory!, { maxDataFileSize: 500 });
db.put('key 0', 'x'.repeat(100));
chmodSync(directory!, 0o555);
let puts = 1;
for (; puts < 50; puts++) db.put(`key ${puts}`, 'x'.repeat(100));
const closing = await db.close().then(
  () => 'done',
  (error: { code: string }) => error.code,
);
chmodSync(directory!, 0o755);
const again = await Database.open(directory!);
const keysAfterwards = again.size;
await again.close();
console.log(JSON.stringify({ puts, closing, keysAfterwards }));
