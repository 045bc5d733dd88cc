/** A process that puts until a put throws: DIRECTORY MAX_DATA_FILE_SIZE. Says how far it came, as JSON. */
import { Database } from '../../../engine/src/index.ts';

const [directory, maxDataFileSize] = process.argv.slice(2);
const db = await Database.open(directory!, { maxDataFileSize: Number(maxDataFileSize), cacheBytes: 0 });
let acknowledged = 0;
let refusal: { code?: string; message?: string } = {};
try {
  for (;;) {
    db.put(`key ${acknowledged}`, 'x'.repeat(1000));
    acknowledged++;
  }
} catch (error) {
  refusal = error as Error;
}
let readable = 0;
for (let i = 0; i < acknowledged; i++) if (db.get(`key ${i}`)?.length === 1000) readable++;
await db.close().catch(() => {});
const { code, message } = refusal;
console.log(JSON.stringify({ code, message, acknowledged, allReadable: readable === acknowledged }));
