// superseded later: imports, ReplayFiles, ReplayFiles.sealed, ReplayFiles.growing, ReplayFiles.#read
/**
 * ReplayFiles: the data files that the manifest lists, read from the first record to the last that counts.
 *
 * Sealed files must be whole: a record that cannot be read is damage. Files that were still growing may end earlier.
 * Invariant: no file is cut or added to; what does not count is copied to lost/ first.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataFile } from '../disk/data-file.ts';
import { dataFileName } from '../disk/file-names.ts';
import type { LiveFile, Manifest } from '../disk/manifest.ts';
import { RecordReader } from '../disk/record-reader.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { assertNothingLost, damage, type FileEnd, LOG_ENDED_BEFORE, PROBLEMS } from './log-end.ts';
import { type CutTail, keepTail } from './lost.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Replay } from './replay.ts';

/** Reads data files into a {@link Replay}. */
export class ReplayFiles {
  /** What does not count, and where it is kept. */
  readonly cut: CutTail[] = [];
  readonly #directory: string;
  readonly #options: Pick<ResolvedOptions, 'fs' | 'onProgress'>;
  readonly #replay: Replay;
  #bytesRead = 0;
  readonly #bytesTotal: number;
  #sliceStartMs: number = performance.now();

  /** `bytesTotal` is what there is to read, as far as that is known. */
  constructor(
    directory: string,
    options: Pick<ResolvedOptions, 'fs' | 'onProgress'>,
    replay: Replay,
    bytesTotal: number,
  ) {
    this.#directory = directory;
    this.#options = options;
    this.#replay = replay;
    this.#bytesTotal = bytesTotal;
  }

  /** Read a sealed file. @throws {CorruptionError} when it is not whole. */
  async sealed(live: LiveFile): Promise<void> {
    const end = await this.#read(live);
    if (end.problem !== undefined) throw damage(live, end.offset, PROBLEMS[end.problem]);
    if (end.offset < live.sealedSize!) {
      throw damage(live, end.offset, `the file should have ${live.sealedSize} bytes`);
    }
  }

  /**
   * Read the files that were still growing; returns those that have records, sealed where these end.
   * @throws {CorruptionError} when something was on the disk once and is not there any more.
   */
  async growing(files: readonly LiveFile[], manifest: Manifest): Promise<LiveFile[]> {
    const replay = this.#replay;
    const kept: LiveFile[] = [];
    for (const [i, live] of files.entries()) {
      const followsOn = live.minSeq <= replay.lastSeq + 1;
      const end = followsOn ? await this.#read(live) : LOG_ENDED_BEFORE;
      const isLast = end.problem !== undefined || i === files.length - 1;
      const { fs } = this.#options;
      if (isLast) assertNothingLost(fs, this.#directory, files.slice(i), end, manifest, replay.lastSeq);
      if (end.offset > FILE_HEADER_SIZE) kept.push({ ...live, sealedSize: end.offset, maxSeq: replay.lastSeq });
      if (end.problem === undefined) continue;
      this.#keepTail(live, end.offset);
      for (const later of files.slice(i + 1)) this.#keepTail(later, 0);
      break;
    }
    return kept;
  }

  async #read(live: LiveFile): Promise<FileEnd> {
    const file = this.#openFile(live);
    if (file === undefined) return { offset: 0, problem: 'absent' };
    try {
      const reader = new RecordReader(file, undefined, Math.min(file.size, live.sealedSize ?? file.size));
      for (let units = 1; ; units++) {
        const offset = reader.offset;
        const result = this.#replay.unit(file, reader);
        if (result === 'end') return { offset, problem: undefined };
        if (result !== 'applied') return { offset, problem: result };
        if (units % SLICE_UNITS === 0) await this.#rest(reader.offset);
      }
    } finally {
      this.#bytesRead += file.size;
      file.close();
    }
  }
}
