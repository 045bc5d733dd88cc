// superseded later: imports, Repair.#rewrite
/**
 * Repair: for a directory that opening refuses. Every record that can be read is kept, also behind damage; what cannot be
 * read is kept too, in lost/.
 *
 * A data file with damage in it is written anew, without the damage. Undamaged files stay as they are.
 * Invariants: (1) the manifest is the commit: a repair that is interrupted before it has changed nothing, and can begin again;
 *             (2) no byte of a damaged file is taken away before a copy of the file is on the disk;
 *             (3) a second repair finds nothing to do.
 *
 * Of a batch that has been damaged every record that can be read is kept: it did count once. One at the very end of the log
 * that has no end, and that nothing vouches for, never counted, and does not now.
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
import { encodeRecord, KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import { POISONED_NAME } from '../log/log-writer.ts';
import { keepTail } from '../recovery/lost.ts';
import { type CheckOptions, type DirectoryOptions, resolveOptions } from '../options.ts';
import { recover, SEQ_GAP } from '../recovery/recovery.ts';
import { TimeSlices } from './time-slices.ts';
class Repair {

  // ------------------------------------------------------------------------------------------------- damaged files

  /** Keep a copy of this file, and write its records to a new one. */
  async #rewrite(file: CheckedFile): Promise<LiveFile | undefined> {
    const keptAs = keepTail(this.#fs, this.#directory, file.name, 0)?.keptAs;
    const target = this.#createFile();
    const until = uncommittedFrom(file) ?? Number.POSITIVE_INFINITY;
    let records = 0;
    let maxSeq = 0;
    try {
      if (file.size !== undefined) {
        await this.#eachRecord(file, (record, offset) => {
          if (offset >= until || record.kind === KIND_BATCH_END) return;
          append(target, record);
          records++;
          maxSeq = Math.max(maxSeq, record.seq);
        });
      }
      if (records > 0) target.sync();
    } finally {
      target.close();
    }
    this.#noteLost(file, until);
    this.#records += records;
    const writtenAs = records > 0 ? target.name : undefined;
    if (writtenAs === undefined) this.#fs.remove(join(this.#directory, target.name));
    this.#rewritten.push({ file: file.name, writtenAs, records, keptAs });
    if (writtenAs === undefined) return undefined;
    return { ...file.live, id: target.id, salt: target.salt, sealedSize: target.size, maxSeq };
  }
}
