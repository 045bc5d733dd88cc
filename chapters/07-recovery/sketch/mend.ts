/** Look after a database that nobody has open: `mend.ts DIRECTORY verify`, `mend.ts DIRECTORY repair`. */

import { repairDirectory } from '../engine/src/check/repair.ts';
import { verifyDirectory } from '../engine/src/check/verify.ts';
import { nodeFileSystem } from '../engine/src/index.ts';

const [directory = 'zerocask-data/crashed', command = 'verify'] = process.argv.slice(2);

if (command === 'verify') {
  const { files, records, problems, tails } = await verifyDirectory(nodeFileSystem, directory, {});
  console.log(`${files} files, ${records} records, ${problems.length} problems`);
  for (const { file, offset, code, message } of problems) console.log(`  ${code} ${file} @${offset}: ${message}`);
  for (const { file, offset } of tails) console.log(`  a torn tail: ${file} @${offset}`);
} else {
  const { records, problems, rewritten, lost } = await repairDirectory(nodeFileSystem, directory);
  console.log(`${problems.length} problems, ${records} records kept`);
  for (const { file, writtenAs, keptAs } of rewritten)
    console.log(`  ${file} is ${writtenAs ?? 'gone'} now, kept as ${keptAs}`);
  for (const { file, offset, bytes } of lost) console.log(`  lost: ${bytes} bytes of ${file} from ${offset} on`);
}
