/** A process that puts at level memory and ends within the same turn: DIRECTORY exit | throw. */
import { Database } from '../../../engine/src/index.ts';

const [directory, how] = process.argv.slice(2);
const db = await Database.open(directory!, { durability: 'memory' });
for (let i = 0; i < 10; i++) db.put(`k${i}`, 'v');
if (how === 'exit') process.exit(0);
process.on('uncaughtException', () => process.exit(1));
throw new Error('on purpose');
