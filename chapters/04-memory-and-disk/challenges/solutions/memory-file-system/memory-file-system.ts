/** MemoryFileSystem: files in memory, for tests that open a thousand databases. Names lead to inodes, so an open file outlives its name. */
import { dirname, resolve } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../engine/src/disk/file-system.ts';

interface Inode {
  bytes: Buffer;
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code });
}

class MemoryFile implements OpenFile {
  readonly #inode: Inode;
  readonly #writable: boolean;

  constructor(inode: Inode, writable: boolean) {
    this.#inode = inode;
    this.#writable = writable;
  }

  read(target: Uint8Array, start: number, size: number, position: number): number {
    const part = this.#inode.bytes.subarray(position, position + size);
    target.set(part, start);
    return part.length;
  }

  write(bytes: Uint8Array, start: number, size: number, position: number): number {
    if (!this.#writable) throw failure('EBADF', 'write', '');
    if (position + size > this.size()) this.truncate(position + size);
    this.#inode.bytes.set(bytes.subarray(start, start + size), position);
    return size;
  }

  truncate(size: number): void {
    if (!this.#writable) throw failure('EINVAL', 'ftruncate', '');
    const bytes = Buffer.alloc(size);
    this.#inode.bytes.copy(bytes);
    this.#inode.bytes = bytes;
  }

  syncData(): void {}

  async syncDataLater(): Promise<void> {}

  size(): number {
    return this.#inode.bytes.length;
  }

  close(): void {}
}

export class MemoryFileSystem implements FileSystem {
  readonly #files = new Map<string, Inode>();
  readonly #directories = new Set<string>([resolve('/')]);

  open(path: string, mode: OpenMode): OpenFile {
    const name = resolve(path);
    const known = this.#files.get(name);
    if (mode === 'create') {
      if (!this.#directories.has(dirname(name))) throw failure('ENOENT', 'open', path);
      if (known !== undefined) throw failure('EEXIST', 'open', path);
      const inode = { bytes: Buffer.alloc(0) };
      this.#files.set(name, inode);
      return new MemoryFile(inode, true);
    }
    if (known === undefined) throw failure('ENOENT', 'open', path);
    return new MemoryFile(known, mode === 'write');
  }

  list(directory: string): string[] {
    const name = resolve(directory);
    if (!this.#directories.has(name)) throw failure('ENOENT', 'scandir', directory);
    const inside = [...this.#files.keys(), ...this.#directories].filter(
      path => path !== name && dirname(path) === name,
    );
    return inside.map(path => path.slice(name.length).replace(/^[\\/]/, ''));
  }

  rename(from: string, to: string): void {
    const inode = this.#files.get(resolve(from));
    if (inode === undefined) throw failure('ENOENT', 'rename', from);
    this.#files.delete(resolve(from));
    this.#files.set(resolve(to), inode);
  }

  remove(path: string): void {
    if (!this.#files.delete(resolve(path))) throw failure('ENOENT', 'unlink', path);
  }

  makeDirectory(path: string): void {
    for (let name = resolve(path); !this.#directories.has(name); name = dirname(name)) this.#directories.add(name);
  }

  syncDirectory(_path: string): void {}

  changeMode(_path: string, _mode: number): void {}
}
