/** What it costs to be sure: a write alone, with an fdatasync, and with an fdatasync that many share. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

const DIRECTORY = 'zerocask-data/fsync-cost';
const record = Buffer.alloc(128, 'r');
rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY, { recursive: true });
const fd = openSync(`${DIRECTORY}/log`, 'w');
const directory = openSync(DIRECTORY, 'r');

async function measure(what: string, rounds: number, each: number, work: () => unknown): Promise<void> {
  const times: number[] = [];
  fdatasyncSync(fd); // What the measurement before has left.
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(((performance.now() - start) * 1000) / each);
  }
  times.sort((a, b) => a - b);
  const [median, slow] = [times[rounds >> 1]!, times[Math.floor(rounds * 0.99)]!];
  console.log(what.padEnd(46), median.toFixed(1).padStart(8), 'us', slow.toFixed(1).padStart(10), 'us');
}

const write = (): number => writeSync(fd, record);
const later = promisify(fdatasync);

console.log('each record costs'.padEnd(46), '  median', '     1 % are above');
await measure('a write of 128 bytes', 1000, 100, () => {
  for (let n = 0; n < 100; n++) write();
});
await measure('a write and an fdatasync', 500, 1, () => {
  write();
  fdatasyncSync(fd);
});
for (const shared of [8, 64, 512]) {
  await measure(`${shared} writes that share an fdatasync`, 200, shared, async () => {
    for (let n = 0; n < shared; n++) write();
    await later(fd);
  });
}
await measure('a file made, renamed, and its name synced', 200, 1, () => {
  writeFileSync(`${DIRECTORY}/new`, record);
  renameSync(`${DIRECTORY}/new`, `${DIRECTORY}/file`);
  fsyncSync(directory);
});
closeSync(fd);
