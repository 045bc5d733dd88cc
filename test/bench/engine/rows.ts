/**
 * The rows of the report: which workload, in which discipline, at which level, for which stores, and how many calls.
 * The goal of a row is the bar that ENGINE's goals set for it, where they set one.
 */
import type { Before, Discipline, Job, Level, StoreName, Workload } from './job.ts';

/** A bar: our speed over that of the best of these stores. */
export interface Goal {
  readonly atLeast: number;
  readonly times: readonly StoreName[];
}

/** A row before a number of keys is chosen. */
export interface Row {
  readonly name: string;
  readonly section: Section;
  readonly workload: Workload;
  readonly discipline: Discipline;
  readonly level: Level;
  readonly before: Before;
  /** Calls for each key. */
  readonly share: number;
  /** The least number of calls, however few keys there are. */
  readonly atLeast?: number;
  readonly valueSize: number;
  readonly cacheBytes?: (dataBytes: number) => number;
  /** The stores that make sense here; all when it is not given. */
  readonly only?: readonly StoreName[];
  readonly goals?: readonly Goal[];
}

export const SECTIONS = [
  'Writes that are gathered',
  'Writes, one call each',
  'Writes that are synced',
  'Random reads',
  'Reads in order',
  'Opening',
  'Options that are not the default',
] as const;
export type Section = (typeof SECTIONS)[number];

const PEERS: readonly StoreName[] = ['lmdb', 'lmdb-writemap', 'classic-level', 'rocksdb-native', 'better-sqlite3'];
const NOT_LMDB: readonly StoreName[] = ['classic-level', 'rocksdb-native', 'better-sqlite3'];
const LEVEL_AND_SQLITE: readonly StoreName[] = ['classic-level', 'better-sqlite3'];
/** Where nothing is written, lmdb's two ways to write are one. */
const READERS: readonly StoreName[] = ['zerocask', 'lmdb', 'classic-level', 'rocksdb-native', 'better-sqlite3'];
const MiB = 2 ** 20;

const goal = (atLeast: number, ...times: StoreName[]): Goal => ({ atLeast, times });
const gathered = [goal(3, 'lmdb'), { atLeast: 5, times: LEVEL_AND_SQLITE }];
const called = [goal(2, 'lmdb'), { atLeast: 5, times: NOT_LMDB }];
const sequential = [goal(1, 'lmdb'), { atLeast: 1.5, times: NOT_LMDB }];

type Given = Partial<Row> & Pick<Row, 'workload'>;

/** Writes into an empty store, or where the name says so into a filled one. */
function writes(section: Section, level: Level, discipline: Discipline, rows: readonly Given[]): Row[] {
  return rows.map(row => {
    const before = row.workload === 'overwrite' || row.workload === 'deleterandom' ? 'filled' : 'nothing';
    return { name: row.workload, section, level, discipline, before, share: 1, valueSize: 100, ...row };
  });
}

function reads(section: Section, rows: readonly Given[]): Row[] {
  return rows.map(row => ({
    name: row.workload,
    section,
    level: 'os',
    discipline: 'call',
    before: 'filled',
    share: 1,
    valueSize: 100,
    only: READERS,
    ...row,
  }));
}

const best = (atLeast: number): readonly Goal[] => [{ atLeast, times: PEERS }];

export const ROWS: readonly Row[] = [
  ...writes('Writes that are gathered', 'memory', 'turn', [
    { workload: 'fillseq', goals: sequential },
    { workload: 'fillrandom', goals: gathered },
    { workload: 'overwrite', goals: gathered },
    { workload: 'deleterandom', goals: gathered },
    { workload: 'readwhilewriting', before: 'filled' },
  ]),
  ...writes('Writes that are gathered', 'os', 'batch', [{ name: 'fillbatch', workload: 'fillseq', goals: sequential }]),
  ...writes('Writes, one call each', 'os', 'call', [
    { workload: 'fillseq' },
    { workload: 'fillrandom', goals: called },
    { workload: 'overwrite', goals: called },
    { workload: 'deleterandom', goals: called },
    { name: 'fill100K', workload: 'fillrandom', share: 1 / 1000, atLeast: 20, valueSize: 100_000 },
  ]),
  ...writes('Writes, one call each', 'os', 'await', [{ workload: 'fillrandom', share: 1 / 5 }]),
  ...writes('Writes, one call each', 'os', 'flight', [{ workload: 'fillrandom', share: 1 / 5 }]),
  ...writes('Writes that are synced', 'disk', 'call', [
    { name: 'fillsync', workload: 'fillrandom', share: 1 / 500, atLeast: 50, only: READERS },
  ]),
  ...writes('Writes that are synced', 'disk', 'flight', [
    { name: 'fillsync', workload: 'fillrandom', share: 1 / 20, atLeast: 200, only: READERS },
  ]),
  ...reads('Random reads', [
    { workload: 'readrandom', goals: best(1.2) },
    { workload: 'readrandom', discipline: 'flight', share: 1 / 5 },
    { workload: 'readrandom', discipline: 'batch' },
    { workload: 'readmissing' },
    { workload: 'readhot' },
    { workload: 'seekrandom', share: 1 / 5 },
  ]),
  ...reads('Reads in order', [
    { workload: 'readseq', goals: [goal(0.35, 'lmdb')] },
    { workload: 'readreverse' },
    { name: 'readseq after a merge', workload: 'readseq', before: 'merged', goals: [goal(1, 'lmdb')] },
  ]),
  ...reads('Opening', [
    { workload: 'open', share: 0, atLeast: 1 },
    { name: 'open after kill -9', workload: 'open', before: 'killed', share: 0, atLeast: 1 },
    { name: 'open after a merge', workload: 'open', before: 'merged', share: 0, atLeast: 1 },
  ]),
  ...reads('Options that are not the default', [
    { name: 'readrandom, no cache', workload: 'readrandom', cacheBytes: () => 0, goals: best(1) },
    {
      name: 'readrandom, all cached',
      workload: 'readrandom',
      cacheBytes: bytes => 2 * bytes + 64 * MiB,
      goals: best(1.5),
    },
  ]),
];

/** How a row is called on the command line, and in lists: `fillrandom/os/call`. */
export const rowId = ({ name, level, discipline }: Row): string => `${name}/${level}/${discipline}`;

/** The rows whose id or name one of these names; all when there is none. */
export function chooseRows(names: readonly string[]): Row[] {
  const unknown = names.filter(name => !ROWS.some(row => matches(row, name)));
  if (unknown.length > 0) throw new Error(`no row is called ${unknown.join(' or ')}; --list shows them all`);
  return ROWS.filter(row => names.length === 0 || names.some(name => matches(row, name)));
}

const matches = (row: Row, name: string): boolean => rowId(row) === name || row.name === name;

/** The job of a row for a store, with so many keys. */
export function jobOf(row: Row, store: StoreName, directory: string, keys: number): Job {
  const { workload, discipline, level, before, valueSize, share, atLeast = 1 } = row;
  const operations = Math.max(atLeast, Math.round(keys * share));
  const cacheBytes = row.cacheBytes?.(keys * (16 + valueSize));
  // Large values are written under as many keys as there are calls, so that the store is no larger than the others.
  const range = share < 1 && before === 'nothing' && valueSize > 1000 ? operations : keys;
  return {
    store,
    directory,
    workload,
    discipline,
    level,
    before,
    keys: range,
    operations,
    valueSize,
    ...(cacheBytes !== undefined && { cacheBytes }),
  };
}
