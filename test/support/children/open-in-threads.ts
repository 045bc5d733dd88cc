/** Two threads of one process that both want a database: DIRECTORY. Prints what came of each attempt, on one line. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Database } from '../../../engine/src/index.ts';

const attempt = async (directory: string): Promise<Database | string> =>
  Database.open(directory).catch((error: { code: string }) => error.code);
const outcome = (result: Database | string): string => (typeof result === 'string' ? result : 'opened');

if (isMainThread) {
  const directory = process.argv[2]!;
  const worker = new Worker(new URL(import.meta.url), { workerData: directory });
  const ask = async (): Promise<string> => {
    worker.postMessage('try');
    return (await once(worker, 'message'))[0];
  };
  const mine = await attempt(directory);
  const said = [outcome(mine), await ask()];
  if (typeof mine !== 'string') await mine.close();
  said.push(await ask(), outcome(await attempt(directory)));
  await worker.terminate();
  said.push(outcome(await attempt(directory)));
  console.log(said.join(' '));
  process.exit();
} else {
  parentPort!.on('message', async () => parentPort!.postMessage(outcome(await attempt(workerData))));
}
