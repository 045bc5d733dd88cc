/**
 * Lock owners: the lock where there is no flock(1). Whoever wants the directory puts a file of his own there that says who
 * he is, LOCK.owner.NAME, and looks at all the others. If one of them is alive, he takes his file away and has no lock.
 *
 * Alive means: the owner's socket LOCK.socket.NAME answers. The kernel closes it with the process, and it answers whatever
 * process ids mean where we run, so two containers that share a directory see each other. Where no socket can be made
 * (its path is limited to about a hundred bytes), the process's name is asked instead.
 * Invariants: (1) first say, then look: of two who come at the same moment at least one sees the other;
 *             (2) a NAME is never used twice, so what a dead owner has left can be removed at any time;
 *             (3) the socket answers before the owner file can be read.
 * Left out: a directory that one container locks by flock(1) and another, which has none, by these files.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, thisProcess } from './process-name.ts';

const OWNER_PREFIX = 'LOCK.owner.';
const SOCKET_PREFIX = 'LOCK.socket.';

/** When two come at the same moment both may give way: then each tries again, after up to this many milliseconds. */
const TIE_MS = 25;
const MAX_TIES = 40;

/** The longest path, in bytes, that a socket can have on every system. */
const MAX_SOCKET_PATH = 100;

/** What an owner file ends with when its owner has a socket; the newline says that the file is complete. */
const BY_SOCKET = ' socket\n';
const BY_PROCESS = ' process\n';

interface Owner {
  readonly name: string;
  release(): void;
}

/** The lock, or undefined when somebody has it. `isHeldOtherwise` says whether somebody has the other kind of lock. */
export async function lockByOwnerFile(directory: string, isHeldOtherwise: () => boolean): Promise<Owner | undefined> {
  for (let tie = 0; tie < MAX_TIES; tie++) {
    if (isHeldOtherwise() || (await findOwner(directory)) !== undefined) return undefined;
    const owner = await publish(directory);
    if (!isHeldOtherwise() && (await findOwner(directory, owner.name)) === undefined) return owner;
    owner.release();
    await sleep(Math.random() * TIE_MS);
  }
  return undefined;
}

/** Who owns the directory, except for `self`; what dead owners have left is removed. */
export async function findOwner(directory: string, self?: string): Promise<string | undefined> {
  for (const file of readdirSync(directory)) {
    if (!file.startsWith(OWNER_PREFIX) || file === OWNER_PREFIX + self) continue;
    const name = file.slice(OWNER_PREFIX.length);
    const text = readText(join(directory, file));
    if (!text.endsWith('\n')) continue; // Its owner has not said yet who he is, and will look at us when he has.
    if (await isAlive(directory, name, text)) return text.trim();
    remove(directory, name);
  }
  return undefined;
}

function isAlive(directory: string, name: string, text: string): boolean | Promise<boolean> {
  return text.endsWith(BY_SOCKET) ? answers(socketPath(directory, name)) : isRunning(text);
}

async function publish(directory: string): Promise<Owner> {
  const name = randomBytes(8).toString('hex');
  const server = await listen(socketPath(directory, name));
  const release = (): void => {
    remove(directory, name);
    server?.close();
  };
  try {
    const text = thisProcess() + (server === undefined ? BY_PROCESS : BY_SOCKET);
    writeFileSync(join(directory, OWNER_PREFIX + name), text, { flag: 'wx' });
  } catch (error) {
    release();
    throw error;
  }
  return { name, release };
}

function remove(directory: string, name: string): void {
  rmSync(join(directory, OWNER_PREFIX + name), { force: true });
  rmSync(join(directory, SOCKET_PREFIX + name), { force: true });
}

function socketPath(directory: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\zerocask-${name}` : join(directory, SOCKET_PREFIX + name);
}

/** A socket that answers and says nothing; undefined where none can be made. It does not keep the process alive. */
function listen(path: string): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) return Promise.resolve(undefined);
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ path, exclusive: true, writableAll: true }, () => resolve(server.unref()));
  });
}

/** Whether somebody listens there. When that can't be found out, somebody does. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
