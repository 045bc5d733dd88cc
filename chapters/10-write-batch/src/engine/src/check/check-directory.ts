// superseded later: imports, DirectoryCheck, DirectoryCheck.#record
/**
 * Check of a database directory that nobody has open: every file that the manifest lists is read whole, and nothing is
 * changed. It judges as recovery does, but goes on behind the first damage.
 *
 * In a sealed file whatever cannot be read is damage. In files that were still growing it is damage when something later
 * vouches for it, a record's `syncedTo` or the manifest; else it is the tail of a write that never ended.
 */

import { join } from 'node:path';
import { checkFile, type Problem, type Witness } from './check-file.ts';
import { DataFile, readFully } from '../disk/data-file.ts';
import { dataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { decodeManifest, type LiveFile, MANIFEST_NAME, type Manifest, readFile } from '../disk/manifest.ts';
import { rebuildManifest } from '../disk/rebuild-manifest.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '../format/file-header.ts';
import { KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import type { TimeSlices } from './time-slices.ts';

class DirectoryCheck {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #slices: TimeSlices;
  /** The highest seq of all records read. */
  #lastSeq = 0;
  /** The same, without the records of a batch whose end has not been read. */
  #lastWholeSeq = 0;
  /** The newest finding in a growing file. */
  #latest: Finding | undefined;

  constructor(fs: FileSystem, directory: string, slices: TimeSlices) {
    this.#fs = fs;
    this.#directory = directory;
    this.#slices = slices;
  }

  #record(file: CheckedFile, record: LogRecord): void {
    const latest = this.#latest;
    if (latest !== undefined) {
      latest.hasSuccessor = true;
      latest.syncedAfter = Math.max(latest.syncedAfter, record.syncedTo);
    }
    this.#lastSeq = Math.max(this.#lastSeq, record.seq);
    if (!record.batch) this.#lastWholeSeq = this.#lastSeq;
    if (record.kind === KIND_BATCH_END) return;
    file.records++;
    file.lastSeq = Math.max(file.lastSeq, record.seq);
  }
}
