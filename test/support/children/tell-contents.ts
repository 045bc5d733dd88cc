/** A process that opens stores, each twice, and prints for each a line of JSON: what it holds, or why it does not open. */
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { reopen } from '../crash-workloads.ts';
import { stateText } from '../fault-house/story.ts';

for (const directory of process.argv.slice(2)) {
  const open = () => reopen({ fs: nodeFileSystem, directory, opened: () => {} });
  try {
    const [first, second] = [stateText(await open()), stateText(await open())];
    console.log(JSON.stringify({ first, second }));
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.log(JSON.stringify({ error: `${code}: ${message}` }));
  }
}
