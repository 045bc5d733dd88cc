// superseded later: imports, OpenVerification.#checkEntry
/**
 * Verify: is all that should be in a database there, and readable? Of a directory that nobody has open, or of an open
 * database while it is used. Nothing is changed, and what is wrong is an answer, not an error.
 *
 * Left out: bytes that were never written, or are still pending; and whether the values mean anything.
 */

import { type CheckedDirectory, checkDirectory } from './check-directory.ts';
import { checkFile, type Problem, type Witness } from './check-file.ts';
import { DataFile } from './disk/data-file.ts';
import { dataFileName, type FileId } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import type { LiveFile } from './disk/manifest.ts';
import { EngineError } from './errors.ts';
import { decodeRecord, KIND_PUT } from './format/record.ts';
import { type Entry, type Keydir, toKeyString } from './keydir/keydir.ts';
import type { Log } from './log.ts';
import type { CheckOptions } from './options.ts';
import { TimeSlices } from './time-slices.ts';
class OpenVerification {

  /** Without a pause: what the entry says holds until the next. */
  #checkEntry(entry: Entry): void {
    if (this.#parts.log.isPending(entry) || this.#isInGap(entry)) return;
    const wrong = this.#wrongWith(entry);
    if (wrong !== undefined) this.#tell(entry.fileId, entry.recordOffset, 'ENTRY', wrong);
  }
}
