/**
 * The workloads: what db_bench does, by the same names. Each is a list of numbers (which key, which value) fed to the store
 * in one of the disciplines; the same numbers fed to a model say what must be found, and a difference ends the run.
 *
 * Every 17th call is timed by itself, so that the clock costs little; calls that wait for a promise are all timed.
 */
import type { Discipline, Job } from '../job.ts';
import type { Store } from '../stores/store.ts';
import {
  Generator,
  KEY_SIZE,
  keyNumber,
  Model,
  makeValues,
  newKey,
  preparedValue,
  shuffled,
  valueOfWrite,
  writeKey,
} from './data.ts';
import { Latencies } from './latency.ts';
import type { Meter } from './meter.ts';

/** What a workload has done, and found. */
export interface Done {
  readonly operations: number;
  readonly found: number;
  readonly latencies: Latencies;
}

type Work = (store: Store, job: Job, meter: Meter) => Promise<Done>;

const TIMED = 17;
const TOGETHER = 1000;
const IN_FLIGHT = 64;
/** db_bench's first thread begins with this. */
const SEED = 1000;

const now = (): number => performance.now();

/** Run `call` for 0, 1 ... one after the other. */
async function oneByOne(count: number, latencies: Latencies, call: (i: number) => unknown): Promise<void> {
  let untilTimed = TIMED;
  for (let i = 0; i < count; i++) {
    if (--untilTimed > 0) {
      const pending = call(i);
      if (pending instanceof Promise) await pending;
      continue;
    }
    untilTimed = TIMED;
    const started = now();
    const pending = call(i);
    if (pending instanceof Promise) await pending;
    latencies.addMs(now() - started);
  }
}

/** Run `call` for 0, 1 ... with 64 promises under way. */
async function inFlight(count: number, latencies: Latencies, call: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const started = now();
      await call(next++);
      latencies.addMs(now() - started);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

/** Feed changes to the store in the way the discipline says; without `value` the keys are removed. */
async function change(
  store: Store,
  discipline: Discipline,
  count: number,
  key: (i: number) => number,
  value: ((i: number) => Buffer) | undefined,
): Promise<Latencies> {
  const latencies = new Latencies();
  const bytes = Buffer.alloc(KEY_SIZE);
  if (discipline === 'call') {
    if (value === undefined) await oneByOne(count, latencies, i => store.remove(writeKey(key(i), bytes)));
    else await oneByOne(count, latencies, i => store.put(writeKey(key(i), bytes), value(i)));
  } else if (discipline === 'await') {
    await oneByOne(count, latencies, i => store.putLater(newKey(key(i)), value!(i)));
  } else if (discipline === 'flight') {
    await inFlight(count, latencies, i => store.putLater(newKey(key(i)), value!(i)));
  } else {
    for (let from = 0; from < count; from += TOGETHER) {
      const started = now();
      const end = Math.min(count, from + TOGETHER);
      for (let i = from; i < end; i++) store.gather(newKey(key(i)), value?.(i));
      const pending = store.flush();
      if (pending !== undefined) await pending;
      latencies.addMs(now() - started);
    }
    await store.finish();
  }
  return latencies;
}

/** The keys of a workload, in order; called anew it begins anew. */
function keySource({ workload, keys }: Job): () => () => number {
  if (workload === 'fillseq') {
    return () => {
      let next = 0;
      return () => next++ % keys;
    };
  }
  const limit = workload === 'readhot' ? Math.ceil(keys / 100) : keys;
  return () => {
    const random = new Generator(SEED);
    return () => random.below(limit);
  };
}

const write: Work = async (store, job, meter) => {
  const values = makeValues(job.valueSize);
  const source = keySource(job);
  const removes = job.workload === 'deleterandom';
  meter.start();
  const latencies = await change(
    store,
    job.discipline,
    job.operations,
    source(),
    removes ? undefined : i => values[valueOfWrite(i)]!,
  );
  meter.stop();
  return { operations: job.operations, found: -1, latencies };
};

/** What a store must hold after the job's workload. */
export function modelAfter(job: Job): Model {
  const model = new Model(job.keys, job.before !== 'nothing');
  const isWrite = ['fillseq', 'fillrandom', 'overwrite', 'deleterandom', 'readwhilewriting'].includes(job.workload);
  if (!isWrite) return model;
  const key = keySource(job)();
  for (let i = 0; i < job.operations; i++) {
    const k = key();
    if (job.workload === 'readwhilewriting' && i % 10 !== 0) continue;
    model.values[k] = job.workload === 'deleterandom' ? -1 : valueOfWrite(i);
  }
  return model;
}

/** Compare all that a store holds with the model; answers the number of keys. */
export async function checkContents(store: Store, model: Model, valueSize: number, reverse = false): Promise<number> {
  const values = makeValues(valueSize);
  let count = 0;
  let last = reverse ? model.values.length : -1;
  await store.scan(reverse, (key, value) => {
    const k = keyNumber(key);
    if (reverse ? k >= last : k <= last) throw new Error(`key ${k} came after ${last}`);
    last = k;
    const expected = model.values[k] ?? -1;
    if (expected < 0) throw new Error(`key ${k} is there and must not be`);
    if (Buffer.compare(value, values[expected]!) !== 0) throw new Error(`key ${k} has another value than the model`);
    count++;
  });
  if (count !== model.count) throw new Error(`${count} keys are there, the model has ${model.count}`);
  return count;
}

/** Adds up what reads answer, so that a wrong answer is seen without a comparison in the measured loop. */
class Answers {
  found = 0;
  sum = 0;

  add(value: Uint8Array | null | undefined): void {
    if (value === undefined || value === null) return;
    this.found++;
    this.sum = (this.sum + value.length + value[0]! * 7 + value[value.length >> 1]!) | 0;
  }

  mustEqual(expected: Answers): void {
    if (this.found === expected.found && this.sum === expected.sum) return;
    throw new Error(`found ${this.found} (sum ${this.sum}), must be ${expected.found} (sum ${expected.sum})`);
  }
}

const read: Work = async (store, job, meter) => {
  const { discipline, operations, workload } = job;
  const latencies = new Latencies();
  const answers = new Answers();
  const source = keySource(job);
  const missing = workload === 'readmissing';
  const bytes = missing ? Buffer.alloc(KEY_SIZE + 1, '.') : Buffer.alloc(KEY_SIZE);
  const key = source();
  meter.start();
  if (discipline === 'call') {
    await oneByOne(operations, latencies, () => {
      const value = store.get(writeKey(key(), bytes));
      if (!(value instanceof Promise)) return answers.add(value);
      return value.then(found => answers.add(found));
    });
  } else if (discipline === 'batch') {
    await oneByOne(Math.ceil(operations / TOGETHER), latencies, i => {
      const keys = Array.from({ length: Math.min(TOGETHER, operations - i * TOGETHER) }, () => newKey(key()));
      const found = store.getMany(keys);
      const take = (values: readonly (Buffer | undefined)[]): void => {
        for (const value of values) answers.add(value);
      };
      return found instanceof Promise ? found.then(take) : take(found);
    });
  } else {
    const getOne = async (): Promise<void> => answers.add(await store.getLater(newKey(key())));
    if (discipline === 'await') await oneByOne(operations, latencies, getOne);
    else await inFlight(operations, latencies, getOne);
  }
  meter.stop();
  if (missing) answers.mustEqual(new Answers());
  else answers.mustEqual(expectedAnswers(job, source()));
  return { operations, found: answers.found, latencies };
};

function expectedAnswers({ operations, valueSize }: Job, key: () => number): Answers {
  const values = makeValues(valueSize);
  const expected = new Answers();
  for (let i = 0; i < operations; i++) expected.add(values[preparedValue(key())]);
  return expected;
}

const readAll: Work = async (store, job, meter) => {
  const answers = new Answers();
  const latencies = new Latencies();
  meter.start();
  const started = now();
  await store.scan(job.workload === 'readreverse', (_, value) => answers.add(value));
  latencies.addMs(now() - started);
  meter.stop();
  const expected = new Answers();
  const values = makeValues(job.valueSize);
  for (let k = 0; k < job.keys; k++) expected.add(values[preparedValue(k)]);
  answers.mustEqual(expected);
  return { operations: job.keys, found: answers.found, latencies };
};

const seek: Work = async (store, job, meter) => {
  const latencies = new Latencies();
  const answers = new Answers();
  const source = keySource(job);
  const bytes = Buffer.alloc(KEY_SIZE);
  const key = source();
  const take = (entry: readonly [Uint8Array, Uint8Array] | undefined): void => answers.add(entry?.[1]);
  meter.start();
  await oneByOne(job.operations, latencies, () => {
    const entry = store.seek(writeKey(key(), bytes));
    return entry instanceof Promise ? entry.then(take) : take(entry);
  });
  meter.stop();
  answers.mustEqual(expectedAnswers(job, source()));
  return { operations: job.operations, found: answers.found, latencies };
};

/** Nine reads for each write, in one thread. A read may find the old value or one that was given but is under way. */
const readWhileWriting: Work = async (store, job, meter) => {
  const latencies = new Latencies();
  const values = makeValues(job.valueSize);
  const key = keySource(job)();
  const bytes = Buffer.alloc(KEY_SIZE);
  const answers = new Answers();
  let reads = 0;
  meter.start();
  await oneByOne(job.operations, latencies, i => {
    const k = key();
    let pending: unknown;
    if (i % 10 === 0) store.gather(newKey(k), values[valueOfWrite(i)]!);
    else {
      reads++;
      const value = store.get(writeKey(k, bytes));
      if (value instanceof Promise) pending = value.then(found => answers.add(found));
      else answers.add(value);
    }
    return i % TOGETHER === TOGETHER - 1 ? Promise.resolve(pending).then(() => store.flush()) : pending;
  });
  await store.flush();
  await store.finish();
  meter.stop();
  if (answers.found !== reads) throw new Error(`${reads - answers.found} of ${reads} reads found nothing`);
  return { operations: job.operations, found: -1, latencies };
};

/**
 * Every key once, in an order that looks random: what the workloads that read begin with. Where there is to be something to
 * merge, every key has been there once before with another value.
 */
export async function prepare(store: Store, { keys, valueSize, before }: Job): Promise<void> {
  const values = makeValues(valueSize);
  const order = shuffled(keys);
  const rounds = before === 'overwritten' || before === 'merged' ? 2 : 1;
  for (let round = rounds; round > 0; round--) {
    for (const [i, k] of order.entries()) {
      store.gather(newKey(k), values[round > 1 ? 0 : preparedValue(k)]!);
      if (i % TOGETHER === TOGETHER - 1) await store.flush();
    }
  }
  await store.flush();
  await store.finish();
}

/** What each workload does; the ones that are about opening or merging stand in files of their own. */
export const WORKLOADS: Readonly<Record<string, Work>> = {
  fillseq: write,
  fillrandom: write,
  overwrite: write,
  deleterandom: write,
  readrandom: read,
  readmissing: read,
  readhot: read,
  readseq: readAll,
  readreverse: readAll,
  seekrandom: seek,
  readwhilewriting: readWhileWriting,
};
