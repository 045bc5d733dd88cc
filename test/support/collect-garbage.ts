/** Collects garbage now, whatever flags Node was started with, and gives finalizers their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collect what can be collected, and let finalizers run. */
export async function collectGarbage(): Promise<void> {
  gc();
  await nextTurn();
}
