/** What a key costs in memory: run me with `node --expose-gc`. */
import type { FileId } from '../engine/src/disk/file-names.ts';
import { type Entry, toKeyString } from '../engine/src/keydir/keydir.ts';
import { MapKeydir } from '../engine/src/keydir/map-keydir.ts';

const COUNT = 1_000_000;

function usedBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const keyBytes = (i: number): Buffer => Buffer.from(String(i).padStart(16, '0'));

const keydir = new MapKeydir();
const before = usedBytes();
for (let i = 0; i < COUNT; i++) {
  const entry: Entry = {
    key: toKeyString(keyBytes(i)),
    seq: i + 1,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    valueSize: 100,
    fileId: 1 as FileId,
    recordOffset: 32 + i * 130,
    recordSize: 130,
    valueSeq: i + 1,
  };
  keydir.put(entry);
}
const bytes = usedBytes() - before;
console.log(
  `${keydir.size} keys of 16 bytes: ${Math.round(bytes / 2 ** 20)} MiB, ${Math.round(bytes / COUNT)} bytes for each`,
);

const keys = Array.from({ length: 1000 }, (_, i) => keyBytes((i * 7919) % COUNT));
const start = performance.now();
let found = 0;
for (let round = 0; round < 1000; round++)
  for (const key of keys) if (keydir.get(toKeyString(key)) !== undefined) found++;
console.log(`${found} lookups, ${(((performance.now() - start) * 1e6) / found).toFixed(0)} ns for each`);
