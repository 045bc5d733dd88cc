/**
 * MergeOutput: the files that a merge writes. Records come one after the other; files begin and end as they fill up.
 *
 * Invariant: a file that is listed in `files` is on the disk, whole.
 */

import { randomBytes } from 'node:crypto';
import { DataFile } from '../disk/data-file.ts';
import { type FileId, mergingFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { HintBuilder } from '../disk/hint-file.ts';
import { type LogRecord, MAX_HEADER_SIZE, writeRecord } from '../format/record.ts';
import type { MergedFile, MergeJob } from './merge-job.ts';

/** How many bytes are collected for one write. */
const CHUNK_SIZE = 256 * 1024;

/** Writes records to new data files. */
export class MergeOutput {
  readonly #fs: FileSystem;
  readonly #job: MergeJob;
  readonly files: MergedFile[] = [];
  #file: DataFile | undefined;
  #nextFileId: number;
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  #chunkSize = 0;
  #minSeq = 0;
  #maxSeq = 0;
  #keptBytes = 0;
  #hint = new HintBuilder();
  /** Where the record added last lies. */
  fileId = 0;
  offset = 0;
  size = 0;

  constructor(fs: FileSystem, job: MergeJob) {
    this.#fs = fs;
    this.#job = job;
    this.#nextFileId = job.firstFileId;
  }

  /** Write this record, as a plain one. Where it lies is then in `fileId`, `offset` and `size`. */
  add(record: LogRecord): void {
    const file = this.#file ?? this.#begin();
    const room = MAX_HEADER_SIZE + record.key.length + record.value.length;
    if (this.#chunkSize + room > this.#chunk.length) this.#flush();
    if (room > this.#chunk.length) this.#chunk = Buffer.allocUnsafeSlow(room);
    this.fileId = file.id;
    this.offset = this.#end;
    const plain = { ...record, batch: false, syncedTo: 0 };
    const end = writeRecord(this.#chunk, this.#chunkSize, plain, file.salt, this.offset);
    this.size = end - this.#chunkSize;
    this.#chunkSize = end;
    this.#hint.addRecord({ ...record, size: this.size }, this.offset);
    this.#minSeq = Math.min(this.#minSeq, record.seq);
    this.#maxSeq = Math.max(this.#maxSeq, record.seq);
  }

  /** {@link add} for a record that no entry points to. */
  addKept(record: LogRecord): void {
    this.add(record);
    this.#keptBytes += this.size;
  }

  /** Whether it is time to call {@link finish}. */
  get isFull(): boolean {
    return this.#file !== undefined && this.#end >= this.#job.maxDataFileSize;
  }

  /** Where the next record will begin. */
  get #end(): number {
    return this.#file!.size + this.#chunkSize;
  }

  #begin(): DataFile {
    const id = this.#nextFileId++ as FileId;
    const salt = randomBytes(4).readUInt32LE();
    this.#file = DataFile.create(this.#fs, this.#job.directory, id, salt, mergingFileName(id));
    this.#minSeq = Number.POSITIVE_INFINITY;
    this.#maxSeq = 0;
    this.#keptBytes = 0;
    this.#hint = new HintBuilder();
    return this.#file;
  }

  #flush(): void {
    if (this.#chunkSize > 0) this.#file!.append(this.#chunk, 0, this.#chunkSize);
    this.#chunkSize = 0;
  }

  /** No more records come for the file that was begun, if one was: have it on the disk. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#flush();
    await file.syncLater();
    const { id, salt, size } = file;
    const live = { id, salt, sealedSize: size, minSeq: this.#minSeq, maxSeq: this.#maxSeq };
    this.#hint.write(this.#fs, this.#job.directory, live);
    this.files.push({ live, keptBytes: this.#keptBytes });
    this.close();
  }

  /** Let go of the file that was begun, if one was, whether it is whole or not. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
