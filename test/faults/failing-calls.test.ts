/**
 * Tier S: a real process whose system calls fail, by the hand of strace(1): syncs, writes, cuts, renames, removals and
 * openings, once and again and again. Whatever fails, a put that threw is not there, one that returned is, and what a sync
 * covered survives. Short writes need no strace: the system makes them itself where a file may not grow.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { count } from './counts.ts';

const NO_STRACE = spawnSync('strace', ['-V']).status !== 0;
const WRITES = 40;

let processes = 0;
afterAll(() => count('processes with failing system calls', processes));

/** What a process has said of its writes. */
interface Told {
  readonly lines: readonly string[];
  readonly ok: readonly number[];
  readonly failed: readonly number[];
  /** Failed with POISONED: whether these are there after reopening is not promised. */
  readonly maybe: readonly number[];
  /** The last write that a sync had covered. */
  readonly synced: number;
}

/** Write in a process started by `through`, and hold the store that it leaves against what it said. */
async function writeThrough(directory: string, level: string, through: readonly string[]): Promise<Told> {
  const { output, code } = await childEnd(
    startChild('write-with-faults', [directory, level, `${WRITES}`], {}, through),
  );
  processes++;
  expect(code, output).toBe(0);
  const lines = output.trim().split('\n');
  const numbers = (pattern: RegExp): number[] => lines.flatMap(line => pattern.exec(line)?.[1] ?? []).map(Number);
  const maybe = numbers(/^failed (\d+) POISONED/);
  const failed = numbers(/^failed (\d+) (?!POISONED)/);
  const told = { lines, ok: numbers(/^ok (\d+)/), failed, maybe, synced: Math.max(-1, ...numbers(/^synced (\d+)/)) };
  expect(output).not.toContain('visible');
  if (lines.includes('opened')) expect(lines).toContain('reads well');
  await checkStore(directory, told);
  return told;
}

/** Twice: what was ok is there, as the machine has not stopped; what failed is not; nothing else is there. */
async function checkStore(directory: string, { ok, failed, maybe }: Told): Promise<void> {
  for (const opening of [1, 2]) {
    const db = await Database.open(directory);
    const keys = Array.from(db.keys(), key => Number(String(key).split(' ')[1])).sort((a, b) => a - b);
    const values = Array.from(db.values(), String);
    await db.close();
    expect(keys, `opening ${opening}`).toEqual(expect.arrayContaining([...ok]));
    for (const i of failed) expect(keys, `opening ${opening}`).not.toContain(i);
    for (const i of keys) expect([...ok, ...maybe], `opening ${opening}`).toContain(i);
    expect(values).toHaveLength(keys.length);
  }
}

const failing = (...injections: string[]): string[] => [
  'strace',
  ...['-f', '-qqq', '-o', '/dev/null', '-e', 'signal=none'],
  ...['-e', `trace=${[...new Set(injections.map(each => each.split(':')[0]))].join(',')}`],
  ...injections.flatMap(each => ['-e', `inject=${each}`]),
];

const LEVELS = ['"os"', '"disk"', '{"intervalMs":5}'];

describe.skipIf(NO_STRACE)('system calls that fail (skipped where strace is absent)', () => {
  for (const level of LEVELS) {
    test.each(['1', '2', '3', '5', '9'])(
      `fdatasync number %s at level ${level}: the store is poisoned, or was not open yet`,
      async when => {
        const { lines, maybe } = await writeThrough(
          temporaryDirectory('s'),
          level,
          failing(`fdatasync:error=EIO:when=${when}`),
        );
        const isPoisoned = maybe.length > 0 || lines.some(line => line.includes('POISONED'));
        const didNotOpen = lines.some(line => line.startsWith('not opened'));
        const wasManifest = lines.some(line => /^(failed \d+|not merged|not closed) (IO|DISK_FULL)/.test(line));
        expect(isPoisoned || didNotOpen || wasManifest || lines.includes('closed')).toBe(true);
      },
    );
  }

  test.each(['ENOSPC', 'EIO', 'EFBIG', 'EDQUOT', 'EAGAIN'])(
    'pwrite64 fails once with %s: that change throws and is absent',
    async error => {
      for (const when of [3, 6, 9, 14, 22]) {
        const { lines } = await writeThrough(
          temporaryDirectory('s'),
          '"os"',
          failing(`pwrite64:error=${error}:when=${when}`),
        );
        expect(lines.some(line => /^(failed|not )/.test(line)) || lines.includes('closed')).toBe(true);
      }
    },
  );

  test('pwrite64 is interrupted (EINTR), and nobody notices', async () => {
    const { ok, lines } = await writeThrough(temporaryDirectory('s'), '"os"', failing('pwrite64:error=EINTR:when=4+3'));
    expect(ok).toHaveLength(WRITES);
    expect(lines.at(-1)).toBe('closed');
  });

  test('pwrite64 fails from some call on: nothing more is accepted, and reads go on', async () => {
    const { ok, failed } = await writeThrough(
      temporaryDirectory('s'),
      '"os"',
      failing('pwrite64:error=ENOSPC:when=20+'),
    );
    expect(ok.length).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
  });

  test('a failed write that cannot be cut back poisons the store', async () => {
    const through = failing('pwrite64:error=ENOSPC:when=12..14', 'ftruncate:error=EIO:when=1+');
    const { maybe } = await writeThrough(temporaryDirectory('s'), '"os"', through);
    expect(maybe.length).toBeGreaterThan(0);
  });

  test.each([
    'fsync:error=EIO',
    'rename:error=EIO',
    'rename:error=ENOSPC',
    'unlink:error=EIO',
    'fchmodat:error=EPERM',
    'chmod:error=EPERM',
  ])('%s, at the first, the second, the fourth call and at all: what was accepted is there', async fault => {
    for (const when of ['1', '2', '4', '1+']) {
      await writeThrough(temporaryDirectory('s'), '"os"', failing(`${fault}:when=${when}`));
    }
  });

  test('no descriptor is left for the next file: the file before grows on, and all is there', async () => {
    const directory = temporaryDirectory('s');
    const path = `${directory}/0000000002.data`;
    const through = [...failing('openat:error=EMFILE:when=1'), '-P', path];
    const { ok } = await writeThrough(directory, '"os"', through);
    expect(ok).toHaveLength(WRITES);
  });
});

describe('a limit of the file size', () => {
  test('makes the system take part of a write (then EFBIG): that change throws, and is absent', async () => {
    const directory = temporaryDirectory('s');
    const limited = ['bash', '-c', 'ulimit -f 1; exec "$@"', 'bash']; // 1024 bytes; Node ignores the signal.
    const { ok, failed } = await writeThrough(directory, '"os"', limited);
    expect(ok.length).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
  });
});
