// superseded later: imports, RepairReport, RepairOptions, Repair.run, Repair.#commit
/**
 * Repair: for a directory that opening refuses. Every record that can be read is kept, also behind damage; what cannot be
 * read is kept too, in lost/.
 *
 * A data file with damage in it is written anew, without the damage. Undamaged files stay as they are.
 * Invariants: (1) the manifest is the commit: a repair that is interrupted before it has changed nothing, and can begin again;
 *             (2) no byte of a damaged file is taken away before a copy of the file is on the disk;
 *             (3) a second repair finds nothing to do.
 * Left out: what the lost records said. A key whose newest record is lost has an older value again, or is back though it
 * had been deleted.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type CheckedDirectory, type CheckedFile, checkDirectory } from './check-directory.ts';
import { checkFile, type Problem } from './check-file.ts';
import { DataFile } from '../disk/data-file.ts';
import { makeReadOnly } from '../disk/data-files.ts';
import type { FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import {
  commitManifest,
  keepAsPrevious,
  type LiveFile,
  MANIFEST_NAME,
  type Manifest,
  removeIfThere,
} from '../disk/manifest.ts';
import { dataFileIds } from '../disk/rebuild-manifest.ts';
import { encodeRecord, type LogRecord } from '../format/record.ts';
import { type CheckOptions, type DirectoryOptions, resolveOptions } from '../options.ts';
import { POISONED_NAME } from '../log/log-writer.ts';
import { keepTail } from '../recovery/lost.ts';
import { recover, SEQ_GAP } from '../recovery/recovery.ts';
import { TimeSlices } from './time-slices.ts';

/** What {@link Database.repair} has found and done. */
export interface RepairReport {
  /** Data files that the database has now, and records in them. */
  readonly files: number;
  readonly records: number;
  /** What was wrong. When it is empty, nothing was changed. */
  readonly problems: readonly Problem[];
  readonly rewritten: readonly RewrittenFile[];
  readonly lost: readonly LostBytes[];
}

/** What {@link Database.repair} may be given. */
export interface RepairOptions extends CheckOptions, DirectoryOptions {}
class Repair {

  async run(): Promise<RepairReport> {
    const { files, problems } = this.#checked;
    const manifest = this.#manifest;
    const mayTrust = !this.#fs.list(this.#directory).includes(POISONED_NAME);
    manifest.lastSeq = Math.max(manifest.lastSeq, this.#checked.lastSeq) + SEQ_GAP;
    manifest.syncedTo = this.#checked.lastSeq;
    manifest.files = [];
    if (problems.some(({ code }) => code === 'MANIFEST')) keepTail(this.#fs, this.#directory, MANIFEST_NAME, 0);
    for (const file of files) {
      const isWhole = file.findings.length === 0 && (mayTrust || file.live.sealedSize !== null);
      const live = isWhole ? this.#sealWhole(file) : await this.#rewrite(file);
      if (live !== undefined) manifest.files.push(live);
    }
    this.#commit();
    const { length } = manifest.files;
    return { files: length, records: this.#records, problems, rewritten: this.#rewritten, lost: this.#lost };
  }

  #commit(): void {
    const { files } = this.#manifest;
    this.#fs.syncDirectory(this.#directory); // The new files have to have names before the manifest lists them.
    commitManifest(this.#fs, this.#directory, this.#manifest);
    keepAsPrevious(this.#fs, this.#directory); // The one before lists files that are about to go.
    for (const { id } of files) makeReadOnly(this.#fs, this.#directory, id);
    removeIfThere(this.#fs, join(this.#directory, POISONED_NAME));
    for (const { file } of this.#rewritten) removeIfThere(this.#fs, join(this.#directory, file));
  }
}
