/** Three stores, one workload, one table. The argument `clock` adds the time. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogStore } from './log-store.ts';
import { measure, type Row, type Store, table } from './measure.ts';
import { SortedStore } from './sorted-store.ts';
import { TreeStore } from './tree-store.ts';
import { randomWorkload } from './workload.ts';

const STORES: Record<string, (directory: string) => Store> = {
  log: directory => new LogStore(directory),
  'sorted runs': directory => new SortedStore(directory),
  'B+ tree': directory => new TreeStore(directory),
};

const workload = randomWorkload(1000, 3000, 500);

/** Each store works in an empty directory of its own, which is gone afterwards. */
function rowOf(name: string, create: (directory: string) => Store): Row {
  const directory = fs.mkdtempSync(join(tmpdir(), 'kv-'));
  const store = create(directory);
  const row = measure(name, store, workload);
  store.close();
  fs.rmSync(directory, { recursive: true });
  return row;
}

const rows = Object.entries(STORES).map(([name, create]) => rowOf(name, create));

console.log(table(rows, process.argv[2] === 'clock'));
