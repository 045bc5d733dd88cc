/** SparseFiles: a file system in memory that keeps no zeroes, so that files of many gigabytes fit when they hold little. */
import type { FileSystem, OpenFile } from '../../engine/src/disk/file-system.ts';
import { SimulatedDisk } from '../support/fault-house/index.ts';

const CHUNK = 64 * 1024;
const ZEROES = Buffer.alloc(CHUNK);

class SparseFile {
  size = 0;
  readonly #chunks = new Map<number, Buffer>();

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const [index, offset] = [Math.floor(at / CHUNK), at % CHUNK];
      const part = bytes.subarray(done, done + CHUNK - offset);
      if (this.#chunks.has(index) || ZEROES.compare(part, 0, part.length, 0, part.length) !== 0) {
        const chunk = this.#chunks.get(index) ?? Buffer.alloc(CHUNK);
        chunk.set(part, offset);
        this.#chunks.set(index, chunk);
      }
      done += part.length;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  read(target: Uint8Array, position: number): number {
    const size = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < size; ) {
      const at = position + done;
      const [index, offset] = [Math.floor(at / CHUNK), at % CHUNK];
      const end = Math.min(size, done + CHUNK - offset);
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) target.fill(0, done, end);
      else target.set(chunk.subarray(offset, offset + end - done), done);
      done = end;
    }
    return size;
  }
}

/** Data files are sparse; all others are those of a simulated disk. */
export function sparseFiles(root: string): FileSystem {
  const disk = new SimulatedDisk(root);
  const files = new Map<string, SparseFile>();
  const isSparse = (path: string): boolean => path.endsWith('.data');
  return {
    open: (path, mode) => {
      const under = disk.open(path, mode);
      if (!isSparse(path)) return under;
      if (mode === 'create') files.set(path, new SparseFile());
      const file = files.get(path)!;
      const sparse: OpenFile = {
        ...under,
        read: (target, start, size, position) => file.read(target.subarray(start, start + size), position),
        write: (bytes, start, size, position) => {
          file.write(bytes.subarray(start, start + size), position);
          return size;
        },
        truncate: size => {
          file.size = size;
        },
        size: () => file.size,
      };
      return sparse;
    },
    list: directory => disk.list(directory),
    rename: (from, to) => disk.rename(from, to),
    remove: path => disk.remove(path),
    makeDirectory: path => disk.makeDirectory(path),
    syncDirectory: path => disk.syncDirectory(path),
    changeMode: path => disk.changeMode(path),
  };
}
