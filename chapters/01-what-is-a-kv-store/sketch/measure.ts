/** What a workload costs a store. An amplification is bytes at the file for each byte of key and value that the caller meant. */
import type { Counters } from './counted-file.ts';
import type { Entry } from './lines.ts';
import { userBytes, type Workload } from './workload.ts';

/** What a store must offer to be measured. */
export interface Store {
  readonly counters: Counters;
  put(key: string, value: string): void;
  get(key: string): string | undefined;
  bytesOnDisk(): number;
  close(): void;
}

/** One line of the table: bytes over bytes, reads for each get, and the time. */
export interface Row {
  name: string;
  writeAmplification: number;
  spaceAmplification: number;
  readAmplification: number;
  readsPerGet: number;
  microsPerPut: number;
  microsPerGet: number;
}

/**
 * Run `workload` and check every answer against a Map: a benchmark that does not check measures how fast a store can be wrong.
 * The row: name, writeAmplification, spaceAmplification, readAmplification and readsPerGet (of the gets alone), microsPerPut,
 * microsPerGet.
 * @throws {Error} `NAME: wrong answer for KEY`
 */
export function measure(name: string, store: Store, workload: Workload): Row {
  const expected = new Map(workload.puts);
  const start = performance.now();
  for (const [key, value] of workload.puts) store.put(key, value);
  const middle = performance.now();
  const afterPuts = { ...store.counters };
  for (const key of workload.gets) {
    if (store.get(key) !== expected.get(key)) throw new Error(`${name}: wrong answer for ${key}`);
  }
  const end = performance.now();
  const answers = workload.gets.map((key): Entry => [key, expected.get(key)!]);
  return {
    name,
    writeAmplification: afterPuts.bytesWritten / userBytes(workload.puts),
    spaceAmplification: store.bytesOnDisk() / userBytes(expected),
    readAmplification: (store.counters.bytesRead - afterPuts.bytesRead) / userBytes(answers),
    readsPerGet: (store.counters.reads - afterPuts.reads) / workload.gets.length,
    microsPerPut: ((middle - start) * 1000) / workload.puts.length,
    microsPerGet: ((end - middle) * 1000) / workload.gets.length,
  };
}

/** The rows as text: what is the same on every machine, and with `clock` also what is not. */
export function table(rows: Row[], clock: boolean): string {
  const line = (name: string, ...cells: string[]): string =>
    name.padEnd(12) + cells.map(cell => cell.padStart(11)).join('');
  const heads = ['written', 'on disk', 'reads/get', 'read/get', ...(clock ? ['us/put', 'us/get'] : [])];
  const times = (row: Row): string[] => (clock ? [row.microsPerPut.toFixed(1), row.microsPerGet.toFixed(1)] : []);
  const costs = (row: Row): string[] => [
    `${row.writeAmplification.toFixed(2)}x`,
    `${row.spaceAmplification.toFixed(2)}x`,
    row.readsPerGet.toFixed(2),
    `${row.readAmplification.toFixed(1)}x`,
  ];
  return [line('store', ...heads), ...rows.map(row => line(row.name, ...costs(row), ...times(row)))].join('\n');
}
