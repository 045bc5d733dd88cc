/**
 * Merger: runs the merges of an open store, one at a time: those that somebody asks for, and those that the store needs.
 *
 * Invariant: closing ends a merge that has not committed, and waits for one that has.
 */

import type { FileId } from '../disk/file-names.ts';
import { toEngineError } from '../disk/io-error.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import type { Snapshots } from '../keydir/snapshots.ts';
import type { MergeOptions, MergeSettings } from '../options.ts';
import { type Candidate, chooseFiles, isMostlyDead, liveBytesByFile } from './choose-files.ts';
import { Merge, type MergedStore } from './merge.ts';
import type { MergedFile } from './merge-job.ts';
import { Removal } from './removal.ts';

/** What a merge has done. */
export interface MergeReport {
  /** Files merged. */
  readonly files: number;
  /** Their size. */
  readonly bytesBefore: number;
  /** The size of those that took their place. */
  readonly bytesAfter: number;
}

/** How long, in milliseconds, the store waits after a merge of its own that failed. */
const PAUSE_MS = 60_000;

/** The merges of one open store. */
export class Merger {
  readonly #store: MergedStore;
  readonly #settings: Required<MergeSettings>;
  readonly #removal: Removal;
  readonly #closing: AbortSignal;
  /** Resolves when all merges that were asked for have ended; never rejects. */
  #last: Promise<void> = Promise.resolve();
  #isRunning = false;
  #pausedUntilMs = 0;
  /** Bytes of files made by merges that no entry points to, and that had to be kept: no use in merging for them again. */
  readonly #keptBytes = new Map<FileId, number>();
  /** Merges that went well. */
  count = 0;

  /** `closing` ends what has not committed, with the reason why. */
  constructor(store: MergedStore, snapshots: Snapshots, settings: Required<MergeSettings>, closing: AbortSignal) {
    this.#store = store;
    this.#settings = settings;
    this.#closing = closing;
    this.#removal = new Removal(store.fs, store.commit.log, snapshots, closing);
  }

  // ---------------------------------------------------------------------------------------------- asked for by somebody

  /** Merge everything written so far, after those merges that were asked for before. */
  merge(options: MergeOptions): Promise<MergeReport> {
    return this.#afterOthers(() => this.#mergeAll(options));
  }

  async #mergeAll(options: MergeOptions): Promise<MergeReport> {
    const { commit } = this.#store;
    if (this.#deadBytesOfActive() > 0) await commit.beginFile();
    else await commit.writer.sealRetired();
    const sealed = this.#candidates();
    const hasDead = sealed.some(({ live, deadBytes }) => deadBytes + this.#keptBytesOf(live) > 0);
    return this.mergeFiles(hasDead ? sealed.map(({ live }) => live) : [], options);
  }

  // ------------------------------------------------------------------------------------------------ needed by the store

  /** Begin a merge if files have become mostly dead. */
  check(): void {
    const isBusy =
      this.#closing.aborted ||
      this.#isRunning ||
      this.#store.commit.writer.isBroken ||
      performance.now() < this.#pausedUntilMs;
    if (!this.#settings.auto || isBusy) return;
    this.#beginFile();
    const files = chooseFiles(this.#candidates(), this.#settings);
    if (files.length === 0) return;
    this.#afterOthers(() => this.mergeFiles(files, {}, true)).catch(() => {
      this.#pausedUntilMs = performance.now() + PAUSE_MS; // The files stay as they are: nothing is lost.
    });
  }

  /** A file that is written to cannot be merged: once it is mostly dead, go on in another one. */
  #beginFile(): void {
    const { commit } = this.#store;
    const deadBytes = this.#deadBytesOfActive();
    if (deadBytes < this.#settings.minDeadBytes) return;
    if (!isMostlyDead(deadBytes, commit.log.files.active!.size, this.#settings)) return;
    commit.beginFile().catch(() => {}); // The next check tries again.
  }

  // ---------------------------------------------------------------------------------------------------------- one merge

  /** Run `merge` when all that were asked for before have ended. */
  #afterOthers(merge: () => Promise<MergeReport>): Promise<MergeReport> {
    this.#isRunning = true;
    const result = this.#last.then(merge);
    const end = result.then(
      () => {},
      () => {},
    );
    this.#last = end;
    void end.then(() => {
      if (this.#last === end) this.#isRunning = false;
    });
    return result;
  }

  /** Merge these sealed files now. */
  async mergeFiles(files: readonly LiveFile[], options: MergeOptions = {}, isBackground = false): Promise<MergeReport> {
    const signal = anyOf(this.#closing, options.signal);
    signal.throwIfAborted();
    if (files.length === 0) return { files: 0, bytesBefore: 0, bytesAfter: 0 };
    const bytesTotal = sizeOf(files);
    const onProgress = (bytesRead: number): void => options.onProgress?.({ bytesRead, bytesTotal });
    const bytesPerSecond = options.bytesPerSecond ?? this.#settings.bytesPerSecond;
    const merge = new Merge(this.#store, files, this.#lowestSeqOutside(files), {
      signal,
      onProgress,
      bytesPerSecond,
      isBackground,
    });
    try {
      const made = await merge.run();
      this.#replaced(files, made);
      return { files: files.length, bytesBefore: bytesTotal, bytesAfter: sizeOf(made.map(({ live }) => live)) };
    } catch (error) {
      throw signal.aborted ? signal.reason : toEngineError(error, `merge files of ${this.#store.commit.log.directory}`);
    }
  }

  /** No record of another file has a seq below this. Files that wait to be removed count: they may be found again. */
  #lowestSeqOutside(files: readonly LiveFile[]): number {
    const all = [...this.#store.commit.log.manifest.files, ...this.#removal.waiting];
    const seqs = all.filter(live => !files.includes(live)).map(live => live.minSeq);
    return seqs.reduce((lowest, seq) => Math.min(lowest, seq), Number.POSITIVE_INFINITY);
  }

  #replaced(files: readonly LiveFile[], made: readonly MergedFile[]): void {
    for (const { id } of files) this.#keptBytes.delete(id);
    for (const { live, keptBytes } of made) this.#keptBytes.set(live.id, keptBytes);
    this.#removal.add(files);
    this.count++;
  }

  // --------------------------------------------------------------------------------------------------------- what is dead

  #candidates(): Candidate[] {
    const liveBytes = liveBytesByFile(this.#store.indexes().values());
    return this.#store.commit.log.files.sealed.map(live => {
      const recordBytes = live.sealedSize! - FILE_HEADER_SIZE;
      return { live, deadBytes: recordBytes - (liveBytes.get(live.id) ?? 0) - this.#keptBytesOf(live) };
    });
  }

  #keptBytesOf({ id }: LiveFile): number {
    return this.#keptBytes.get(id) ?? 0;
  }

  #deadBytesOfActive(): number {
    const { active } = this.#store.commit.log.files;
    if (active === undefined) return 0;
    const liveBytes = liveBytesByFile(this.#store.indexes().values()).get(active.id) ?? 0;
    return Math.max(0, active.size - FILE_HEADER_SIZE - liveBytes); // What is pending is live, and not in the size yet.
  }

  /** Resolves when no merge is running any more. */
  idle(): Promise<void> {
    return this.#last;
  }
}

const sizeOf = (files: readonly LiveFile[]): number => files.reduce((sum, live) => sum + live.sealedSize!, 0);

function anyOf(closing: AbortSignal, given: AbortSignal | undefined): AbortSignal {
  return given === undefined ? closing : AbortSignal.any([closing, given]);
}
