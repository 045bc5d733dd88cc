/**
 * MiniCask on two disks that behave as the manual of write(2) says a disk may: one takes at most sixteen bytes at a time, the other is
 * full for a moment in the middle of a put.
 */
import * as nodeFs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disk, MiniCask } from './mini-cask.ts';

const folder = mkdtempSync(join(tmpdir(), 'short-'));

/** node:fs, but `room` says how many bytes of each write are taken; where it says none, the disk is full. */
function diskWith(room: (write: number) => number): Disk {
  let writes = 0;
  return {
    ...nodeFs,
    writeSync: (fd, bytes) => {
      const free = room(writes++);
      if (free === 0) throw new Error('ENOSPC: no space left on device, write');
      return nodeFs.writeSync(fd, bytes, 0, Math.min(bytes.length, free));
    },
  };
}

const PEOPLE = { 'user:1': 'Ada', 'user:2': 'Grace', 'user:3': 'Edsger' };

function answers(store: MiniCask): string {
  return Object.keys(PEOPLE)
    .map(key => JSON.stringify(store.get(key) ?? null))
    .join('  ');
}

/** The message of the error that `work` throws, or what it answers. */
function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
}

function experiment(title: string, disk: Disk): void {
  const path = join(folder, title.replaceAll(' ', '-'));
  const store = new MiniCask(path, disk);
  const puts = Object.entries(PEOPLE).map(([key, value]) =>
    outcome(() => {
      store.put(key, value);
      return 'ok';
    }),
  );
  console.log(`${title}\n  three puts:   ${puts.join('  ')}\n  three gets:   ${answers(store)}`);
  store.close();
  console.log(`  opened again: ${outcome(() => answers(MiniCask.open(path)))}\n`);
}

experiment('a disk as we like it', nodeFs);
experiment(
  'a disk that takes sixteen bytes at a time',
  diskWith(() => 16),
);
experiment(
  'a disk that is full for a moment',
  diskWith(write => [1000, 9, 0, 1000][write] ?? 1000),
);
rmSync(folder, { recursive: true });
