/**
 * Merges a store that is large enough for a thread of its own, and says as JSON what came of it. Arguments: the directory,
 * and what is to happen: 'nothing', 'kill' the thread, give it too little 'memory', 'abort' or 'close' once it is at work.
 */
import { readdirSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { Database } from '../../../engine/src/index.ts';

const [directory = '', event = ''] = process.argv.slice(2);
const KEYS = 2000;
const value = (i: number, round: number): string => `${i} of round ${round} `.padEnd(1000, 'x');

const db = await Database.open(directory, { maxDataFileSize: 4 * 1024 * 1024, merge: { auto: false } });
for (let round = 0; round < 6; round++) for (let i = 0; i < KEYS; i++) db.put(`key ${i}`, value(i, round));
await db.sync();

let threads = 0;
process.on('worker', (thread: Worker) => {
  threads++;
  if (event === 'kill') void thread.terminate();
});

const controller = new AbortController();
let delay = 0;
let last = performance.now();
const watch = setInterval(() => {
  delay = Math.max(delay, performance.now() - last);
  last = performance.now();
}, 1);
let closed: Promise<void> | undefined;
const onProgress = (): void => {
  if (event === 'abort') controller.abort(new Error('enough'));
  if (event === 'close') closed ??= db.close();
};
const bytesPerSecond = event === 'abort' || event === 'close' ? 2_000_000 : Number.POSITIVE_INFINITY;
const outcome = await db.merge({ signal: controller.signal, onProgress, bytesPerSecond }).then(
  report => ({ report }),
  (error: Error & { code?: string }) => ({ error: error.message, code: error.code }),
);
clearInterval(watch);
await closed;

const whole =
  event === 'close' ||
  Array.from({ length: KEYS }, (_, i) => String(db.get(`key ${i}`)) === value(i, 5)).every(Boolean);
await db.close();
const again = await Database.open(directory, { merge: { auto: false } });
const wholeAgain = Array.from({ length: KEYS }, (_, i) => String(again.get(`key ${i}`)) === value(i, 5)).every(Boolean);
await again.close();
const left = readdirSync(directory).filter(name => name.endsWith('.merging'));
console.log(JSON.stringify({ ...outcome, threads, delay, whole, wholeAgain, left }));
