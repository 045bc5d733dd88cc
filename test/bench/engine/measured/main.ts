/** A process in which one store does one job: JOB as JSON on the command line, its result as JSON on standard output. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, Refusal, Result } from '../job.ts';
import { openStore } from '../stores/open-store.ts';
import { CannotError, type Store } from '../stores/store.ts';
import { openDatabase } from '../stores/zerocask.ts';
import { newKey } from './data.ts';
import { duringMerge } from './during-merge.ts';
import { Meter } from './meter.ts';
import { checkContents, modelAfter, prepare, WORKLOADS } from './workloads.ts';

const MiB = 2 ** 20;
const READ_ONLY = ['readrandom', 'readmissing', 'readhot', 'readseq', 'readreverse', 'seekrandom'];

function directoryMiB(directory: string): number {
  const sizes = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(name =>
    statSync(join(directory, name)),
  );
  return sizes.reduce((sum, file) => sum + (file.isFile() ? file.blocks * 512 : 0), 0) / MiB;
}

async function measure(job: Job): Promise<Result> {
  const store = await openStore(job.store, job);
  const meter = new Meter();
  const { operations, found, latencies } = await WORKLOADS[job.workload]!(store, job, meter);
  const left = READ_ONLY.includes(job.workload) ? found : await checkContents(store, modelAfter(job), job.valueSize);
  await store.close();
  return {
    operations,
    p50: latencies.quantile(0.5),
    p99: latencies.quantile(0.99),
    max: latencies.max,
    ...meter.used,
    diskMiB: directoryMiB(job.directory),
    found: left,
    settings: store.settings,
  };
}

/** From the call that opens to the first answer. The store's code is loaded already: it has opened a store that is empty. */
async function measureOpen(job: Job): Promise<Result> {
  const empty = mkdtempSync(join(tmpdir(), 'zerocask-bench-'));
  await (await openStore(job.store, { ...job, directory: empty })).close();
  rmSync(empty, { recursive: true, force: true });
  const meter = new Meter();
  meter.start();
  const store = await openStore(job.store, job);
  const answer = await store.get(newKey(1));
  meter.stop();
  if (answer === undefined) throw new Error('key 1 is not there');
  const found = await checkContents(store, modelAfter(job), job.valueSize);
  await store.close();
  const microseconds = meter.used.seconds * 1e6;
  return {
    operations: 1,
    p50: microseconds,
    p99: microseconds,
    max: microseconds,
    ...meter.used,
    diskMiB: directoryMiB(job.directory),
    found,
    settings: store.settings,
  };
}

async function measureMerge(job: Job): Promise<Result> {
  const db = await openDatabase({ ...job, autoMerge: false });
  const meter = new Meter();
  meter.start();
  const { operations, details } = await duringMerge(db, job);
  meter.stop();
  await db.close();
  return {
    operations,
    p50: details['get p50']!,
    p99: details['get p99']!,
    max: details['get max']!,
    ...meter.used,
    diskMiB: directoryMiB(job.directory),
    found: operations,
    settings: `durability '${job.level}'`,
    details,
  };
}

async function makeReady(job: Job): Promise<Record<string, never>> {
  const store: Store = await openStore(job.store, {
    ...job,
    ...(job.before === 'overwritten' && { autoMerge: false }),
  });
  await prepare(store, job);
  if (job.before === 'killed') process.kill(process.pid, 'SIGKILL');
  if (job.before === 'merged') await store.compact();
  await store.close();
  return {};
}

function run(job: Job): Promise<object> {
  if (job.workload === 'prepare') return makeReady(job);
  if (job.workload === 'open') return measureOpen(job);
  if (job.workload === 'merge') return measureMerge(job);
  return measure(job);
}

try {
  const result = await run(JSON.parse(process.argv[2]!) as Job);
  console.log(JSON.stringify(result));
} catch (error) {
  if (!(error instanceof CannotError)) throw error;
  console.log(JSON.stringify({ cannot: error.message } satisfies Refusal));
}
