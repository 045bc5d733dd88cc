/** A process that changes a store and ends at once: DIRECTORY, and how it ends. */
import { Database } from '../../../engine/src/index.ts';

const [directory, how] = process.argv.slice(2);
const db = await Database.open(directory!, { commit: how === 'exit in a turn' ? 'turn' : 'call' });
db.put('at os', 'v');
db.put('at memory', 'v', { durability: 'memory' });
void db.write([{ type: 'put', key: 'queued', value: 'v' }], { durability: 'disk' });
if (how === 'exit while closing') void db.close();
process.exit(0);
