/**
 * ForgetfulDisk: one directory of files in memory that keeps only what was synced once its power is cut.
 *
 * A write changes what programs see. It reaches the platter with the fsync of its file; a new, removed or renamed name
 * does so with the fsync of the directory, which is opened as '.'. Until then the disk may keep it or lose it.
 * Left out: flags (every file is open for appending), and a disk that keeps a part of what was not synced, as real ones do.
 */
import type { Disk } from './mini-cask.ts';

/** A file without its name: the bytes that programs see, and those on the platter. */
interface Inode {
  bytes: Buffer;
  platter: Buffer;
}

/** A disk for experiments: `contents` and `place` look at it and damage it, `powerCut` pulls its plug. */
export class ForgetfulDisk implements Disk {
  #names = new Map<string, Inode>();
  #platterNames = new Map<string, Inode>();
  readonly #open: (Inode | 'directory')[] = [];

  openSync(path: string, _flags: string): number {
    if (path === '.') return this.#open.push('directory') - 1;
    const inode = this.#names.get(path) ?? { bytes: Buffer.alloc(0), platter: Buffer.alloc(0) };
    this.#names.set(path, inode);
    return this.#open.push(inode) - 1;
  }

  fstatSync(fd: number): { size: number } {
    return { size: this.#inode(fd).bytes.length };
  }

  readSync(fd: number, target: Buffer, at: number, size: number, position: number): number {
    return this.#inode(fd)
      .bytes.subarray(position, position + size)
      .copy(target, at);
  }

  writeSync(fd: number, bytes: Buffer): number {
    const inode = this.#inode(fd);
    inode.bytes = Buffer.concat([inode.bytes, bytes]);
    return bytes.length;
  }

  closeSync(fd: number): void {
    delete this.#open[fd];
  }

  renameSync(from: string, to: string): void {
    this.#names.set(to, this.#names.get(from)!);
    this.#names.delete(from);
  }

  rmSync(path: string, _options: { force: boolean }): void {
    this.#names.delete(path);
  }

  #inode(fd: number): Inode {
    const file = this.#open[fd];
    if (file === undefined || file === 'directory') throw new Error(`${fd} is not an open file`);
    return file;
  }

  fsyncSync(fd: number): void {
    if (this.#open[fd] === 'directory') this.#platterNames = new Map(this.#names);
    else this.#inode(fd).platter = this.#inode(fd).bytes;
  }

  /** Pull the plug, and start again. Names that were changed since the directory was synced are kept or lost, as you say. */
  powerCut(names: 'kept' | 'lost'): void {
    this.#names = new Map(names === 'kept' ? this.#names : this.#platterNames);
    this.#platterNames = new Map(this.#names);
    for (const inode of this.#names.values()) inode.bytes = inode.platter;
    this.#open.length = 0;
  }

  /** The bytes of a file, a copy, for looking at and for damaging; empty where there is no such file. */
  contents(path: string): Buffer {
    return Buffer.from(this.#names.get(path)?.bytes ?? []);
  }

  /** Lay a file on the platter, as somebody else may have left it there. */
  place(path: string, bytes: Buffer): void {
    this.#names.set(path, { bytes, platter: bytes });
    this.#platterNames.set(path, this.#names.get(path)!);
  }
}
