/**
 * Merge: the live records of some sealed files are copied to new files, which then take the place of the old ones.
 *
 *    extract    which records are live? the indexes say
 *    sync       what made the other records dead has to outlive them, so it goes to the disk first
 *    copy       in another thread, to files that do not count yet
 *    rename     they get the names of data files, and the directory is synced
 *    commit     one manifest lists the new files and not the old ones: this is the moment
 *    relocate   entries point to the copies from now on
 *
 * Invariants: (1) at every moment, the files that the manifest on the disk lists hold all that is live;
 *             (2) until the commit nothing has changed that anybody could see: a merge may end anywhere before it.
 * Left out: which files to merge, and when the old ones go (merger.ts).
 */

import { join } from 'node:path';
import { dataFileName, hintFileName, isMergingFileName, mergingFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { type LiveFile, removeIfThere } from '../disk/manifest.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import type { Commit } from '../log/commit.ts';
import { extractLive, type LiveRecords } from './extract-live.ts';
import type { MergedFile, MergeJob, MergeOutcome, MovedRecords } from './merge-job.ts';
import { type RunOptions, runMerge } from './run-job.ts';
import { Slices } from './slices.ts';

/** The store that is merged. */
export interface MergedStore {
  readonly fs: FileSystem;
  readonly commit: Commit;
  readonly maxDataFileSize: number;
  /** The indexes of the spaces that there are now, by the space's id. */
  indexes(): ReadonlyMap<number, KeyIndex>;
}

/** How many entries are moved between two looks at the clock. */
const SLICE_ENTRIES = 256;
/** No record is smaller than this. */
const MIN_RECORD_SIZE = 11;

/** One merge of some files. */
export class Merge {
  readonly #store: MergedStore;
  readonly #directory: string;
  readonly #files: readonly LiveFile[];
  readonly #lowestSeqOutside: number;
  readonly #options: RunOptions;

  /** No record outside `files` has a seq below `lowestSeqOutside`. */
  constructor(store: MergedStore, files: readonly LiveFile[], lowestSeqOutside: number, options: RunOptions) {
    this.#store = store;
    this.#directory = store.commit.log.directory;
    this.#files = files;
    this.#lowestSeqOutside = lowestSeqOutside;
    this.#options = options;
  }

  /** Do it; returns the files made. When it rejects, the store is as it was. */
  async run(): Promise<readonly MergedFile[]> {
    const { commit } = this.#store;
    const { inputs, patchSeqs } = await extractLive(this.#files, this.#store.indexes().values(), this.#options.signal);
    const spaceIds = [...this.#store.indexes().keys()];
    await commit.sync();
    this.#options.signal.throwIfAborted();
    const outcome = await this.#copy(this.#jobOf(inputs, patchSeqs, spaceIds));
    commit.log.files.replace(
      this.#files,
      outcome.outputs.map(({ live }) => live),
    );
    await relocate(inputs, outcome);
    return outcome.outputs;
  }

  #jobOf(inputs: readonly LiveRecords[], patchSeqs: Float64Array, spaceIds: readonly number[]): MergeJob {
    const { commit, maxDataFileSize } = this.#store;
    const recordBytes = this.#files.reduce((sum, { sealedSize }) => sum + sealedSize! - FILE_HEADER_SIZE, 0);
    const mostFiles = Math.floor(recordBytes / Math.max(MIN_RECORD_SIZE, maxDataFileSize - FILE_HEADER_SIZE)) + 1;
    return {
      kind: 'merge',
      directory: this.#directory,
      inputs: inputs.map(({ live, offsets }) => ({ live, offsets })),
      patchSeqs,
      spaceIds,
      lowestSeqOutside: this.#lowestSeqOutside,
      firstFileId: commit.log.files.takeIds(mostFiles),
      maxDataFileSize,
    };
  }

  /** Copy what is live to files that have the names of data files on return, and that do not count yet. */
  async #copy(job: MergeJob): Promise<MergeOutcome> {
    const { fs } = this.#store;
    let named = 0;
    let outcome: MergeOutcome | undefined;
    try {
      outcome = await runMerge(fs, job, this.#options);
      this.#options.signal.throwIfAborted(); // Later it is too late to give up; closing waits for what follows.
      for (const { live } of outcome.outputs) {
        fs.rename(join(this.#directory, mergingFileName(live.id)), join(this.#directory, dataFileName(live.id)));
        named++;
      }
      fs.syncDirectory(this.#directory);
      return outcome;
    } catch (error) {
      this.#removeCopies(outcome?.outputs.slice(0, named) ?? []);
      throw error;
    }
  }

  /** The merge has failed: nobody needs what it has written. What cannot be removed, the next opening removes. */
  #removeCopies(named: readonly MergedFile[]): void {
    const { fs } = this.#store;
    try {
      for (const { live } of named) {
        removeIfThere(fs, join(this.#directory, hintFileName(live.id)));
        fs.remove(join(this.#directory, dataFileName(live.id)));
      }
      for (const name of fs.list(this.#directory)) {
        if (!isMergingFileName(name)) continue;
        removeIfThere(fs, join(this.#directory, name.replace('merging', 'hint')));
        fs.remove(join(this.#directory, name));
      }
    } catch {}
  }
}

/** Have the entries point to the copies. */
async function relocate(inputs: readonly LiveRecords[], { moved }: MergeOutcome): Promise<void> {
  const slices = new Slices();
  for (const [i, input] of inputs.entries()) {
    for (let at = 0; at < input.entries.length; at++) {
      relocateOne(input, moved[i]!, at);
      if (at % SLICE_ENTRIES === 0) await slices.rest();
    }
  }
}

/** What has become of the key meanwhile does not matter: who points to the old record points to its copy then. */
function relocateOne({ entries, indexes }: LiveRecords, { fileIds, offsets, sizes }: MovedRecords, at: number): void {
  indexes[at]!.relocate(entries[at]!, fileIds[at]! as LiveFile['id'], offsets[at]!, sizes[at]!);
}
