/**
 * Copy live records: the work of a merge, and the only part of it that takes long. It reads files that nobody changes and
 * writes files that do not count yet, so it can run in another thread, and be given up at any moment.
 *
 * A record is copied when somebody still needs it:
 *   a put                            when an entry points to it
 *   a change of expiry               when it is the one that holds
 *   a space create                   when the space is there
 *   a tombstone, range delete        when a record outside the merge could have a lower seq: it may be what was deleted
 *   or space drop
 */

import { DataFile } from '../disk/data-file.ts';
import type { FileSystem } from '../disk/file-system.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { RecordReader } from '../disk/record-reader.ts';
import { CorruptionError } from '../errors.ts';
import {
  KIND_EXPIRY_PATCH,
  KIND_RANGE_DELETE,
  KIND_SPACE_CREATE,
  KIND_SPACE_DROP,
  KIND_TOMBSTONE,
  type LogRecord,
} from '../format/record.ts';
import type { MergeInput, MergeJob, MergeOutcome, MovedRecords } from './merge-job.ts';
import { MergeOutput } from './merge-output.ts';
import { PACE_BYTES, type Pace } from './pace.ts';

/** Copy what is live in the inputs to new files. @throws {CorruptionError} when an input cannot be read. */
export async function copyLiveRecords(fs: FileSystem, job: MergeJob, pace: Pace): Promise<MergeOutcome> {
  const output = new MergeOutput(fs, job);
  try {
    const copier = new Copier(fs, job, output, pace);
    const moved: MovedRecords[] = [];
    for (const input of job.inputs) moved.push(await copier.copy(input));
    await output.finish();
    return { outputs: output.files, moved };
  } finally {
    output.close();
  }
}

class Copier {
  readonly #fs: FileSystem;
  readonly #job: MergeJob;
  readonly #output: MergeOutput;
  readonly #pace: Pace;
  readonly #patchSeqs: ReadonlySet<number>;
  readonly #spaceIds: ReadonlySet<number>;
  #bytesBefore = 0;
  #pacedAt = 0;

  constructor(fs: FileSystem, job: MergeJob, output: MergeOutput, pace: Pace) {
    this.#fs = fs;
    this.#job = job;
    this.#output = output;
    this.#pace = pace;
    this.#patchSeqs = new Set(job.patchSeqs);
    this.#spaceIds = new Set(job.spaceIds);
  }

  async copy({ live, offsets }: MergeInput): Promise<MovedRecords> {
    const file = openInput(this.#fs, this.#job.directory, live);
    try {
      const inFileOrder = Uint32Array.from(offsets.keys()).sort((a, b) => offsets[a]! - offsets[b]!);
      const moved = newMoved(offsets.length);
      const reader = new RecordReader(file, undefined, live.sealedSize!);
      let done = 0;
      for (;;) {
        const { offset } = reader;
        const record = reader.next();
        if (record === 'end') break;
        if (typeof record === 'string') throw new CorruptionError(file.name, offset, `the record is ${record}`);
        const i = inFileOrder[done];
        if (i !== undefined && offsets[i] === offset) {
          this.#output.add(record);
          this.#note(moved, i);
          done++;
        } else if (this.#isNeeded(record)) this.#output.addKept(record);
        if (this.#output.isFull) await this.#output.finish();
        if (this.#bytesBefore + reader.offset - this.#pacedAt >= PACE_BYTES) await this.#rest(reader.offset);
      }
      if (done < offsets.length)
        throw new CorruptionError(file.name, offsets[inFileOrder[done]!]!, 'a record is missing');
      this.#bytesBefore += reader.offset;
      return moved;
    } finally {
      file.close();
    }
  }

  #note({ fileIds, offsets, sizes }: MovedRecords, i: number): void {
    fileIds[i] = this.#output.fileId;
    offsets[i] = this.#output.offset;
    sizes[i] = this.#output.size;
  }

  /** Whether a record that no entry points to is needed all the same. */
  #isNeeded({ kind, seq, space }: LogRecord): boolean {
    if (kind === KIND_EXPIRY_PATCH) return this.#patchSeqs.has(seq);
    if (kind === KIND_SPACE_CREATE) return this.#spaceIds.has(space);
    const deletes = kind === KIND_TOMBSTONE || kind === KIND_RANGE_DELETE || kind === KIND_SPACE_DROP;
    return deletes && this.#job.lowestSeqOutside <= seq;
  }

  async #rest(offset: number): Promise<void> {
    this.#pacedAt = this.#bytesBefore + offset;
    await this.#pace(this.#pacedAt);
  }
}

function openInput(fs: FileSystem, directory: string, live: LiveFile): DataFile {
  const file = DataFile.open(fs, directory, live.id);
  if (file.salt === live.salt) return file;
  file.close();
  throw new CorruptionError(file.name, 0, 'it is not the file that the manifest lists');
}

function newMoved(count: number): MovedRecords {
  return { fileIds: new Float64Array(count), offsets: new Float64Array(count), sizes: new Float64Array(count) };
}
