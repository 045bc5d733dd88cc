/**
 * Lock file: one process, and one Database in it, at a time.
 *
 * Where the program flock(1) is at hand, it locks the file LOCK through our own descriptor: the lock is the kernel's, so
 * it ends with the process however that ends. Elsewhere LOCK names its owner: process id, the machine's boot, and when
 * the process started; a lock whose owner is gone is taken over.
 * This file goes to node:fs directly: a lock is between processes, and a FileSystem is one process's view.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.ts';

export const LOCK_NAME = 'LOCK';
const OWNER_NAME = 'LOCK.owner';
const RETRY_MS = 25;

/** A lock that is held. */
export interface Lock {
  release(): void;
}

/** Lock a database directory. @throws {EngineError} `LOCKED` when somebody else still has it after `timeoutMs`. */
export async function lockDirectory(directory: string, timeoutMs: number): Promise<Lock> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const lock = tryFlock(directory);
    if (lock !== undefined) return lock;
    if (performance.now() >= endMs) throw locked(directory);
    await sleep(RETRY_MS);
  }
}

function locked(directory: string): EngineError {
  const owner = readText(join(directory, LOCK_NAME)).trim() || readText(join(directory, OWNER_NAME)).trim();
  const who = owner === '' ? 'another Database' : `another Database, of process ${owner.split(' ')[0]},`;
  return new EngineError('LOCKED', `${who} has ${directory} open: close it, or open another directory`);
}

/** One attempt by flock(1), or without it where it is absent: the lock, or undefined when it is held. */
function tryFlock(directory: string): Lock | undefined {
  const fd = openSync(join(directory, LOCK_NAME), 'a+', 0o644);
  const { status, error } = spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (error !== undefined || (status !== 0 && status !== 1)) {
    closeSync(fd);
    return tryOwnerFile(directory);
  }
  if (status === 1 || isAlive(readText(join(directory, OWNER_NAME)))) {
    closeSync(fd);
    return undefined;
  }
  writeOwner(directory, `${ownName()}\n`);
  return {
    release: () => {
      writeOwner(directory, '');
      closeSync(fd);
    },
  };
}

/** Say in LOCK who has it: for messages, and for processes that have no flock(1). */
function writeOwner(directory: string, text: string): void {
  try {
    writeFileSync(join(directory, LOCK_NAME), text);
  } catch {} // The lock itself holds without the text.
}

function tryOwnerFile(directory: string): Lock | undefined {
  const path = join(directory, OWNER_NAME);
  const name = ownName();
  const release = (): void => rmSync(path, { force: true });
  if (isAlive(readText(join(directory, LOCK_NAME)).trim())) return undefined;
  if (createWith(path, name)) return { release };
  const owner = readText(path);
  if (isAlive(owner) || !removeStale(path, owner)) return undefined;
  return createWith(path, name) ? { release } : undefined;
}

function createWith(path: string, text: string): boolean {
  try {
    const fd = openSync(path, 'wx', 0o644);
    writeSync(fd, text);
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Take a stale owner file away, unless somebody else has done so and put a new one in its place. */
function removeStale(path: string, owner: string): boolean {
  const aside = `${path}.${process.pid}.${performance.now()}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const isSame = readText(aside) === owner;
  if (!isSame) {
    try {
      linkSync(aside, path);
    } catch {} // Somebody has taken the name meanwhile: then the lock is theirs.
  }
  rmSync(aside, { force: true });
  return isSame;
}

/** This process: its id, the boot of the machine, and the start of the process, which tell it from a later namesake. */
function ownName(): string {
  return `${process.pid} ${bootId()} ${startOf(process.pid)}`;
}

function isAlive(owner: string): boolean {
  const [pid, boot, start] = owner.split(' ');
  if (pid === undefined || boot !== bootId()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === startOf(Number(pid));
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').trim() || 'unknown';
}

/** When a process started, as the system counts it; the field of /proc/PID/stat behind the name in parentheses. */
function startOf(pid: number): string {
  return readText(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[19] ?? 'unknown';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
