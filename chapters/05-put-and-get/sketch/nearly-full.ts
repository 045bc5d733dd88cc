/**
 * NearlyFull: a disk with so many bytes left. The write that needs more is cut short, as write(2) does it: it takes what
 * fits and says how much that was. The next one finds nothing left and fails with ENOSPC.
 */
import { type FileSystem, nodeFileSystem, type OpenFile } from '../engine/src/disk/file-system.ts';

export class NearlyFull {
  /** Bytes that still fit. Set it to make room. */
  room: number;
  readonly fs: FileSystem = {
    ...nodeFileSystem,
    open: (path, mode) => this.#limit(nodeFileSystem.open(path, mode)),
  };

  constructor(room: number) {
    this.room = room;
  }

  #limit(file: OpenFile): OpenFile {
    const write = file.write.bind(file);
    file.write = (bytes, start, size, position) => write(bytes, start, this.#take(size), position);
    return file;
  }

  /** How many of `size` bytes fit. */
  #take(size: number): number {
    if (this.room === 0) throw new Error('ENOSPC: no space left on device, write');
    const taken = Math.min(size, this.room);
    this.room -= taken;
    return taken;
  }
}
