/**
 * CountedFile: a file that counts what passes through it, so that the cost of a store is a number and not an opinion.
 * Left out: syncing, and every error that a disk can answer with (chapters 04 and 08).
 */
import * as fs from 'node:fs';

/** What a store has asked of its files so far. Sizes are bytes. */
export interface Counters {
  writes: number;
  bytesWritten: number;
  reads: number;
  bytesRead: number;
}

/** Counters that have counted nothing yet: writes, bytesWritten, reads and bytesRead, each 0. */
export const newCounters = (): Counters => ({ writes: 0, bytesWritten: 0, reads: 0, bytesRead: 0 });

/** One open file. Several files may share one set of counters. */
export class CountedFile {
  readonly #path: string;
  readonly #counters: Counters;
  readonly #fd: number;
  #size: number;

  constructor(path: string, counters: Counters) {
    this.#path = path;
    this.#counters = counters;
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT);
    this.#size = fs.fstatSync(this.#fd).size;
  }

  /** The length of the file in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Write at the end of the file. The answer is the offset of the first byte. */
  append(bytes: Buffer): number {
    const offset = this.#size;
    this.writeAt(offset, bytes);
    return offset;
  }

  /** Write over whatever stands at `offset`. */
  writeAt(offset: number, bytes: Buffer): void {
    fs.writeSync(this.#fd, bytes, 0, bytes.length, offset);
    this.#counters.writes += 1;
    this.#counters.bytesWritten += bytes.length;
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  /** Up to `size` bytes from `offset`; fewer where the file ends before that. Counted is what was there. */
  readAt(offset: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    const got = fs.readSync(this.#fd, bytes, 0, size, offset);
    this.#counters.reads += 1;
    this.#counters.bytesRead += got;
    return bytes.subarray(0, got);
  }

  /** Throw the contents away and start again at byte 0. */
  clear(): void {
    fs.ftruncateSync(this.#fd, 0);
    this.#size = 0;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** Close the file and delete it. */
  remove(): void {
    this.close();
    fs.unlinkSync(this.#path);
  }
}
