/**
 * From samples to a report: medians, ratios, goals met or missed; as lines for the terminal and as Markdown. The JSON file
 * holds every sample, and a report can be written anew from it.
 */
import type { Result, StoreName } from './job.ts';
import type { Machine } from './machine.ts';
import { ROWS, type Row, rowId, SECTIONS } from './rows.ts';

/** All samples of one row. */
export interface Measured {
  readonly id: string;
  readonly operations: number;
  readonly samples: Partial<Record<StoreName, Result[]>>;
  readonly cannot: Partial<Record<StoreName, string>>;
}

/** Reads and writes with and without a merge. */
export interface MergeMeasured {
  readonly with: Result[];
  readonly without: Result[];
}

/** A whole run, as the JSON file holds it. */
export interface Run {
  readonly machine: Machine;
  readonly versions: Record<string, string>;
  readonly command: string;
  readonly keys: number;
  readonly runs: number;
  readonly rows: Measured[];
  merge?: MergeMeasured;
}

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

/** The median speed of a store in a row, in calls per second; `undefined` when it was not measured. */
export function speed(row: Measured, store: StoreName): number | undefined {
  const samples = row.samples[store];
  return samples?.length ? median(samples.map(s => s.operations / s.seconds)) : undefined;
}

const count = (n: number): string => Math.round(n).toLocaleString('en-US');
const short = (n: number): string => (n >= 100 ? count(n) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const times = (ratio: number): string => `${ratio.toFixed(2)}x`;

/** Each peer that was measured in this row, with our speed over its. */
function ratios(row: Measured): [StoreName, number][] {
  const ours = speed(row, 'zerocask');
  if (ours === undefined) return [];
  const peers = (Object.keys(row.samples) as StoreName[]).filter(name => name !== 'zerocask');
  return peers.flatMap(name => {
    const theirs = speed(row, name);
    return theirs === undefined ? [] : [[name, ours / theirs] satisfies [StoreName, number]];
  });
}

/** Our speed over that of the fastest peer. */
export function ratioToBest(row: Measured): { name: StoreName; ratio: number } | undefined {
  const [name, ratio] = ratios(row).sort((a, b) => a[1] - b[1])[0] ?? [];
  return name === undefined ? undefined : { name, ratio: ratio! };
}

/** `3x lmdb: met (3.4x)` for each goal of a row. */
function goalsOf(row: Row, measured: Measured): string[] {
  return (row.goals ?? []).flatMap(({ atLeast, times: peers }) => {
    const reached = ratios(measured).filter(([name]) => peers.includes(name));
    if (reached.length === 0) return [];
    const least = Math.min(...reached.map(([, ratio]) => ratio));
    const against = reached.length === 1 ? reached[0]![0] : 'the best of these';
    return [`>= ${atLeast}x ${against}: ${least >= atLeast ? 'met' : '**missed**'} (${times(least)})`];
  });
}

/** The goal of synced writes that share an fdatasync: twice its time over the 64 that wait for it, and 3 us. */
function sharedSyncGoal({ name, discipline }: Row, measured: Measured, { fdatasyncMicroseconds }: Machine): string {
  const ours = speed(measured, 'zerocask');
  if (name !== 'fillsync' || discipline !== 'flight' || ours === undefined) return '';
  const goal = (2 * fdatasyncMicroseconds) / 64 + 3;
  const each = 1e6 / ours;
  return `At most ${short(goal)} us each: ${each <= goal ? 'met' : '**missed**'} (${short(each)} us)`;
}

/** What a row has come to, in one line for the terminal. */
export function rowLine(measured: Measured): string {
  const all = ratios(measured).map(([name, ratio]) => `${name} ${times(ratio)}`);
  const ours = speed(measured, 'zerocask');
  const cannot = Object.entries(measured.cannot).map(([name, why]) => `${name}: ${why}`);
  const speedText = ours === undefined ? 'not measured' : `${count(ours)}/s`;
  return [`${measured.id.padEnd(34)} ours ${speedText.padStart(12)}`, ...all, ...cannot].join('   ');
}

/** The report as Markdown. */
export function toMarkdown(run: Run): string {
  const known = new Map(run.rows.map(row => [row.id, row]));
  const sections = SECTIONS.flatMap(section => {
    const rows = ROWS.filter(row => row.section === section && known.has(rowId(row)));
    if (rows.length === 0) return [];
    return [`## ${section}`, ...rows.map(row => rowMarkdown(row, known.get(rowId(row))!, run.machine))];
  });
  return `${[...head(run), ratioTable(run), ...sections, ...mergeMarkdown(run.merge), settingsMarkdown(run)].join('\n\n')}\n`;
}

function head({ machine, versions, command, keys, runs }: Run): string[] {
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Benchmarks',
    `Taken on ${machine.date} at commit ${machine.commit} with \`${command}\`: ${count(keys)} keys of 16 bytes, values of 100 bytes where nothing else is said, ${runs === 1 ? 'one run' : `the median of ${runs} runs`}. Each store runs in a process of its own, the stores take turns, and every answer is checked: a wrong one fails the run.`,
    [
      `- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; file system ${machine.fileSystem}; one fdatasync after a small write takes ${count(machine.fdatasyncMicroseconds)} us; load before the run ${machine.load}`,
      `- Node ${machine.node}; ${peers.join(', ')}`,
      '- Figures of another machine differ; ratios differ less. Take your own with the same command.',
      '- A *gathered* write is made in a turn of 1,000, given to each store as it likes best. *One call each*: a synchronous call, or where a store has none (classic-level, rocksdb-native) an awaited one. *64 in flight*: as many promises under way.',
      "- lmdb maps its file: its memory figure counts pages of the system's cache that others could use.",
    ].join('\n'),
  ];
}

function ratioTable(run: Run): string {
  const lines = run.rows.map(row => {
    const best = ratioToBest(row);
    const of = (name: StoreName): string => {
      const found = ratios(row).find(([peer]) => peer === name);
      return found === undefined ? '' : times(found[1]);
    };
    const peers = ['lmdb', 'lmdb-writemap', 'classic-level', 'rocksdb-native', 'better-sqlite3'] as const;
    return `| ${row.id} | ${best === undefined ? '' : `${times(best.ratio)} (${best.name})`} | ${peers.map(of).join(' | ')} |`;
  });
  return [
    '## Our speed over theirs',
    '',
    '| row | the best peer | lmdb | lmdb, writemap | classic-level | rocksdb-native | better-sqlite3 |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const DISCIPLINES = {
  call: 'one call each',
  await: 'awaited, one after the other',
  flight: '64 in flight',
  batch: 'batches of 1,000',
  turn: 'turns of 1,000',
} as const;

function rowMarkdown(row: Row, measured: Measured, machine: Machine): string {
  const whole = row.discipline === 'batch' || row.discipline === 'turn';
  const lines = (Object.entries(measured.samples) as [StoreName, Result[]][]).map(([name, samples]) => {
    const of = (pick: (sample: Result) => number): number => median(samples.map(pick));
    return `| ${[
      name,
      row.workload === 'open' ? `${short(of(s => s.seconds * 1000))} ms` : count(of(s => s.operations / s.seconds)),
      short(of(s => s.p50)),
      short(of(s => s.p99)),
      count(of(s => s.rssMiB)),
      count(of(s => s.peakRssMiB)),
      count(of(s => s.diskMiB)),
      count(samples[0]!.found),
    ].join(' | ')} |`;
  });
  const cannot = Object.entries(measured.cannot).map(([name, why]) => `${name}: ${why}.`);
  const latencyOf = whole && row.workload !== 'readwhilewriting' ? ' of 1,000' : '';
  return [
    `### ${row.name}: level ${row.level}, ${DISCIPLINES[row.discipline]}`,
    '',
    `${count(measured.operations)} calls.${row.valueSize === 100 ? '' : ` Values of ${count(row.valueSize)} bytes.`} ${goalsOf(row, measured).join('; ')}${sharedSyncGoal(row, measured, machine)}`.trim(),
    '',
    `| store | ${row.workload === 'open' ? 'time' : 'per second'} | p50${latencyOf}, us | p99${latencyOf}, us | memory, MiB | highest | disk, MiB | keys found |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    ...(cannot.length > 0 ? ['', cannot.join(' ')] : []),
  ].join('\n');
}

function mergeMarkdown(merge: MergeMeasured | undefined): string[] {
  if (merge === undefined) return [];
  const of = (samples: readonly Result[], name: string): number => median(samples.map(s => s.details![name]!));
  const lines = ['get', 'put', 'sync', 'loop'].flatMap(what =>
    ['p50', 'p99', 'p99.9', 'max'].map(quantile => {
      const [alone, merging] = [of(merge.without, `${what} ${quantile}`), of(merge.with, `${what} ${quantile}`)];
      const label = what === 'loop' ? 'delay of the event loop' : what;
      const difference = what === 'loop' ? `+${short(Math.max(0, merging - alone))}` : times(merging / alone);
      return `| ${label} | ${quantile} | ${short(alone)} | ${short(merging)} | ${difference} |`;
    }),
  );
  const MiB = 2 ** 20;
  return [
    '## During a merge',
    `Reads (32) and puts (8) in each turn of the event loop, a sync every 50 ms, values of 1,000 bytes: while ${count(of(merge.with, 'bytesBefore') / MiB)} MiB are merged, and the same without a merge. The merge took ${short(of(merge.with, 'seconds'))} s beside this work and left ${count(of(merge.with, 'bytesAfter') / MiB)} MiB. Goals: get p99 <= 2x, put p99.9 and sync p99 <= 3x, delay of the loop p99 <= +2,000 us.`,
    ['| call | | alone, us | merging, us | ratio, or us more |', '| --- | --- | --- | --- | --- |', ...lines].join(
      '\n',
    ),
  ];
}

function settingsMarkdown({ rows }: Run): string {
  const settings = new Map<string, Set<string>>();
  for (const { id, samples } of rows) {
    const level = id.split('/')[1]!;
    for (const [name, results] of Object.entries(samples)) {
      for (const result of results ?? []) {
        const key = `| ${name} | ${level} |`;
        settings.set(key, (settings.get(key) ?? new Set()).add(result.settings));
      }
    }
  }
  const lines = [...settings]
    .sort()
    .map(([key, texts]) => `${key} ${[...texts].map(text => `\`${text}\``).join('<br>')} |`);
  return [
    '## Settings of equal durability',
    '',
    '| store | level | settings |',
    '| --- | --- | --- |',
    ...lines,
    '',
    'At `os` a write survives the end of the process in every store. After a power cut ours holds a prefix of what was written; lmdb with `noSync` and SQLite with `synchronous = OFF` promise nothing then, so they are given more freedom than ours here, not less.',
  ].join('\n');
}
