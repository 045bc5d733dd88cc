/**
 * Extract: what the indexes know of the files to be merged: which of their records are live. The program goes on meanwhile,
 * so a record listed here may be dead by the end; one that is not listed is dead for ever, as nothing comes back to life.
 */

import type { FileId } from '../disk/file-names.ts';
import type { LiveFile } from '../disk/manifest.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import type { Entry } from '../keydir/keydir.ts';
import type { MergeInput } from './merge-job.ts';
import { Slices } from './slices.ts';

/** How many entries are looked at between two looks at the clock. */
const SLICE_ENTRIES = 256;

/** The live records of one file: entry i belongs to `indexes[i]`, and its record began at `offsets[i]`. */
export interface LiveRecords extends MergeInput {
  readonly entries: readonly Entry[];
  readonly indexes: readonly KeyIndex[];
}

/** What the indexes say of the files to be merged. */
export interface Extract {
  readonly inputs: readonly LiveRecords[];
  readonly patchSeqs: Float64Array;
}

/** Find out which records of these files are live. */
export async function extractLive(
  files: readonly LiveFile[],
  indexes: Iterable<KeyIndex>,
  signal: AbortSignal,
): Promise<Extract> {
  const found = new Map(files.map(({ id }) => [id, { entries: [] as Entry[], indexes: [] as KeyIndex[] }]));
  const patchSeqs: number[] = [];
  const slices = new Slices(signal);
  let looked = 0;
  for (const index of indexes) {
    for (const entry of index.keydir.entries()) {
      const inFile = found.get(entry.fileId);
      inFile?.entries.push(entry);
      inFile?.indexes.push(index);
      if (entry.seq !== entry.valueSeq) patchSeqs.push(entry.seq);
      if (++looked % SLICE_ENTRIES === 0) await slices.rest();
    }
  }
  return { inputs: files.map(live => toInput(live, found)), patchSeqs: Float64Array.from(patchSeqs) };
}

function toInput(live: LiveFile, found: Map<FileId, Pick<LiveRecords, 'entries' | 'indexes'>>): LiveRecords {
  const { entries, indexes } = found.get(live.id)!;
  return { live, offsets: Float64Array.from(entries, entry => entry.recordOffset), entries, indexes };
}
