/**
 * A process that writes until it is killed: DIRECTORY OPTIONS. It prints `I SEQ` once write number I is as safe as its
 * level says; what it had printed when it died was acknowledged. OPTIONS is JSON:
 *   level        the durability level
 *   how          "put", "write" (many promises in flight) or "turn"
 *   from         the number of the first write
 *   killAt       { operation, file, count }: kill this process before such a call to the disk, the count-th one
 *   killAtCall   kill this process before its n-th call to the disk
 *   maxDataFileSize
 *   merge        whether to merge all the time
 */
import { writeSync } from 'node:fs';
import { Database, type Durability } from '../../../engine/src/index.ts';
import { FaultFileSystem } from '../fault-file-system.ts';

interface Options {
  readonly level: Durability;
  readonly how: 'put' | 'write' | 'turn';
  readonly from: number;
  readonly killAt?: { readonly operation: string; readonly file: string; readonly count: number };
  readonly killAtCall?: number;
  readonly maxDataFileSize?: number;
  readonly merge?: boolean;
}

const [directory, json] = process.argv.slice(2);
const { level, how, from, killAt, killAtCall, maxDataFileSize = 1_000_000, merge } = JSON.parse(json!) as Options;

const fs = new FaultFileSystem();
let matches = 0;
let callsMade = 0;
fs.plan = ({ operation, file }) => {
  if (killAt && operation === killAt.operation && file.endsWith(killAt.file) && ++matches === killAt.count) {
    process.kill(process.pid, 'SIGKILL');
  }
  if (++callsMade === killAtCall) process.kill(process.pid, 'SIGKILL');
  if (fs.calls.length > 10_000) fs.calls.length = 0;
  return undefined;
};

const say = (i: number): void => {
  writeSync(1, `${i}\n`);
};
const keyOf = (i: number): string => `key ${i % 1000}`;
const valueFor = (i: number): string => `${i} ${'x'.repeat(i % 300)}`;

const commit = how === 'turn' ? 'turn' : 'call';
const db = await Database.open(directory!, { fs, durability: level, commit, maxDataFileSize });
say(0);
if (merge) {
  const mergeAgain = async (): Promise<void> => {
    for (;;) {
      await db.merge();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  void mergeAgain();
}
let i = from;
for (;;) {
  if (how === 'put') {
    for (let n = 0; n < 100; n++, i++) {
      db.put(keyOf(i), valueFor(i));
      say(i);
    }
  } else if (how === 'write') {
    const first = i;
    i += 64;
    const writes = Array.from({ length: 64 }, (_, n) =>
      db
        .write([{ type: 'put', key: keyOf(first + n), value: valueFor(first + n) }], { durability: level })
        .then(() => say(first + n)),
    );
    await Promise.all(writes);
  } else {
    for (let n = 0; n < 50; n++, i++) db.put(keyOf(i), valueFor(i));
    const [last, position] = [i - 1, db.position];
    db.commitTurn();
    await db.durable(position);
    say(last);
  }
  await new Promise(setImmediate);
}
