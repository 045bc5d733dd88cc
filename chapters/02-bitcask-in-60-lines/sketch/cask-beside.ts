/** MiniCask under the workload of chapter 01, counted at the disk, before and after a compaction. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Counters, newCounters } from './counted-file.ts';
import { measure, type Store, table } from './measure.ts';
import { type Disk, MiniCask } from './mini-cask.ts';
import { randomWorkload, userBytes } from './workload.ts';

/** The real disk, with a clerk at its door. */
const countingDisk = (counters: Counters): Disk => ({
  ...nodeFs,
  readSync(fd, target, at, size, position) {
    counters.reads += 1;
    counters.bytesRead += size;
    return nodeFs.readSync(fd, target, at, size, position);
  },
  writeSync(fd, bytes) {
    counters.writes += 1;
    counters.bytesWritten += bytes.length;
    return nodeFs.writeSync(fd, bytes);
  },
});

const directory: string = nodeFs.mkdtempSync(join(tmpdir(), 'kv-'));
const path: string = join(directory, 'log');

const counters: Counters = newCounters();
const cask: MiniCask = MiniCask.open(path, countingDisk(counters));
const store: Store = {
  counters,
  put: (key, value) => cask.put(key, value),
  get: key => cask.get(key),
  bytesOnDisk: () => nodeFs.statSync(path).size,
  close: () => cask.close(),
};

const workload = randomWorkload(1000, 3000, 500);
console.log(table([measure('MiniCask', store, workload)], process.argv[2] === 'clock'));

cask.compact();
const live: number = userBytes(new Map(workload.puts));
console.log(`on disk after compact: ${(store.bytesOnDisk() / live).toFixed(2)}x`);

store.close();
nodeFs.rmSync(directory, { recursive: true });
