/**
 * Limits of a real system, each in a process of its own: a file that may not grow, a process without descriptors, a disk
 * that is full, a directory of somebody else.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { childEnd, startChild } from '../support/child.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A shell that sets a limit and then runs the program that follows. */
const limited = (limit: string): string[] => ['/bin/sh', '-c', `${limit} && exec "$@"`, 'sh'];

/** What a child program says, as the JSON it prints. */
async function answerOf(name: string, args: string[], under: string[] = []): Promise<Record<string, unknown>> {
  const { output } = await childEnd(startChild(name, args, {}, under));
  return JSON.parse(output);
}

async function keysIn(directory: string): Promise<string[]> {
  const db = await Database.open(directory);
  const keys = Array.from(db.keys(), String);
  await db.close();
  return keys;
}

test('a file that may grow no further fails the put, says what to do, and keeps all that was acknowledged', async () => {
  const directory = temporaryDirectory();
  const answer = await answerOf('put-until-refused', [directory, '1000000'], limited('ulimit -f 64'));
  expect(answer).toMatchObject({ code: 'IO', allReadable: true });
  expect(answer.message).toContain('use a smaller maxDataFileSize');
  expect((await keysIn(directory)).length).toBe(answer.acknowledged);
  expect(answer.acknowledged).toBeGreaterThan(10);
});

test('a process without descriptors goes on writing to the file it has, and says why a get can not be done', async () => {
  const directory = temporaryDirectory();
  const answer = await answerOf('run-out-of-descriptors', [directory]);
  expect(answer).toEqual({ puts: 200, refusedGets: true, advice: true, getsAfterwards: 200, filesGrewOn: true });
  expect((await keysIn(directory)).length).toBe(200);
});

test('a real disk that is full refuses puts until there is space, and everything acknowledged is there', async ({
  skip,
}) => {
  const directory = temporaryDirectory();
  const small = [
    '/usr/bin/unshare',
    '--mount',
    '/bin/sh',
    '-c',
    `mount -t tmpfs -o size=300k none "${directory}" && exec "$@"`,
  ];
  if (spawnSync(small[0]!, [...small.slice(1), 'sh', '/bin/true']).status !== 0) skip('this user may not mount a disk');
  const answer = await answerOf('fill-the-disk', [directory], [...small, 'sh']);
  expect(answer).toMatchObject({ refusedWith: 'DISK_FULL', wentOn: true, missing: [], surplus: [] });
  expect(answer.acknowledged).toBeGreaterThan(20);
}, 30_000);

describe('as a user who is not root', () => {
  const NOBODY = '65534';
  const otherUser = process.getuid?.() === 0 ? [NOBODY] : [];

  test('a database of somebody else is refused with a message that names it, and left as it was', async () => {
    const directory = temporaryDirectory();
    await (await Database.open(directory)).close();
    chmodSync(directory, 0o555);
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o444);
    const before = readdirSync(directory);
    const { output } = await childEnd(startChild('open-database', [directory, 'try', ...otherUser]));
    expect(output).toContain(`IO: could not open the database in ${directory}: EACCES`);
    expect(output).toContain('let this user read and write there, or use another directory');
    expect(readdirSync(directory)).toEqual(before);
    chmodSync(directory, 0o755);
  });

  test('a directory that becomes read-only while it is open takes changes into the file that is there', async () => {
    const directory = join(temporaryDirectory(), 'db');
    mkdirSync(directory);
    if (otherUser.length > 0) {
      chmodSync(join(directory, '..'), 0o755);
      chownSync(directory, Number(NOBODY), Number(NOBODY));
    }
    const answer = await answerOf('lose-permission', [directory, ...otherUser]);
    expect(answer).toEqual({ puts: 50, closing: 'IO', keysAfterwards: 50 });
  });
});
