/** Delete keys on the command line: `del.ts DIRECTORY KEY...`. */
import { Database, EngineError } from '../engine/src/index.ts';

const [directory = 'zerocask-data/delete', ...keys] = process.argv.slice(2);

try {
  const db = await Database.open(directory);
  for (const key of keys) console.log(key, db.delete(key) ?? 'was not there');
  await db.close();
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
