/**
 * NearlyFull: a disk with so many bytes left. The write that needs more is cut short, as write(2) does it: it takes what
 * fits and says how much that was. The next one finds nothing left and fails with ENOSPC.
 */
import { type FileSystem, nodeFileSystem, type OpenFile } from '../engine/src/disk/file-system.ts';

export class NearlyFull {
  /** Bytes that still fit. Set it to make room. */
  room: number;
  readonly fs: FileSystem = {
    open: (path, mode) => this.#limit(nodeFileSystem.open(path, mode)),
    list: directory => nodeFileSystem.list(directory),
    rename: (from, to) => nodeFileSystem.rename(from, to),
    remove: path => nodeFileSystem.remove(path),
    makeDirectory: path => nodeFileSystem.makeDirectory(path),
    syncDirectory: path => nodeFileSystem.syncDirectory(path),
    changeMode: (path, mode) => nodeFileSystem.changeMode(path, mode),
  };

  constructor(room: number) {
    this.room = room;
  }

  #limit(file: OpenFile): OpenFile {
    return {
      read: (target, start, size, position) => file.read(target, start, size, position),
      write: (bytes, start, size, position) => file.write(bytes, start, this.#take(size), position),
      truncate: size => file.truncate(size),
      syncData: () => file.syncData(),
      syncDataLater: () => file.syncDataLater(),
      size: () => file.size(),
      close: () => file.close(),
    };
  }

  /** How many of `size` bytes fit. */
  #take(size: number): number {
    if (this.room === 0) throw new Error('ENOSPC: no space left on device, write');
    const taken = Math.min(size, this.room);
    this.room -= taken;
    return taken;
  }
}
