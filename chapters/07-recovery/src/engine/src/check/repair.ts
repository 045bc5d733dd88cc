// superseded later: imports, RepairReport, RepairOptions, reportOf, Repair, Repair.run, Repair.#rewrite, Repair.#eachRecord, Repair.#noteLost, Repair.#commit, append
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
import { keepTail } from '../recovery/lost.ts';
import { type CheckOptions, resolveOptions } from '../options.ts';
import { recover, SEQ_GAP } from '../recovery/recovery.ts';
import { TimeSlices } from './time-slices.ts';

/** What {@link repairDirectory} has found and done. */
export interface RepairReport {
  /** Data files that the database has now, and records in them. */
  readonly files: number;
  readonly records: number;
  /** What was wrong. When it is empty, nothing was changed. */
  readonly problems: readonly Problem[];
  readonly rewritten: readonly RewrittenFile[];
  readonly lost: readonly LostBytes[];
}

/** What {@link repairDirectory} may be given. */
export type RepairOptions = CheckOptions;

function reportOf({ files, problems }: CheckedDirectory, live: readonly LiveFile[]): RepairReport {
  const records = files.reduce((sum, file) => sum + file.records, 0);
  return { files: live.length, records, problems, rewritten: [], lost: [] };
}

class Repair {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #checked: CheckedDirectory;
  readonly #slices: TimeSlices;
  readonly #manifest: Manifest;
  readonly #rewritten: RewrittenFile[] = [];
  readonly #lost: LostBytes[] = [];
  #records = 0;

  constructor(fs: FileSystem, directory: string, checked: CheckedDirectory, options: RepairOptions) {
    this.#fs = fs;
    this.#directory = directory;
    this.#checked = checked;
    this.#slices = new TimeSlices(options);
    const nextFileId = Math.max(checked.manifest.nextFileId, ...dataFileIds(fs, directory).map(id => id + 1));
    this.#manifest = { ...checked.manifest, nextFileId };
  }

  async run(): Promise<RepairReport> {
    const { files, problems } = this.#checked;
    const manifest = this.#manifest;
    manifest.lastSeq = Math.max(manifest.lastSeq, this.#checked.lastSeq) + SEQ_GAP;
    manifest.syncedTo = this.#checked.lastSeq;
    manifest.files = [];
    if (problems.some(({ code }) => code === 'MANIFEST')) keepTail(this.#fs, this.#directory, MANIFEST_NAME, 0);
    for (const file of files) {
      const live = file.findings.length === 0 ? this.#sealWhole(file) : await this.#rewrite(file);
      if (live !== undefined) manifest.files.push(live);
    }
    this.#commit();
    const { length } = manifest.files;
    return { files: length, records: this.#records, problems, rewritten: this.#rewritten, lost: this.#lost };
  }

  // ------------------------------------------------------------------------------------------------- damaged files

  /** Keep a copy of this file, and write its records to a new one. */
  async #rewrite(file: CheckedFile): Promise<LiveFile | undefined> {
    const keptAs = keepTail(this.#fs, this.#directory, file.name, 0)?.keptAs;
    const target = this.#createFile();
    let records = 0;
    let maxSeq = 0;
    try {
      if (file.size !== undefined) {
        await this.#eachRecord(file, record => {
          append(target, record);
          records++;
          maxSeq = Math.max(maxSeq, record.seq);
        });
      }
      if (records > 0) target.sync();
    } finally {
      target.close();
    }
    this.#noteLost(file);
    this.#records += records;
    const writtenAs = records > 0 ? target.name : undefined;
    if (writtenAs === undefined) this.#fs.remove(join(this.#directory, target.name));
    this.#rewritten.push({ file: file.name, writtenAs, records, keptAs });
    if (writtenAs === undefined) return undefined;
    return { ...file.live, id: target.id, salt: target.salt, sealedSize: target.size, maxSeq };
  }

  async #eachRecord(file: CheckedFile, visit: (record: LogRecord) => void): Promise<void> {
    const source = DataFile.openWithSalt(this.#fs, this.#directory, file.live.id, file.live.salt);
    try {
      const end = file.live.sealedSize ?? file.size!;
      await checkFile(source, end, { record: visit, gap: () => {}, problem: () => {} }, this.#slices);
    } finally {
      source.close();
    }
  }

  #noteLost({ name, live, size = 0, gaps }: CheckedFile): void {
    const note = (offset: number, end: number): void => {
      if (offset < end) this.#lost.push({ file: name, offset, bytes: end - offset });
    };
    for (const gap of gaps) note(gap.offset, gap.offset + gap.size);
    if (live.sealedSize !== null) note(size, live.sealedSize);
  }

  #commit(): void {
    const { files } = this.#manifest;
    this.#fs.syncDirectory(this.#directory); // The new files have to have names before the manifest lists them.
    commitManifest(this.#fs, this.#directory, this.#manifest);
    keepAsPrevious(this.#fs, this.#directory); // The one before lists files that are about to go.
    for (const { id } of files) makeReadOnly(this.#fs, this.#directory, id);
    for (const { file } of this.#rewritten) removeIfThere(this.#fs, join(this.#directory, file));
  }
}

/** Where it will stand, its checksum is another. */
function append(target: DataFile, record: LogRecord): void {
  target.append(encodeRecord({ ...record, syncedTo: 0 }, target.salt, target.size));
}
