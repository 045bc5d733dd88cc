/**
 * Verify: is all that should be in a database there, and readable? Of a directory that nobody has open, or of an open
 * database while it is used. Nothing is changed, and what is wrong is an answer, not an error.
 *
 * Left out: bytes that were never written, or are still pending; and whether the values mean anything.
 */

import { DataFile } from '../disk/data-file.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { EngineError } from '../errors.ts';
import { decodeRecord, KIND_BATCH_END, KIND_PUT } from '../format/record.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import { type Entry, toKeyString } from '../keydir/keydir.ts';
import type { Log } from '../log/log.ts';
import type { CheckOptions } from '../options.ts';
import { type CheckedDirectory, checkDirectory } from './check-directory.ts';
import { checkFile, type Problem, type Witness } from './check-file.ts';
import { TimeSlices } from './time-slices.ts';

/** What {@link Database.verify} has found. */
export interface VerifyReport {
  /** Data files, and records that could be read in them. */
  readonly files: number;
  readonly records: number;
  /** Keys whose entry was compared with its record; 0 for a directory that is not open. */
  readonly entries: number;
  /** What is wrong; empty when nothing is. */
  readonly problems: readonly Problem[];
  /** Writes that never ended, in a directory that is not open: the next opening cuts them, and keeps them in lost/. */
  readonly tails: readonly Problem[];
}

/** Verify a directory that nobody has open. No file is opened for writing. */
export async function verifyDirectory(fs: FileSystem, directory: string, options: CheckOptions): Promise<VerifyReport> {
  const { files, problems, tails } = await checkDirectory(fs, directory, new TimeSlices(options));
  return { files: files.length, records: countRecords(files), entries: 0, problems, tails };
}

const countRecords = (files: CheckedDirectory['files']): number => files.reduce((sum, { records }) => sum + records, 0);

/** What is to be verified of an open database. */
export interface OpenParts {
  readonly fs: FileSystem;
  readonly log: Log;
  /** The spaces that there are now, by id. */
  readonly indexes: () => Iterable<readonly [id: number, index: KeyIndex]>;
  readonly isClosed: () => boolean;
}

/** Verify an open database: sealed files, and what is written of the others; then each entry of the index. */
export async function verifyOpen(parts: OpenParts, options: CheckOptions): Promise<VerifyReport> {
  return new OpenVerification(parts, options).run();
}

class OpenVerification {
  readonly #parts: OpenParts;
  readonly #slices: TimeSlices;
  readonly #problems: Problem[] = [];
  /** Bytes that could not be read, by file: entries that lie there are told of already. */
  readonly #gaps = new Map<FileId, { readonly start: number; readonly end: number }[]>();
  #files = 0;
  #records = 0;
  #entries = 0;

  constructor(parts: OpenParts, options: CheckOptions) {
    this.#parts = parts;
    this.#slices = new TimeSlices(options);
  }

  async run(): Promise<VerifyReport> {
    const listed = [...this.#parts.log.manifest.files];
    this.#slices.bytesTotal = listed.reduce((sum, live) => sum + this.#endOf(live), 0);
    for (const live of listed) await this.#checkFile(live);
    for (const [id, index] of [...this.#parts.indexes()]) await this.#checkIndex(id, index);
    const counts = { files: this.#files, records: this.#records, entries: this.#entries };
    return { ...counts, problems: this.#problems, tails: [] };
  }

  /** Up to where a file has been written. */
  #endOf(live: LiveFile): number {
    return live.sealedSize ?? this.#parts.log.files.get(live.id).size;
  }

  // ----------------------------------------------------------------------------------------------------------- files

  async #checkFile(live: LiveFile): Promise<void> {
    this.#assertOpen();
    if (!this.#parts.log.manifest.files.includes(live)) return; // It has been merged meanwhile.
    this.#files++;
    const file = this.#openFile(live);
    if (file === undefined) {
      this.#gaps.set(live.id, [{ start: 0, end: Number.POSITIVE_INFINITY }]);
      return;
    }
    try {
      await checkFile(file, this.#endOf(live), this.#witnessOf(live.id), this.#slices);
    } finally {
      file.close();
    }
  }

  #witnessOf(id: FileId): Witness {
    const gaps: { start: number; end: number }[] = [];
    this.#gaps.set(id, gaps);
    return {
      record: ({ kind }) => {
        this.#assertOpen();
        if (kind !== KIND_BATCH_END) this.#records++;
      },
      gap: (start, size) => gaps.push({ start, end: start + size }),
      problem: problem => this.#problems.push(problem),
    };
  }

  /** The file through a descriptor of our own: the log may close its own meanwhile. */
  #openFile({ id, salt }: LiveFile): DataFile | undefined {
    const { fs, log } = this.#parts;
    try {
      const file = DataFile.open(fs, log.directory, id);
      if (file.salt === salt) return file;
      file.close();
      this.#tell(id, 0, 'FILE_HEADER', 'the file header is that of another file with this number');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'CORRUPT') this.#tell(id, 0, 'FILE_HEADER', 'the file header cannot be read');
      else if (code === 'ENOENT') this.#tell(id, 0, 'FILE_MISSING', 'the file is missing');
      else throw error;
    }
    return undefined;
  }

  // ----------------------------------------------------------------------------------------------------------- index

  async #checkIndex(space: number, index: KeyIndex): Promise<void> {
    const { log } = this.#parts;
    const { position } = log;
    const { size } = index.keydir;
    let count = 0;
    for (const entry of index.keydir.entries()) {
      this.#checkEntry(space, entry);
      // Keys that came meanwhile stand at the end, perhaps ever more of them; those are somebody else's to verify.
      if (++count > size) break;
      if (!this.#slices.step(entry.recordSize)) continue;
      await this.#slices.rest();
      this.#assertOpen();
    }
    this.#entries += count;
    if (log.position === position && count !== size) {
      const message = `space ${space} says that it has ${size} keys, and has ${count}`;
      this.#problems.push({ file: '', offset: 0, code: 'COUNT', message });
    }
  }

  /** Without a pause: what the entry says holds until the next. */
  #checkEntry(space: number, entry: Entry): void {
    if (this.#parts.log.isPending(entry) || this.#isInGap(entry)) return;
    const wrong = this.#wrongWith(space, entry);
    if (wrong !== undefined) this.#tell(entry.fileId, entry.recordOffset, 'ENTRY', wrong);
  }

  #wrongWith(space: number, { key, fileId, recordOffset, recordSize, valueSize, valueSeq }: Entry): string | undefined {
    try {
      const file = this.#parts.log.files.get(fileId);
      const record = decodeRecord(file.read(recordOffset, recordSize), 0, file.salt, recordOffset);
      if (typeof record === 'string') return 'its record cannot be read';
      const isOfKey = record.kind === KIND_PUT && record.space === space && toKeyString(record.key) === key;
      const fits = record.seq === valueSeq && record.size === recordSize && record.value.length === valueSize;
      return isOfKey && fits ? undefined : 'an entry of the index points to the record of another change';
    } catch (error) {
      return `its record cannot be read: ${(error as Error).message}`;
    }
  }

  #isInGap({ fileId, recordOffset, recordSize }: Entry): boolean {
    const gaps = this.#gaps.get(fileId);
    return gaps?.some(({ start, end }) => start < recordOffset + recordSize && recordOffset < end) ?? false;
  }

  #tell(id: FileId, offset: number, code: Problem['code'], message: string): void {
    this.#problems.push({ file: dataFileName(id), offset, code, message });
  }

  #assertOpen(): void {
    if (this.#parts.isClosed()) throw new EngineError('CLOSED', 'the database has been closed');
  }
}
