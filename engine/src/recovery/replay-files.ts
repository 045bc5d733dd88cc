/**
 * ReplayFiles: the data files that the manifest lists, read from the first record to the last that counts.
 *
 * Sealed files must be whole: a record that cannot be read is damage. Files that were still growing may end earlier.
 * Invariant: no file is cut or added to; what does not count is copied to lost/ first.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataFile } from '../disk/data-file.ts';
import { dataFileName, hintFileName } from '../disk/file-names.ts';
import { HintBuilder } from '../disk/hint-file.ts';
import type { LiveFile, Manifest } from '../disk/manifest.ts';
import { RecordReader } from '../disk/record-reader.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import type { ResolvedOptions } from '../options.ts';
import { assertNothingLost, damage, type FileEnd, LOG_ENDED_BEFORE, PROBLEMS } from './log-end.ts';
import { type CutTail, keepTail } from './lost.ts';
import type { Replay } from './replay.ts';
import { replayHint } from './replay-hint.ts';

/** How long, in milliseconds, recovery holds up the program at a time. */
const SLICE_MS = 10;
/** How many units are read between two looks at the clock. */
const SLICE_UNITS = 64;

/** Reads data files into a {@link Replay}. */
export class ReplayFiles {
  /** What does not count, and where it is kept. */
  readonly cut: CutTail[] = [];
  readonly warnings: string[] = [];
  readonly #directory: string;
  readonly #options: Pick<ResolvedOptions, 'fs' | 'onProgress'>;
  readonly #replay: Replay;
  /** Writes of hints that were missing. */
  readonly #hints: (() => void)[] = [];
  #bytesRead = 0;
  #units = 0;
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
    if (await this.#readHint(live)) return;
    const end = await this.#read(live);
    if (end.problem !== undefined) throw damage(live, end.offset, PROBLEMS[end.problem]);
    if (end.offset < live.sealedSize!) {
      throw damage(live, end.offset, `the file should have ${live.sealedSize} bytes`);
    }
    this.#keepHint(live);
  }

  /** Take what a sealed file holds from its hint; returns whether that could be done. The file itself has to be there. */
  async #readHint(live: LiveFile): Promise<boolean> {
    const file = this.#openFile(live);
    const isThere = file !== undefined && file.size >= live.sealedSize!;
    file?.close();
    if (!isThere) return false; // Reading it says what is wrong.
    const { fs } = this.#options;
    const result = await replayHint(fs, this.#directory, live, this.#replay, () => this.#restAfterUnit(0));
    if (typeof result === 'object') this.warnings.push(`${hintFileName(live.id)} could not be used: ${result.problem}`);
    return result === 'applied';
  }

  /** The file has been read from beginning to end: that can save the next opening the work. */
  #keepHint(live: LiveFile): void {
    const hint = this.#replay.hint!;
    this.#replay.hint = undefined;
    this.#hints.push(() => hint.write(this.#options.fs, this.#directory, live));
  }

  /** Write the hints that were missing: when everything else is on the disk, as they may take the last of its space. */
  writeHints(): void {
    for (const write of this.#hints) write();
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
      if (end.offset > FILE_HEADER_SIZE) {
        kept.push({ ...live, sealedSize: end.offset, maxSeq: replay.lastSeq });
        this.#keepHint(kept.at(-1)!);
      }
      if (end.problem === undefined) continue;
      this.#keepTail(live, end.offset);
      for (const later of files.slice(i + 1)) this.#keepTail(later, 0);
      break;
    }
    return kept;
  }

  #keepTail(live: LiveFile, offset: number): void {
    const tail = keepTail(this.#options.fs, this.#directory, dataFileName(live.id), offset);
    if (tail !== undefined) this.cut.push(tail);
  }

  async #read(live: LiveFile): Promise<FileEnd> {
    const file = this.#openFile(live);
    if (file === undefined) return { offset: 0, problem: 'absent' };
    try {
      const reader = new RecordReader(file, undefined, Math.min(file.size, live.sealedSize ?? file.size));
      this.#replay.hint = new HintBuilder();
      for (;;) {
        const offset = reader.offset;
        const result = this.#replay.unit(file, reader);
        if (result === 'end') return { offset, problem: undefined };
        if (result !== 'applied') return { offset, problem: result };
        const pause = this.#restAfterUnit(reader.offset);
        if (pause !== undefined) await pause;
      }
    } finally {
      this.#bytesRead += file.size;
      file.close();
    }
  }

  /** The data file, if its header is the right one. */
  #openFile(live: LiveFile): DataFile | undefined {
    try {
      const file = DataFile.open(this.#options.fs, this.#directory, live.id);
      if (file.salt === live.salt) return file;
      file.close();
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing && !(error instanceof CorruptionError)) throw error;
    }
    return undefined;
  }

  /** To be called after each unit, at this offset of the file. */
  #restAfterUnit(offset: number): Promise<void> | undefined {
    this.#units++;
    return this.#units % SLICE_UNITS === 0 ? this.#rest(offset) : undefined;
  }

  /** Let the rest of the program run now and then. */
  async #rest(offset: number): Promise<void> {
    if (performance.now() - this.#sliceStartMs < SLICE_MS) return;
    const bytesRead = this.#bytesRead + offset;
    const bytesTotal = Math.max(this.#bytesTotal, bytesRead);
    this.#options.onProgress({ bytesRead, bytesTotal, recordsRead: this.#replay.records });
    await nextTurn();
    this.#sliceStartMs = performance.now();
  }
}
