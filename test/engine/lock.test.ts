/**
 * The lock: one Database at a time has a directory, whichever process, thread or container asks, with the program flock(1)
 * and without it; and what a dead process leaves behind keeps nobody out.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockDirectory } from '../../engine/src/disk/lock-file.ts';
import { Database } from '../../engine/src/index.ts';
import { changeFile } from '../support/change-file.ts';
import { childEnd, firstOutput, startChild } from '../support/child.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const locked = expect.objectContaining({ code: 'LOCKED' });

/** A process that finds no program by its name has no flock(1). */
const WAYS: Record<string, NodeJS.ProcessEnv> = { flock: {}, 'an owner file': { PATH: '' } };
const NO_FLOCK = WAYS['an owner file']!;

const lockFiles = (directory: string): string[] => readdirSync(directory).filter(name => name.startsWith('LOCK.'));

async function startHolder(
  directory: string,
  env: NodeJS.ProcessEnv,
  under?: readonly string[],
): Promise<ChildProcess> {
  const child = startChild('open-database', [directory, 'hold'], env, under);
  expect(await firstOutput(child)).toBe('opened\n');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function tryInChild(directory: string, env: NodeJS.ProcessEnv, under?: readonly string[]): Promise<string> {
  const { output } = await childEnd(startChild('open-database', [directory, 'try'], env, under));
  return output.split(/[:\n]/)[0]!;
}

describe('in one process', () => {
  test('a second Database is kept out until the first is closed', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory);
    await expect(Database.open(directory)).rejects.toThrow(locked);
    await expect(Database.open(directory)).rejects.toThrow(`of process ${process.pid}, has ${directory} open`);
    await db.close();
    await (await Database.open(directory)).close();
  });

  test('a Database that comes by another path, a symbolic link, is kept out too', async () => {
    const directory = temporaryDirectory();
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(directory, link);
    const db = await Database.open(link);
    await expect(Database.open(directory)).rejects.toThrow(locked);
    await db.close();
  });

  test('the lock is waited for as long as lockTimeoutMs says', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory);
    setTimeout(() => db.close(), 100);
    const again = await Database.open(directory, { lockTimeoutMs: 20_000 });
    await again.close();
  });

  test('the lock is free again when opening fails', async () => {
    const directory = temporaryDirectory();
    const db = await Database.open(directory);
    db.put('k', 'v');
    await db.close();
    const path = join(directory, '0000000001.data');
    const bytes = readFileSync(path);
    changeFile(path, () => bytes.subarray(0, 20));
    await expect(Database.open(directory)).rejects.toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    changeFile(path, () => bytes);
    await (await Database.open(directory)).close();
  });
});

for (const [way, env] of Object.entries(WAYS)) {
  describe(`by ${way}`, () => {
    test('another process is kept out, and not any more after kill -9', async () => {
      const directory = temporaryDirectory();
      const holder = await startHolder(directory, env);
      expect(await tryInChild(directory, env)).toBe('LOCKED');
      await kill(holder);
      expect(await tryInChild(directory, env)).toBe('opened');
      expect(await tryInChild(directory, env)).toBe('opened');
      expect(lockFiles(directory)).toEqual([]);
    });

    test('another thread of the process is kept out, until the first closes or is ended', async () => {
      const directory = temporaryDirectory();
      const { output } = await childEnd(startChild('open-in-threads', [directory], env));
      expect(output).toBe('opened LOCKED opened LOCKED opened\n');
    });

    test('of many who race for it each gets it in turn, and never two at a time', async () => {
      const directory = temporaryDirectory();
      const racers = Array.from({ length: 4 }, () => startChild('count-up', [directory, '10'], env));
      for (const { output } of await Promise.all(racers.map(racer => childEnd(racer)))) expect(output).toBe('done\n');
      const db = await Database.open(directory);
      expect(String(db.get('count'))).toBe('40');
      await db.close();
    }, 60_000);

    test('garbage where the lock should be keeps nobody out', async () => {
      const directory = temporaryDirectory();
      for (const garbage of ['', 'garbage', '\n', '0 0 0\n', '-1 x y socket\n', 'x'.repeat(100_000)]) {
        writeFileSync(join(directory, 'LOCK'), garbage);
        writeFileSync(join(directory, 'LOCK.owner.garbage'), garbage);
        writeFileSync(join(directory, 'LOCK.socket.garbage'), garbage);
        expect(await tryInChild(directory, env), garbage.slice(0, 20)).toBe('opened');
      }
    }, 30_000);

    test('the owner of another boot, and of an id that another process has by now, are no owners', async () => {
      const directory = temporaryDirectory();
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      for (const owner of [`1 ${boot} 12345`, '1 another-boot 0', `999999999 ${boot} 1`]) {
        writeFileSync(join(directory, 'LOCK'), `${owner}\n`);
        writeFileSync(join(directory, 'LOCK.owner.stale'), `${owner} process\n`);
        expect(await tryInChild(directory, env), owner).toBe('opened');
      }
      expect(lockFiles(directory)).toEqual([]);
    }, 30_000);

    test('a process in another pid namespace, as in a container, is kept out', async ({ skip }) => {
      const namespace = ['/usr/bin/unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
      const { status } = spawnSync(namespace[0]!, [...namespace.slice(1), '/bin/true']);
      if (status !== 0) skip('this user may make no pid namespace');
      const directory = temporaryDirectory();
      const inside = await startHolder(directory, env, namespace);
      expect(await tryInChild(directory, env)).toBe('LOCKED');
      expect(await tryInChild(directory, env, namespace)).toBe('LOCKED');
      await kill(inside);
      const outside = await startHolder(directory, env);
      expect(await tryInChild(directory, env, namespace)).toBe('LOCKED');
      await kill(outside);
      expect(await tryInChild(directory, env, namespace)).toBe('opened');
    });
  });
}

describe('by flock and by an owner file', () => {
  test('processes keep each other out', async () => {
    for (const [first, second] of [
      [{}, NO_FLOCK],
      [NO_FLOCK, {}],
    ]) {
      const directory = temporaryDirectory();
      const holder = await startHolder(directory, first!);
      expect(await tryInChild(directory, second!)).toBe('LOCKED');
      await kill(holder);
      expect(await tryInChild(directory, second!)).toBe('opened');
    }
  });

  test('of many who race for it never two at a time get it', async () => {
    const directory = temporaryDirectory();
    const racers = Array.from({ length: 4 }, (_, i) =>
      startChild('count-up', [directory, '10'], i % 2 ? {} : NO_FLOCK),
    );
    for (const { output } of await Promise.all(racers.map(racer => childEnd(racer)))) expect(output).toBe('done\n');
    const db = await Database.open(directory);
    expect(String(db.get('count'))).toBe('40');
    await db.close();
  }, 60_000);
});

describe('by an owner file', () => {
  test('a directory whose path is too long for a socket is locked by the name of the process', async () => {
    const directory = join(temporaryDirectory(), 'long '.repeat(30));
    mkdirSync(directory);
    const holder = await startHolder(directory, NO_FLOCK);
    expect(lockFiles(directory)).toEqual([expect.stringMatching(/^LOCK\.owner\.[0-9a-f]{16}$/)]);
    expect(await tryInChild(directory, NO_FLOCK)).toBe('LOCKED');
    await kill(holder);
    expect(await tryInChild(directory, NO_FLOCK)).toBe('opened');
  });

  test('an owner whose socket answers is alive, whatever its process id says', async () => {
    const directory = temporaryDirectory();
    const server = createServer().listen(join(directory, 'LOCK.socket.other'));
    await once(server, 'listening');
    writeFileSync(join(directory, 'LOCK.owner.other'), '1 this-boot 0 socket\n');
    for (const env of Object.values(WAYS)) expect(await tryInChild(directory, env)).toBe('LOCKED');
    await expect(Database.open(directory)).rejects.toThrow('of process 1,');
    server.close();
    await (await Database.open(directory)).close();
    rmSync(join(directory, 'LOCK.owner.other'), { force: true });
  });
});

test.each([
  ['it', ''],
  ['it by dying', '999999999 an-older-boot 1\n'],
])(
  'a lock whose owner has let go of %s, while a child process still has its descriptor, is waited for',
  async (_, text) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'LOCK'), text);
    const fd = openSync(join(directory, 'LOCK'), 'a+');
    expect(spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status).toBe(0);
    spawn('sleep', ['0.1'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    closeSync(fd);
    await (await Database.open(directory)).close();
  },
);

test('a lock that is let go of twice closes nobody else’s file, and frees nobody else’s lock', async () => {
  const directory = temporaryDirectory();
  const first = await lockDirectory(directory, 0);
  first.release();
  const second = await lockDirectory(directory, 0); // It gets the descriptor's number again.
  first.release();
  await expect(lockDirectory(directory, 0)).rejects.toThrow(locked);
  second.release();
  await (await Database.open(directory)).close();
});

test('a lock program that cannot be started for want of descriptors is an error, and no reason for another lock', async () => {
  const directory = temporaryDirectory();
  const { output } = await childEnd(startChild('open-without-descriptors', [directory]));
  expect(output).toContain('the process has too many files open');
  expect(lockFiles(directory)).toEqual([]);
});
