/** What a disk charges for: microseconds for each record of 128 bytes, written and read in several ways. */
import * as fs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RECORD = Buffer.alloc(128, 'r');
const FILE_SIZE = 64 * 1024 * 1024;

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'disk-costs-'));

const print = (title: string, count: number, start: number): void =>
  console.log(`${title.padEnd(58)} ${(((performance.now() - start) * 1000) / count).toFixed(2).padStart(9)} us`);

/** Time `count` records; the file is closed outside of the watch. */
function measure(
  title: string,
  count: number,
  work: (fd: number, i: number) => void,
  after?: (fd: number) => void,
): void {
  const fd = fs.openSync(join(folder, 'big'), 'r+');
  const start = performance.now();
  for (let i = 0; i < count; i++) work(fd, i);
  after?.(fd);
  print(title, count, start);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Some place in the file, never the same order twice in a run. */
let state = 1;
function somewhere(): number {
  state = Math.imul(state, 1664525) + 1013904223;
  return ((state >>> 0) / 2 ** 32) * (FILE_SIZE - RECORD.length);
}

// A file that is all there, on the disk and in the page cache.
fs.writeFileSync(join(folder, 'big'), Buffer.alloc(FILE_SIZE, '.'));
measure('(warm up)', 20_000, (fd, i) => fs.writeSync(fd, RECORD, 0, 128, i * 128));

console.log('\nwritten to the operating system');
const many = Buffer.alloc(512 * 128, 'r');
measure('one write each, one behind the other', 20_000, (fd, i) => fs.writeSync(fd, RECORD, 0, 128, i * 128));
measure('512 records in one write', 20_000, (fd, i) => {
  if (i % 512 === 0) fs.writeSync(fd, many, 0, many.length, i * 128);
});
measure('one write each, anywhere in 64 MiB', 20_000, fd => fs.writeSync(fd, RECORD, 0, 128, Math.floor(somewhere())));

console.log('\nwritten, and forced onto the disk');
const sync = fs.fdatasyncSync;
measure(
  'one behind the other, one fdatasync at the end',
  5000,
  (fd, i) => fs.writeSync(fd, RECORD, 0, 128, i * 128),
  sync,
);
measure(
  'anywhere, one fdatasync at the end',
  5000,
  fd => fs.writeSync(fd, RECORD, 0, 128, Math.floor(somewhere())),
  sync,
);
measure('one behind the other, one fdatasync for each 64', 2000, (fd, i) => {
  fs.writeSync(fd, RECORD, 0, 128, i * 128);
  if (i % 64 === 63) fs.fdatasyncSync(fd);
});
measure('one behind the other, one fdatasync each', 500, (fd, i) => {
  fs.writeSync(fd, RECORD, 0, 128, i * 128);
  fs.fdatasyncSync(fd);
});

console.log('\nread, from the page cache');
const target = Buffer.alloc(128);
measure('readSync, anywhere', 20_000, fd => fs.readSync(fd, target, 0, 128, Math.floor(somewhere())));
const file = await fs.promises.open(join(folder, 'big'), 'r');
const start = performance.now();
for (let i = 0; i < 20_000; i++) await file.read(target, 0, 128, Math.floor(somewhere()));
print('await FileHandle.read, anywhere', 20_000, start);
await file.close();
rmSync(folder, { recursive: true });
