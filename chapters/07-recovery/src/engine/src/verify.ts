// superseded later: imports, OpenParts, OpenVerification.run, OpenVerification.#checkFile, OpenVerification.#witnessOf, OpenVerification.#checkIndex, OpenVerification.#checkEntry, OpenVerification.#wrongWith
/**
 * Verify: is all that should be in a database there, and readable? Of a directory that nobody has open, or of an open
 * database while it is used. Nothing is changed, and what is wrong is an answer, not an error.
 *
 * Left out: whether the values mean anything.
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

/** What is to be verified of an open database. */
export interface OpenParts {
  readonly fs: FileSystem;
  readonly log: Log;
  readonly keydir: Keydir;
  readonly isClosed: () => boolean;
}
class OpenVerification {

  async run(): Promise<VerifyReport> {
    const listed = [...this.#parts.log.manifest.files];
    this.#slices.bytesTotal = listed.reduce((sum, live) => sum + this.#endOf(live), 0);
    for (const live of listed) await this.#checkFile(live);
    await this.#checkIndex();
    const counts = { files: this.#files, records: this.#records, entries: this.#entries };
    return { ...counts, problems: this.#problems, tails: [] };
  }

  // ----------------------------------------------------------------------------------------------------------- files

  async #checkFile(live: LiveFile): Promise<void> {
    this.#assertOpen();
    this.#files++;
    const file = this.#openFile(live);
    if (file === undefined) {
      this.#gaps.set(live.id, [{ start: 0, end: Number.POSITIVE_INFINITY }]);
      return;
    }
    try {
      await checkFile(file, this.#endOf(live), this.#witnessOf(live.id), this.#slices);
    } finally {
      file.close();
    }
  }

  #witnessOf(id: FileId): Witness {
    const gaps: { start: number; end: number }[] = [];
    this.#gaps.set(id, gaps);
    return {
      record: () => {
        this.#assertOpen();
        this.#records++;
      },
      gap: (start, size) => gaps.push({ start, end: start + size }),
      problem: problem => this.#problems.push(problem),
    };
  }

  // ----------------------------------------------------------------------------------------------------------- index

  async #checkIndex(): Promise<void> {
    const { log, keydir } = this.#parts;
    const { position } = log;
    const { size } = keydir;
    let count = 0;
    for (const entry of keydir.entries()) {
      this.#checkEntry(entry);
      // Keys that came meanwhile stand at the end, perhaps ever more of them; those are somebody else's to verify.
      if (++count > size) break;
      if (!this.#slices.step(entry.recordSize)) continue;
      await this.#slices.rest();
      this.#assertOpen();
    }
    this.#entries += count;
    if (log.position === position && count !== size) {
      const message = `the keydir says that it has ${size} keys, and has ${count}`;
      this.#problems.push({ file: '', offset: 0, code: 'COUNT', message });
    }
  }

  /** Without a pause: what the entry says holds until the next. */
  #checkEntry(entry: Entry): void {
    if (this.#isInGap(entry)) return;
    const wrong = this.#wrongWith(entry);
    if (wrong !== undefined) this.#tell(entry.fileId, entry.recordOffset, 'ENTRY', wrong);
  }

  #wrongWith({ key, fileId, recordOffset, recordSize, valueSize, valueSeq }: Entry): string | undefined {
    try {
      const file = this.#parts.log.files.get(fileId);
      const record = decodeRecord(file.read(recordOffset, recordSize), 0, file.salt, recordOffset);
      if (typeof record === 'string') return 'its record cannot be read';
      const isOfKey = record.kind === KIND_PUT && toKeyString(record.key) === key;
      const fits = record.seq === valueSeq && record.size === recordSize && record.value.length === valueSize;
      return isOfKey && fits ? undefined : 'an entry of the index points to the record of another change';
    } catch (error) {
      return `its record cannot be read: ${(error as Error).message}`;
    }
  }
}
