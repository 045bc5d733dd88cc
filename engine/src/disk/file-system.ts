/**
 * File system: everything the engine asks of the disk, and nothing else. Code above this file never imports node:fs, so
 * a test can hand in a file system that is full, that fails, or that forgets whatever was not synced.
 *
 * Calls are synchronous: with the page in the operating system's cache a read takes about a microsecond, a promise for
 * it more than ten. The one exception is the wait for the disk itself, `syncDataLater`, which many writers share.
 * Invariant: errors are Node's own, with their `code` (`ENOSPC`, `ENOENT` ...); who calls decides what they mean.
 */

import * as nodeFs from 'node:fs';
import { dirname } from 'node:path';

/** How a file is opened: to read; to read and write; the same, but it must not exist yet. */
export type OpenMode = 'read' | 'write' | 'create';

/** An open file. Positions and sizes are bytes. */
export interface OpenFile {
  /** Read up to `size` bytes at `position` into `target[start...]`; returns how many were there, 0 at the end of the file. */
  read(target: Uint8Array, start: number, size: number, position: number): number;
  /** Write `bytes[start, start + size)` at `position`; returns how many bytes were taken, which may be fewer. */
  write(bytes: Uint8Array, start: number, size: number, position: number): number;
  /** Make the file end at `size`. */
  truncate(size: number): void;
  /** Return when everything written so far is on the disk (fdatasync). */
  syncData(): void;
  /** The same without holding up the program: everything written before this call. */
  syncDataLater(): Promise<void>;
  /** The size of the file, as of now. */
  size(): number;
  /** Let go of the file; what was written stays written. */
  close(): void;
}

/** A file system, as much of it as the engine uses. */
export interface FileSystem {
  /** Open a file, or make one. */
  open(path: string, mode: OpenMode): OpenFile;
  /** The names in a directory, in no order. */
  list(directory: string): string[];
  /** Put `from` in the place of `to`; whoever opens `to` finds the old file or the new one, never half of either. */
  rename(from: string, to: string): void;
  /** Take a file's name away; whoever has the file open keeps it. */
  remove(path: string): void;
  /** Make a directory, and its parents where they lack. */
  makeDirectory(path: string): void;
  /** Return when the names in this directory (files made, renamed, removed) are on the disk. */
  syncDirectory(path: string): void;
  /** Set the permissions of a file, as in chmod(2). */
  changeMode(path: string, mode: number): void;
}

const OPEN_FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

class NodeFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(target: Uint8Array, start: number, size: number, position: number): number {
    return nodeFs.readSync(this.#fd, target, start, size, position);
  }

  write(bytes: Uint8Array, start: number, size: number, position: number): number {
    return nodeFs.writeSync(this.#fd, bytes, start, size, position);
  }

  truncate(size: number): void {
    nodeFs.ftruncateSync(this.#fd, size);
  }

  syncData(): void {
    nodeFs.fdatasyncSync(this.#fd);
  }

  /**
   * Through a descriptor of its own: the system tells each descriptor once that bytes could not be written back, and two
   * syncs by one descriptor at the same time would hear of it one in place of the other.
   */
  syncDataLater(): Promise<void> {
    const own = openAgain(this.#fd);
    return new Promise((resolve, reject) => {
      nodeFs.fdatasync(own ?? this.#fd, error => {
        if (own !== undefined) nodeFs.closeSync(own);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  size(): number {
    return nodeFs.fstatSync(this.#fd).size;
  }

  close(): void {
    nodeFs.closeSync(this.#fd);
  }
}

/** A second descriptor of an open file, whatever its name is by now; undefined where the system has no way to it. */
function openAgain(fd: number): number | undefined {
  try {
    return nodeFs.openSync(`/proc/self/fd/${fd}`, 'r');
  } catch {
    return undefined;
  }
}

/** Node's own `recursive` never ends where a parent exists but takes no new names, as in /proc. */
function makeDirectory(path: string): void {
  if (nodeFs.existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    nodeFs.mkdirSync(path);
  } catch (error) {
    if (!nodeFs.existsSync(path)) throw error; // Else somebody else has made it in this moment.
  }
}

/** The file system of this machine: each method is a call or two of node:fs, and its errors are Node's. */
export const nodeFileSystem: FileSystem = {
  open: (path, mode) => new NodeFile(nodeFs.openSync(path, OPEN_FLAGS[mode], 0o644)),
  list: directory => nodeFs.readdirSync(directory),
  rename: (from, to) => nodeFs.renameSync(from, to),
  remove: path => nodeFs.unlinkSync(path),
  makeDirectory,
  syncDirectory: path => {
    if (process.platform === 'win32') return; // Windows has no call for it: NTFS keeps names in a journal of its own.
    const fd = nodeFs.openSync(path, 'r');
    try {
      nodeFs.fsyncSync(fd);
    } finally {
      nodeFs.closeSync(fd);
    }
  },
  changeMode: (path, mode) => nodeFs.chmodSync(path, mode),
};
