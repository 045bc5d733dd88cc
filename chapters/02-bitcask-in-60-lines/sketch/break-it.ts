/** Run one experiment: `node --import tsx sketch/break-it.ts torn`, or `flip`, or `power`. */
import { bitFlips, powerCuts, tornTail } from './experiments.ts';

const EXPERIMENTS: Record<string, () => string[]> = { torn: tornTail, flip: bitFlips, power: powerCuts };

const lines: string[] = EXPERIMENTS[process.argv[2] ?? '']?.() ?? [`name one of: ${Object.keys(EXPERIMENTS).join(', ')}`];

console.log(lines.join('\n'));
