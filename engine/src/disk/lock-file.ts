/**
 * Lock file: one process, and one Database in it, at a time.
 *
 * Where the program flock(1) is at hand, it locks the file LOCK through our own descriptor: the lock is the kernel's, so
 * it ends with the process however that ends. Elsewhere see lock-owners.ts.
 * Invariant: whoever has a lock has said so before he looked whether somebody else has the lock of the other kind; so of
 * two who come at the same moment, one with flock(1) and one without, not both get it.
 * The files of locks are reached by node:fs directly: a lock is between processes, a FileSystem is one process's view.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.ts';
import { findOwner, lockByOwnerFile } from './lock-owners.ts';
import { isRunning, thisProcess } from './process-name.ts';

export const LOCK_NAME = 'LOCK';
const RETRY_MS = 25;

/**
 * How long to wait, in milliseconds, for a lock that nobody who is alive calls his own. It is just being taken or let go: a
 * child process that another thread starts in this moment has our descriptor too, until it runs a program of its own.
 */
const HANDOVER_MS = 500;

/** flock(1) ends with this when somebody else has the lock. */
const HELD_STATUS = 1;

/** Codes of spawn that mean: there is no flock(1) that we could run. */
const ABSENT: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENOSYS'];

/** A lock that is held. */
export interface Lock {
  /** Let go of it. A second call does nothing. */
  release(): void;
}

/** Lock a database directory. @throws {EngineError} `LOCKED` when somebody else still has it after `timeoutMs`. */
export async function lockDirectory(directory: string, timeoutMs: number): Promise<Lock> {
  const startMs = performance.now();
  for (;;) {
    const lock = await tryLock(directory);
    if (lock !== undefined) return lock;
    const named = readLock(directory);
    const owner = isRunning(named) ? named : await findOwner(directory);
    const patienceMs = owner === undefined ? Math.max(timeoutMs, HANDOVER_MS) : timeoutMs;
    if (performance.now() - startMs >= patienceMs) throw locked(directory, owner);
    await sleep(RETRY_MS);
  }
}

function locked(directory: string, owner: string | undefined): EngineError {
  const who = owner !== undefined ? `another Database, of process ${owner.split(' ')[0]},` : 'another Database';
  return new EngineError('LOCKED', `${who} has ${directory} open: close it, or open another directory`);
}

/** One attempt: the lock, or undefined when it is held. */
async function tryLock(directory: string): Promise<Lock | undefined> {
  const lock = tryFlock(directory);
  if (lock === 'absent') return lockByOwnerFile(directory, () => isRunning(readLock(directory)));
  if (lock === 'held') return undefined;
  if ((await findOwner(directory)) === undefined) return lock;
  lock.release();
  return undefined;
}

function tryFlock(directory: string): Lock | 'held' | 'absent' {
  const fd = openSync(join(directory, LOCK_NAME), 'a+', 0o644);
  const { status, error } = spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (error === undefined && status === 0) {
    writeLock(directory, `${thisProcess()}\n`);
    return new Flock(directory, fd);
  }
  closeSync(fd);
  if (error === undefined) return status === HELD_STATUS ? 'held' : 'absent'; // Some file systems know no flock.
  if (ABSENT.includes((error as NodeJS.ErrnoException).code)) return 'absent';
  throw error;
}

class Flock implements Lock {
  readonly #directory: string;
  #fd: number | undefined;

  constructor(directory: string, fd: number) {
    this.#directory = directory;
    this.#fd = fd;
  }

  release(): void {
    if (this.#fd === undefined) return; // By now the number may be that of another file, which is not ours to close.
    writeLock(this.#directory, '');
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Say in LOCK who has it: for messages, and for processes that have no flock(1). */
function writeLock(directory: string, text: string): void {
  try {
    writeFileSync(join(directory, LOCK_NAME), text);
  } catch {} // The lock itself holds without the text.
}

function readLock(directory: string): string {
  try {
    return readFileSync(join(directory, LOCK_NAME), 'utf8').trim();
  } catch {
    return '';
  }
}
