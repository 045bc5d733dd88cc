/** A process that opens a database: DIRECTORY [hold] [uid]. Says what came of it; with "hold" it stays until it is killed. */
import { Database } from '../../../engine/src/index.ts';

const [directory, what, uid] = process.argv.slice(2);
if (uid !== undefined) process.setuid!(Number(uid));
try {
  const db = await Database.open(directory!);
  console.log('opened');
  if (what === 'hold') setInterval(() => {}, 1000);
  else await db.close();
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  console.log(`${code}: ${message}`);
}
