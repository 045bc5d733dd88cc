/** Open a database, say what opening has found, and show some keys: `report.ts DIRECTORY KEY ...`. */
import { Database, EngineError } from '../engine/src/index.ts';

const [directory = 'zerocask-data/crashed', ...keys] = process.argv.slice(2);

try {
  const db = await Database.open(directory);
  const { files, records, cut, warnings } = db.report;
  console.log(`${files} files, ${records} records, ${db.size} keys`);
  for (const tail of cut)
    console.log(`cut: ${tail.bytes} bytes of ${tail.file} from ${tail.offset} on, kept as ${tail.keptAs}`);
  for (const warning of warnings) console.log(`warning: ${warning}`);
  for (const key of keys) console.log(key, db.get(key)?.toString() ?? 'absent');
  await db.close();
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
