/**
 * PowerCutFileSystem: files in memory, with a second copy of each as the disk has it: what was written is in the first,
 * what was synced in the second. A power cut gives a new file system that begins with what the disk had.
 *
 * A disk may also have more than was synced, as the system writes pages back whenever it likes; so a cut can lose all
 * unsynced bytes, keep them, or keep some sectors of 512 bytes, and lose or keep unsynced names.
 */
import { relative } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../../engine/src/disk/file-system.ts';
import { diskError } from './fault-file-system.ts';

/** What becomes of bytes that were not synced, and of names (files made, renamed, removed) that were not. */
export interface Cut {
  readonly bytes: 'lost' | 'kept' | 'torn';
  readonly names: 'lost' | 'kept';
  /** For torn bytes: whether the disk has a sector. Default: every other one. */
  readonly keepSector?: (sector: number) => boolean;
}

const SECTOR = 512;

class MemoryFile {
  content: Buffer = Buffer.alloc(0);
  onDisk: Buffer = Buffer.alloc(0);
  /** Syncs so far: one that takes its time must not undo a later one that was faster. */
  syncs = 0;

  after(cut: Cut): MemoryFile {
    const file = new MemoryFile();
    file.content = this.#contentAfter(cut);
    file.onDisk = file.content;
    return file;
  }

  #contentAfter({ bytes, keepSector = sector => sector % 2 === 0 }: Cut): Buffer {
    if (bytes === 'lost') return Buffer.from(this.onDisk);
    if (bytes === 'kept') return Buffer.from(this.content);
    const torn = Buffer.alloc(this.content.length); // The size may be on the disk and the bytes not: they read as zeroes.
    this.onDisk.copy(torn);
    for (let at = 0; at < torn.length; at += SECTOR) {
      if (keepSector(at / SECTOR)) this.content.copy(torn, at, at, at + SECTOR);
    }
    return torn;
  }
}

export class PowerCutFileSystem implements FileSystem {
  readonly root: string;
  #names = new Map<string, MemoryFile>();
  #namesOnDisk = new Map<string, MemoryFile>();

  /** Files in `root` and below. The directory itself has to be there: the engine puts its lock into it. */
  constructor(root: string) {
    this.root = root;
  }

  /** The file system that a machine would find after a power cut now, as if it stood in `root`. */
  cutPower(cut: Cut, root: string): PowerCutFileSystem {
    const after = new PowerCutFileSystem(root);
    for (const [name, file] of cut.names === 'kept' ? this.#names : this.#namesOnDisk) {
      after.#names.set(name, file.after(cut));
    }
    after.#namesOnDisk = new Map(after.#names);
    return after;
  }

  /** A second file system with all that this one has now, as a process killed now would leave it. */
  copy(root: string): PowerCutFileSystem {
    const copies = new Map<MemoryFile, MemoryFile>();
    const copyOf = (file: MemoryFile): MemoryFile => {
      const copy = copies.get(file) ?? Object.assign(new MemoryFile(), file);
      copies.set(file, copy);
      return copy;
    };
    const after = new PowerCutFileSystem(root);
    for (const [name, file] of this.#names) after.#names.set(name, copyOf(file));
    for (const [name, file] of this.#namesOnDisk) after.#namesOnDisk.set(name, copyOf(file));
    return after;
  }

  /** The bytes of a file, by its path below the root. */
  bytesOf(name: string): Buffer {
    const file = this.#names.get(name);
    if (file === undefined) throw diskError('ENOENT');
    return file.content;
  }

  /** Change the bytes of a file behind the engine's back. */
  change(name: string, change: (bytes: Buffer) => Buffer): void {
    const file = this.#names.get(name) ?? this.#create(name);
    file.content = change(Buffer.from(file.content));
  }

  open(path: string, mode: OpenMode): OpenFile {
    const name = this.#nameOf(path);
    const file = mode === 'create' ? this.#create(name) : this.#names.get(name);
    if (file === undefined) throw diskError('ENOENT');
    return {
      read: (target, start, size, position) => {
        const bytes = file.content.subarray(position, position + size);
        target.set(bytes, start);
        return bytes.length;
      },
      write: (bytes, start, size, position) => {
        const end = position + size;
        file.content = Buffer.concat([file.content], Math.max(end, file.content.length)); // A copy: others may hold it.
        file.content.set(bytes.subarray(start, start + size), position);
        return size;
      },
      truncate: size => {
        file.content = Buffer.concat([file.content], size);
      },
      syncData: () => {
        file.syncs++;
        file.onDisk = Buffer.from(file.content);
      },
      syncDataLater: async () => {
        const sync = ++file.syncs;
        const synced = Buffer.from(file.content);
        await new Promise(setImmediate);
        if (sync === file.syncs) file.onDisk = synced;
      },
      size: () => file.content.length,
      close: () => {},
    };
  }

  list(directory: string): string[] {
    const prefix = this.#nameOf(directory);
    const names = [...this.#names.keys()].map(name => relative(prefix, name));
    return names.filter(name => !name.includes('/') && name !== '..');
  }

  rename(from: string, to: string): void {
    const file = this.#names.get(this.#nameOf(from));
    if (file === undefined) throw diskError('ENOENT');
    this.#names.delete(this.#nameOf(from));
    this.#names.set(this.#nameOf(to), file);
  }

  remove(path: string): void {
    if (!this.#names.delete(this.#nameOf(path))) throw diskError('ENOENT');
  }

  makeDirectory(): void {}

  syncDirectory(directory: string): void {
    const prefix = this.#nameOf(directory);
    const isInside = (name: string): boolean => !relative(prefix, name).includes('/');
    for (const name of this.#namesOnDisk.keys()) if (isInside(name)) this.#namesOnDisk.delete(name);
    for (const [name, file] of this.#names) if (isInside(name)) this.#namesOnDisk.set(name, file);
  }

  changeMode(): void {}

  #create(name: string): MemoryFile {
    if (this.#names.has(name)) throw diskError('EEXIST');
    const file = new MemoryFile();
    this.#names.set(name, file);
    return file;
  }

  #nameOf(path: string): string {
    return relative(this.root, path);
  }
}
