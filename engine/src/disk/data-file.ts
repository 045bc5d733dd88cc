/**
 * Data file: one file of the log. Bytes are added at its end and never changed.
 *
 * Invariants: (1) `size` counts only bytes that were written whole: after a failed append it is what it was;
 *             (2) every write goes to an offset that we name, so a failed one is simply written over.
 * Left out: what the bytes mean (format/), and when a file is full.
 */

import { join } from 'node:path';
import { CorruptionError, EngineError } from '../errors.ts';
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_SIZE } from '../format/file-header.ts';
import { dataFileName, type FileId } from './file-names.ts';
import type { FileSystem, OpenFile } from './file-system.ts';

/** Write all of it: the system may take fewer bytes than it was given. */
export function writeFully(file: OpenFile, bytes: Uint8Array, start: number, size: number, position: number): void {
  let done = 0;
  while (done < size) {
    const count = file.write(bytes, start + done, size - done, position + done);
    if (count === 0) throw new EngineError('IO', `the disk takes no bytes at offset ${position + done}`);
    done += count;
  }
}

/** Read until `size` bytes are there or the file ends; returns how many there were. */
export function readFully(file: OpenFile, target: Uint8Array, start: number, size: number, position: number): number {
  let done = 0;
  while (done < size) {
    const count = file.read(target, start + done, size - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** A data file, open for reading, or for reading and appending. */
export class DataFile {
  readonly id: FileId;
  /** What every CRC in this file begins with. */
  readonly salt: number;
  readonly #file: OpenFile;
  #size: number;

  private constructor(id: FileId, salt: number, file: OpenFile, size: number) {
    this.id = id;
    this.salt = salt;
    this.#file = file;
    this.#size = size;
  }

  /** Make a new data file in `directory`, with its header in it. The file must not exist. A merge gives it another name. */
  static create(
    fs: FileSystem,
    directory: string,
    id: FileId,
    salt: number,
    name: string = dataFileName(id),
  ): DataFile {
    const path = join(directory, name);
    const file = fs.open(path, 'create');
    const dataFile = new DataFile(id, salt, file, 0);
    try {
      dataFile.append(encodeFileHeader({ fileId: id, salt }));
      return dataFile;
    } catch (error) {
      file.close();
      fs.remove(path);
      throw error;
    }
  }

  /**
   * Open an existing data file for reading.
   * @throws {CorruptionError} when its header is not that of data file `id`.
   */
  static open(fs: FileSystem, directory: string, id: FileId): DataFile {
    const name = dataFileName(id);
    const file = fs.open(join(directory, name), 'read');
    try {
      const bytes = Buffer.alloc(FILE_HEADER_SIZE);
      const header = decodeFileHeader(bytes.subarray(0, readFully(file, bytes, 0, FILE_HEADER_SIZE, 0)));
      if (typeof header === 'string') throw new CorruptionError(name, 0, `the file header is ${header}`);
      if (header.fileId !== id) throw new CorruptionError(name, 0, `the file header is that of file ${header.fileId}`);
      return new DataFile(id, header.salt, file, file.size());
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Open a data file whose header may be damaged, for what stands behind it. Only with the right salt can a record in it
   * be read.
   */
  static openWithSalt(fs: FileSystem, directory: string, id: FileId, salt: number): DataFile {
    const file = fs.open(join(directory, dataFileName(id)), 'read');
    try {
      return new DataFile(id, salt, file, file.size());
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes in the file, its header included: the offset of the next record. */
  get size(): number {
    return this.#size;
  }

  get name(): string {
    return dataFileName(this.id);
  }

  /** Write `bytes[start, end)` at the end of the file; returns the offset where they begin. */
  append(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const offset = this.#size;
    writeFully(this.#file, bytes, start, end - start, offset);
    this.#size = offset + end - start;
    return offset;
  }

  /** A copy of the `size` bytes at `offset`. */
  read(offset: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    this.readInto(bytes, 0, offset, size);
    return bytes;
  }

  /**
   * Copy the `size` bytes at `offset` to `target[start...]`.
   * @throws {CorruptionError} when the file has fewer.
   */
  readInto(target: Uint8Array, start: number, offset: number, size: number): void {
    const count = readFully(this.#file, target, start, size, offset);
    if (count < size) throw new CorruptionError(this.name, offset, `the file ends after ${count} of ${size} bytes`);
  }

  /** Return when every byte appended so far is on the disk. */
  sync(): void {
    this.#file.syncData();
  }

  /** The same without holding up the program. */
  syncLater(): Promise<void> {
    return this.#file.syncDataLater();
  }

  /** Cut off whatever a failed append has left behind the end. */
  cutBack(): void {
    this.#file.truncate(this.#size);
  }

  close(): void {
    this.#file.close();
  }
}
