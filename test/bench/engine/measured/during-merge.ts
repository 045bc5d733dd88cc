/**
 * Reads and writes while a merge runs, and the same without one. Work comes in rounds, as from a server's clients: 32 reads,
 * 8 puts, then the event loop goes round; now and then everything is synced. Each call is timed. The loop's delay is by how
 * much a timer of a millisecond comes late.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../../engine/src/index.ts';
import type { Job } from '../job.ts';
import { Generator, KEY_SIZE, makeValues, valueOfWrite, writeKey } from './data.ts';
import { Latencies } from './latency.ts';

const READS = 32;
const PUTS = 8;
const SYNC_EVERY_MS = 50;
/** Without a merge the same work is done for this long. */
const ALONE_MS = 10_000;

/** How many calls were made, and how long they took, by names as in `get p99`. */
export interface Figures {
  readonly operations: number;
  readonly details: Record<string, number>;
}

/** Do the work until the merge is done, or for a while where none is to run. */
export async function duringMerge(db: Database, job: Job): Promise<Figures> {
  const bytesBefore = db.stats.dataBytes;
  let over = false;
  const end = (job.merging ? db.merge() : sleep(Math.min(ALONE_MS, job.keys))).then(
    () => {
      over = true;
    },
    (error: unknown) => {
      over = true;
      throw error;
    },
  );
  const started = performance.now();
  const [figures] = await Promise.all([work(db, job, () => over), end]);
  return {
    operations: figures.operations,
    details: {
      ...figures.details,
      seconds: (performance.now() - started) / 1000,
      bytesBefore,
      bytesAfter: db.stats.dataBytes,
    },
  };
}

async function work(db: Database, { keys, valueSize }: Job, isOver: () => boolean): Promise<Figures> {
  const values = makeValues(valueSize);
  const random = new Generator(1000);
  const key = Buffer.alloc(KEY_SIZE);
  const times = { get: new Latencies(), put: new Latencies(), sync: new Latencies(), loop: new Latencies() };
  const stopWatching = watchLoop(times.loop);
  let lastSync = performance.now();
  let operations = 0;
  while (!isOver()) {
    for (let i = 0; i < READS + PUTS; i++, operations++) {
      writeKey(random.below(keys), key);
      const started = performance.now();
      if (i < READS) {
        if (db.get(key) === undefined) throw new Error(`key ${key} is not there`);
        times.get.addMs(performance.now() - started);
      } else {
        db.put(key, values[valueOfWrite(operations)]!);
        times.put.addMs(performance.now() - started);
      }
    }
    if (performance.now() - lastSync > SYNC_EVERY_MS) {
      const started = performance.now();
      lastSync = started;
      void db.sync().then(() => times.sync.addMs(performance.now() - started));
    }
    await new Promise(setImmediate);
  }
  stopWatching();
  await db.sync();
  return { operations, details: Object.fromEntries(Object.entries(times).flatMap(([name, t]) => figuresOf(name, t))) };
}

function figuresOf(name: string, times: Latencies): [string, number][] {
  const quantiles = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 };
  return [
    ...Object.entries(quantiles).map(([label, share]): [string, number] => [`${name} ${label}`, times.quantile(share)]),
    [`${name} max`, times.max],
    [`${name} count`, times.count],
  ];
}

function watchLoop(delays: Latencies): () => void {
  let due = performance.now() + 1;
  const timer = setInterval(() => {
    delays.addMs(Math.max(0, performance.now() - due));
    due = performance.now() + 1;
  }, 1);
  return () => clearInterval(timer);
}
