/**
 * TwoCopiesDisk: a file system in memory that has two copies of everything: what the operating system has in its page
 * cache, and what is on the disk. A write goes to the first, a sync takes it to the second; so do names (files made,
 * renamed, removed) and the sync of their directory. A kill leaves the first copy, a power cut the second.
 */
import { dirname, join } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../engine/src/disk/file-system.ts';

interface Bytes {
  cached: Buffer;
  onDisk: Buffer;
}

const failure = (code: string): Error => Object.assign(new Error(`${code}, says the disk with two copies`), { code });

export class TwoCopiesDisk implements FileSystem {
  /** The calls so far that write, sync or change names. */
  readonly calls: string[] = [];
  /** How long a sync in the background takes. */
  syncMs = 0;
  #names = new Map<string, Bytes>();
  #namesOnDisk = new Map<string, Bytes>();

  /** What is found when the process has been killed: all that the system has. */
  afterKill(): TwoCopiesDisk {
    return this.#copy(this.#names, bytes => bytes.cached);
  }

  /** What is found when the power has failed: all that is on the disk, and nothing else. */
  afterPowerCut(): TwoCopiesDisk {
    return this.#copy(this.#namesOnDisk, bytes => bytes.onDisk);
  }

  #copy(names: Map<string, Bytes>, keep: (bytes: Bytes) => Buffer): TwoCopiesDisk {
    const after = new TwoCopiesDisk();
    for (const [path, bytes] of names) after.#names.set(path, { cached: keep(bytes), onDisk: keep(bytes) });
    after.#namesOnDisk = new Map(after.#names);
    return after;
  }

  open(path: string, mode: OpenMode): OpenFile {
    if (mode === 'create') this.#create(path);
    const bytes = this.#names.get(path);
    if (bytes === undefined) throw failure('ENOENT');
    const note = (call: string): number => this.calls.push(call);
    const { syncMs } = this;
    return {
      read: (target, start, size, position) => bytes.cached.copy(target as Buffer, start, position, position + size),
      write: (source, start, size, position) => {
        note('write');
        const grown = Buffer.concat([bytes.cached], Math.max(bytes.cached.length, position + size));
        grown.set(source.subarray(start, start + size), position);
        bytes.cached = grown;
        return size;
      },
      truncate: size => {
        bytes.cached = Buffer.concat([bytes.cached], size);
      },
      syncData: () => {
        note('fdatasync');
        bytes.onDisk = bytes.cached;
      },
      syncDataLater: async () => {
        note('fdatasync');
        const covered = bytes.cached; // What is written from now on is not covered.
        await new Promise(resolve => setTimeout(resolve, syncMs));
        bytes.onDisk = covered;
      },
      size: () => bytes.cached.length,
      close: () => {},
    };
  }

  list(directory: string): string[] {
    const paths = [...this.#names.keys()].filter(path => dirname(path) === directory);
    return paths.map(path => path.slice(join(directory, '/').length));
  }

  rename(from: string, to: string): void {
    this.calls.push('rename');
    this.#names.set(to, this.#names.get(from)!);
    this.#names.delete(from);
  }

  remove(path: string): void {
    if (!this.#names.delete(path)) throw failure('ENOENT');
  }

  makeDirectory(): void {}

  syncDirectory(): void {
    this.calls.push('fsync of the directory');
    this.#namesOnDisk = new Map(this.#names);
  }

  changeMode(): void {}

  #create(path: string): void {
    if (this.#names.has(path)) throw failure('EEXIST');
    this.#names.set(path, { cached: Buffer.alloc(0), onDisk: Buffer.alloc(0) });
  }
}
