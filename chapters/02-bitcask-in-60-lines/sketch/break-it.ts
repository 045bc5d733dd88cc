/** Run one experiment by its name, which is the argument: tornTail, bitFlips or powerCuts. */
import * as experiments from './experiments.ts';

const byName = experiments as Record<string, (() => string[]) | undefined>;

const lines: string[] = byName[process.argv[2] ?? '']?.() ?? [`the experiments are: ${Object.keys(byName).join(', ')}`];

console.log(lines.join('\n'));
