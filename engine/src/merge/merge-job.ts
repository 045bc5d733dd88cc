/**
 * Jobs: what a merge has to copy, and what came of it; what a hint is to be made of. All of it is plain data, so that another
 * thread can be sent it.
 */

import type { LiveFile } from '../disk/manifest.ts';

/** One file to be merged. */
export interface MergeInput {
  readonly live: LiveFile;
  /** Where the records begin that entries of an index point to, in any order. */
  readonly offsets: Float64Array;
}

/** What is to be copied. */
export interface MergeJob {
  readonly kind: 'merge';
  readonly directory: string;
  readonly inputs: readonly MergeInput[];
  /** The seqs of the changes of expiry that still hold. */
  readonly patchSeqs: Float64Array;
  /** The ids of the spaces that there are. */
  readonly spaceIds: readonly number[];
  /** No record outside the inputs has a lower seq. */
  readonly lowestSeqOutside: number;
  /** The number of the first file to be written; those after it are free too. */
  readonly firstFileId: number;
  /** A file that has reached this size is followed by another one. */
  readonly maxDataFileSize: number;
}

/** Where the records of one input lie now; place i is for the record at `offsets[i]`. */
export interface MovedRecords {
  readonly fileIds: Float64Array;
  readonly offsets: Float64Array;
  readonly sizes: Float64Array;
}

/** A file that a merge has made. */
export interface MergedFile {
  readonly live: LiveFile;
  /** Bytes of records that no entry points to, and that are needed all the same. */
  readonly keptBytes: number;
}

/** What came of it: files that are on the disk, still under the name that says that they do not count. */
export interface MergeOutcome {
  readonly outputs: readonly MergedFile[];
  /** One for each input. */
  readonly moved: readonly MovedRecords[];
}

/** A sealed data file that needs a hint. */
export interface HintJob {
  readonly kind: 'hint';
  readonly directory: string;
  readonly live: LiveFile;
}

/** Work that takes long, and that reads only what nobody changes. */
export type Job = MergeJob | HintJob;
