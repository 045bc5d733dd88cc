/** A disk on which a sync fails once, and everything after that looks well. */
import type { FileSystem, OpenFile, OpenMode } from '../engine/src/disk/file-system.ts';

/** A file system over another one, whose syncs can fail the way they do on Linux. */
export class LyingDisk implements FileSystem {
  /** Have the next sync of a file fail. */
  failNext = false;
  readonly #under: FileSystem;
  /** Files a sync of which has failed. */
  readonly #lost = new Set<string>();

  constructor(under: FileSystem) {
    this.#under = under;
  }

  open(path: string, mode: OpenMode): OpenFile {
    if (mode === 'create') this.#lost.delete(path);
    const file = this.#under.open(path, mode);
    return {
      read: (target, start, size, position) => file.read(target, start, size, position),
      write: (bytes, start, size, position) => file.write(bytes, start, size, position),
      truncate: size => file.truncate(size),
      syncData: () => {
        if (this.#mayAsk(path)) file.syncData();
      },
      syncDataLater: async () => {
        if (this.#mayAsk(path)) await file.syncDataLater();
      },
      size: () => file.size(),
      close: () => file.close(),
    };
  }

  /** Whether the disk is asked at all. Once a sync has failed it never is again, and nobody is told. */
  #mayAsk(path: string): boolean {
    if (this.failNext) {
      this.failNext = false;
      this.#lost.add(path);
      throw Object.assign(new Error('EIO: input/output error, fdatasync'), { code: 'EIO' });
    }
    return !this.#lost.has(path);
  }

  list(directory: string): string[] {
    return this.#under.list(directory);
  }

  rename(from: string, to: string): void {
    this.#under.rename(from, to);
    this.#lost.delete(to);
    if (this.#lost.delete(from)) this.#lost.add(to);
  }

  remove(path: string): void {
    this.#under.remove(path);
    this.#lost.delete(path);
  }

  makeDirectory(path: string): void {
    this.#under.makeDirectory(path);
  }

  syncDirectory(path: string): void {
    this.#under.syncDirectory(path);
  }

  changeMode(path: string, mode: number): void {
    this.#under.changeMode(path, mode);
  }
}
