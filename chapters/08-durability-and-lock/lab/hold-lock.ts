/** A process that locks a directory, says so, and stays until it is killed: DIRECTORY. */
import { lockDirectory } from '#engine/disk/lock-file.ts';

await lockDirectory(process.argv[2]!, 0);
process.stdout.write('locked\n');
setInterval(() => {}, 1000);
