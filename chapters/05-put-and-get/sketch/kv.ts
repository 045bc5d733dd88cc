/** A store on the command line: `kv.ts DIRECTORY put KEY VALUE`, `get KEY`, `has KEY`, `size`. */
import { Database, EngineError } from '../engine/src/index.ts';

const [directory = 'zerocask-data/kv', command = 'size', key = '', value = ''] = process.argv.slice(2);

try {
  const db = await Database.open(directory);
  if (command === 'put') console.log('seq', db.put(key, value));
  else if (command === 'get') console.log(db.get(key)?.toString());
  else if (command === 'has') console.log(db.has(key));
  else console.log(db.size, 'keys');
  await db.close();
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
