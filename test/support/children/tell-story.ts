/**
 * A process that does one of the crash tests' workloads on the real disk: DIRECTORY WORKLOAD. It prints `mark B R S`
 * whenever more has begun, has returned, or is safe from a power cut, and in the end all states of the story, as JSON.
 */
import { writeSync } from 'node:fs';
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { run, WORKLOADS } from '../crash-workloads.ts';
import { Story } from '../fault-house/story.ts';

const [directory, name] = process.argv.slice(2);
const story = new Story(() => 0);
story.onMark = ({ begun, returned, synced }) => writeSync(1, `mark ${begun} ${returned} ${synced}\n`);
await run(WORKLOADS[name!]!, { fs: nodeFileSystem, directory: directory!, story });
writeSync(1, `states ${JSON.stringify(story.states)}\n`);
