/**
 * `npm run bench:engine`: the workloads of LevelDB's db_bench on our engine and on the stores that one would take
 * otherwise, each at settings of equal durability, in processes of their own, taking turns, answers checked.
 *
 * Install the peers once with `npm ci --prefix test/bench`; one that is not there is reported as such.
 */
import {
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Job, type Refusal, type Result, STORES, type StoreName } from './job.ts';
import { lookAtMachine } from './machine.ts';
import { CannotPrepare, compile, Directories, peerVersions, runJob } from './processes.ts';
import { type Measured, type MergeMeasured, median, type Run, rowLine, toMarkdown } from './report.ts';
import { chooseRows, jobOf, ROWS, type Row, rowId } from './rows.ts';

const HELP = `npm run bench:engine -- [options]

  --n 1000000       keys; 16 bytes each, with values of 100 bytes
  --runs 3          runs of each row and store; the median counts
  --only a,b        only these rows, by name (fillrandom) or id (fillrandom/os/call)
  --peers a,b       only these peers: ${STORES.slice(1).join(', ')}; none: ours alone
  --no-merge        leave out reads and writes during a merge; --only leaves it out too, unless it names "merge"
  --json FILE       every sample, written after each row
  --markdown FILE   the report
  --from FILE       measure nothing: write the report from this JSON file
  --directory DIR   where the stores lie; the system's temporary directory when it is not given
  --list            name all rows
  --help

  npm run bench:engine -- --n 20000 --runs 1
  npm run bench:engine -- --only readrandom,readseq --peers lmdb
  npm run bench:engine -- --json reports/bench-engine.json --markdown reports/bench-engine.md
  npm run bench:engine -- --from reports/bench-engine.json --markdown reports/bench-engine.md
`;

interface Choice {
  readonly keys: number;
  readonly runs: number;
  readonly rows: readonly Row[];
  readonly stores: readonly StoreName[];
  readonly merge: boolean;
  readonly directory: string;
}

const say = (text: string): void => console.error(text);
const names = (list: string | undefined): string[] => (list ?? '').split(',').filter(Boolean);

function chooseStores(peers: string | undefined): StoreName[] {
  if (peers === undefined) return [...STORES];
  const chosen = names(peers).filter(name => name !== 'none');
  const unknown = chosen.filter(name => !(STORES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`no peer is called ${unknown.join(' or ')}; there are ${STORES.join(', ')}`);
  return ['zerocask', ...STORES.filter(name => name !== 'zerocask' && chosen.includes(name))];
}

function positive(name: string, text: string): number {
  const n = Number(text);
  if (!(Number.isInteger(n) && n > 0)) throw new Error(`--${name} must be a whole number above 0, not ${text}`);
  return n;
}

/** Run a job on a fresh directory. */
async function measure(job: Job, directories: Directories): Promise<Result | Refusal> {
  try {
    return await runJob({ ...job, directory: await directories.forJob(job) });
  } catch (error) {
    if (error instanceof CannotPrepare) return { cannot: error.message };
    throw error;
  }
}

/** One row: all stores in turns, beginning with another one each time. */
async function measureRow(row: Row, choice: Choice, directories: Directories): Promise<Measured> {
  const stores = choice.stores.filter(store => row.only === undefined || row.only.includes(store));
  const measured: Measured = {
    id: rowId(row),
    operations: jobOf(row, 'zerocask', '', choice.keys).operations,
    samples: {},
    cannot: {},
  };
  for (let run = 0; run < choice.runs; run++) {
    for (let turn = 0; turn < stores.length; turn++) {
      const store = stores[(turn + run) % stores.length]!;
      if (measured.cannot[store] !== undefined) continue;
      const result = await measure(jobOf(row, store, '', choice.keys), directories);
      if ('cannot' in result) measured.cannot[store] = result.cannot;
      else {
        measured.samples[store] ??= [];
        measured.samples[store].push(result);
      }
    }
  }
  checkEqual(measured);
  return measured;
}

/** All stores must have found the same number of keys. */
function checkEqual({ id, samples }: Measured): void {
  const found = Object.entries(samples).flatMap(([name, results]) =>
    (results ?? []).map(r => [name, r.found] as const),
  );
  if (new Set(found.map(([, n]) => n)).size > 1) throw new Error(`${id}: found counts differ: ${found.join('; ')}`);
}

async function measureMerge(choice: Choice, directories: Directories): Promise<MergeMeasured | undefined> {
  const job: Job = {
    store: 'zerocask',
    directory: '',
    workload: 'merge',
    discipline: 'call',
    level: 'os',
    before: 'overwritten',
    keys: choice.keys,
    operations: choice.keys,
    valueSize: 1000,
  };
  const samples: { with: Result[]; without: Result[] } = { with: [], without: [] };
  for (let run = 0; run < choice.runs; run++) {
    for (const merging of run % 2 === 0 ? [false, true] : [true, false]) {
      const result = await measure({ ...job, merging }, directories);
      if ('cannot' in result) {
        say(`during a merge: ${result.cannot}`);
        return undefined;
      }
      samples[merging ? 'with' : 'without'].push(result);
    }
  }
  return samples;
}

/** The median time of an fdatasync after a small write, in microseconds. */
function timeSync(directory: string): number {
  const fd = openSync(join(directory, 'sync'), 'w');
  const times = Array.from({ length: 200 }, () => {
    writeSync(fd, 'a small write');
    const started = performance.now();
    fdatasyncSync(fd);
    return (performance.now() - started) * 1000;
  });
  rmSync(join(directory, 'sync'));
  return Math.round(median(times));
}

function save(file: string | undefined, text: string): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function measureAll(choice: Choice, json: string | undefined): Promise<Run> {
  compile();
  const root = mkdtempSync(join(choice.directory, 'zerocask-bench-'));
  const directories = new Directories(root);
  const run: Run = {
    machine: lookAtMachine(root, timeSync(root)),
    versions: peerVersions(),
    command: `npm run bench:engine -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, ''),
    keys: choice.keys,
    runs: choice.runs,
    rows: [],
  };
  if (run.machine.load > 0.5) say(`load ${run.machine.load}: something else is at work, and figures will be wrong`);
  try {
    for (const [i, row] of choice.rows.entries()) {
      const measured = await measureRow(row, choice, directories);
      run.rows.push(measured);
      save(json, JSON.stringify(run, null, 1));
      say(`${String(i + 1).padStart(2)}/${choice.rows.length}  ${rowLine(measured)}`);
    }
    directories.clear();
    const merge = choice.merge ? await measureMerge(choice, directories) : undefined;
    if (merge !== undefined) run.merge = merge;
    save(json, JSON.stringify(run, null, 1));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return run;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      n: { type: 'string', default: '1000000' },
      runs: { type: 'string', default: '3' },
      only: { type: 'string' },
      peers: { type: 'string' },
      'no-merge': { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'string' },
      from: { type: 'string' },
      directory: { type: 'string', default: tmpdir() },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.list) return console.log(ROWS.map(rowId).join('\n'));
  const only = names(values.only);
  const choice: Choice = {
    keys: positive('n', values.n),
    runs: positive('runs', values.runs),
    rows: only.length === 1 && only[0] === 'merge' ? [] : chooseRows(only.filter(name => name !== 'merge')),
    stores: chooseStores(values.peers),
    merge: only.length > 0 ? only.includes('merge') : !values['no-merge'],
    directory: values.directory,
  };
  const run =
    values.from === undefined
      ? await measureAll(choice, values.json)
      : (JSON.parse(readFileSync(values.from, 'utf8')) as Run);
  const markdown = toMarkdown(run);
  save(values.markdown, markdown);
  if (values.markdown === undefined) console.log(markdown);
}

try {
  await main();
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
