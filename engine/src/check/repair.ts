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
import { DataFile } from '../disk/data-file.ts';
import { makeReadOnly } from '../disk/data-files.ts';
import { type FileId, hintFileName } from '../disk/file-names.ts';
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
import { encodeRecord, KIND_BATCH_END, KIND_SPACE_CREATE, type LogRecord } from '../format/record.ts';
import { ORDER_BYTES, type SpaceOrder } from '../keydir/key-index.ts';
import { POISONED_NAME } from '../log/log-writer.ts';
import { type CheckOptions, type DirectoryOptions, resolveOptions } from '../options.ts';
import { keepTail } from '../recovery/lost.ts';
import { recover, SEQ_GAP } from '../recovery/recovery.ts';
import { type CheckedDirectory, type CheckedFile, checkDirectory } from './check-directory.ts';
import { checkFile, type Problem } from './check-file.ts';
import { TimeSlices } from './time-slices.ts';

/** Bytes that are not in the database any more. */
export interface LostBytes {
  /** The data file's name. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A data file that was damaged. */
export interface RewrittenFile {
  readonly file: string;
  /** Where its records are now; undefined when none could be read. */
  readonly writtenAs: string | undefined;
  readonly records: number;
  /** The copy of it as it was, as a path inside the database directory; undefined when it is missing. */
  readonly keptAs: string | undefined;
}

/** What {@link Database.repair} has found and done. */
export interface RepairReport {
  /** Data files that the database has now, and records in them. */
  readonly files: number;
  readonly records: number;
  /** What was wrong. When it is empty, nothing was changed. */
  readonly problems: readonly Problem[];
  readonly rewritten: readonly RewrittenFile[];
  readonly lost: readonly LostBytes[];
  /** Spaces whose beginning was lost: they have been made again. */
  readonly madeSpaces: readonly number[];
}

/** What {@link Database.repair} may be given. */
export interface RepairOptions extends CheckOptions, DirectoryOptions {
  /** The order of a space whose beginning was lost, and with it how it was ordered. Default: `'key'`. */
  readonly spaceOrder?: SpaceOrder;
}

/** Repair `directory`, which nobody has open. */
export async function repairDirectory(
  fs: FileSystem,
  directory: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const checked = await checkDirectory(fs, directory, new TimeSlices(options));
  if (checked.problems.length === 0) return reportOf(checked, checked.manifest.files);
  if (checked.problems.every(({ code }) => code === 'MANIFEST')) {
    const { manifest } = await recover(directory, resolveOptions({ fs })); // Opening mends that by itself.
    return reportOf(checked, manifest.files);
  }
  return new Repair(fs, directory, checked, options).run();
}

function reportOf({ files, problems }: CheckedDirectory, live: readonly LiveFile[]): RepairReport {
  const records = files.reduce((sum, file) => sum + file.records, 0);
  return { files: live.length, records, problems, rewritten: [], lost: [], madeSpaces: [] };
}

class Repair {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #checked: CheckedDirectory;
  readonly #options: RepairOptions;
  readonly #slices: TimeSlices;
  readonly #manifest: Manifest;
  readonly #rewritten: RewrittenFile[] = [];
  readonly #lost: LostBytes[] = [];
  /** Files that nobody needs once the new manifest is there. */
  readonly #outdated: string[] = [];
  #records = 0;

  constructor(fs: FileSystem, directory: string, checked: CheckedDirectory, options: RepairOptions) {
    this.#fs = fs;
    this.#directory = directory;
    this.#checked = checked;
    this.#options = options;
    this.#slices = new TimeSlices(options);
    const nextFileId = Math.max(checked.manifest.nextFileId, ...dataFileIds(fs, directory).map(id => id + 1));
    this.#manifest = { ...checked.manifest, nextFileId, maxSpaceId: checked.maxSpaceId };
  }

  async run(): Promise<RepairReport> {
    const { files, problems, lostSpaces } = this.#checked;
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
    if (lostSpaces.length > 0) manifest.files.push(this.#makeSpaces(lostSpaces));
    this.#commit();
    const { length } = manifest.files;
    const report = { files: length, records: this.#records, problems, madeSpaces: lostSpaces };
    return { ...report, rewritten: this.#rewritten, lost: this.#lost };
  }

  // ---------------------------------------------------------------------------------------------------- whole files

  /** A file that stays as it is; one without records is left out. */
  #sealWhole({ live, name, size, records, lastSeq }: CheckedFile): LiveFile | undefined {
    this.#records += records;
    if (live.sealedSize !== null) return live;
    if (records === 0) return undefined;
    const file = this.#fs.open(join(this.#directory, name), 'write');
    try {
      file.syncData();
    } finally {
      file.close();
    }
    return { ...live, sealedSize: size!, maxSeq: lastSeq };
  }

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
    this.#outdated.push(file.name, hintFileName(file.live.id));
    this.#records += records;
    const writtenAs = records > 0 ? target.name : undefined;
    if (writtenAs === undefined) this.#fs.remove(join(this.#directory, target.name));
    this.#rewritten.push({ file: file.name, writtenAs, records, keptAs });
    if (writtenAs === undefined) return undefined;
    return { ...file.live, id: target.id, salt: target.salt, sealedSize: target.size, maxSeq };
  }

  async #eachRecord(file: CheckedFile, visit: (record: LogRecord, offset: number) => void): Promise<void> {
    const source = DataFile.openWithSalt(this.#fs, this.#directory, file.live.id, file.live.salt);
    try {
      const end = file.live.sealedSize ?? file.size!;
      await checkFile(source, end, { record: visit, gap: () => {}, problem: () => {} }, this.#slices);
    } finally {
      source.close();
    }
  }

  #noteLost({ name, live, size = 0, gaps }: CheckedFile, until: number): void {
    const note = (offset: number, end: number): void => {
      if (offset < end) this.#lost.push({ file: name, offset, bytes: end - offset });
    };
    for (const gap of gaps) note(gap.offset, Math.min(gap.offset + gap.size, until));
    note(until, size);
    if (live.sealedSize !== null) note(size, live.sealedSize);
  }

  // ----------------------------------------------------------------------------------------------------- lost spaces

  /** A file with the records that make these spaces. That their seqs are higher than those of the keys is no harm. */
  #makeSpaces(ids: readonly number[]): LiveFile {
    const manifest = this.#manifest;
    const target = this.#createFile();
    const minSeq = manifest.lastSeq + 1;
    const value = Buffer.of(ORDER_BYTES[this.#options.spaceOrder ?? 'key']);
    try {
      for (const space of ids) {
        const record = { kind: KIND_SPACE_CREATE, seq: ++manifest.lastSeq, space, key: Buffer.alloc(0), value };
        target.append(encodeRecord(record, target.salt, target.size));
      }
      target.sync();
    } finally {
      target.close();
    }
    manifest.syncedTo = manifest.lastSeq;
    return { id: target.id, salt: target.salt, sealedSize: target.size, minSeq, maxSeq: manifest.lastSeq };
  }

  // --------------------------------------------------------------------------------------------------------- commit

  #createFile(): DataFile {
    const id = this.#manifest.nextFileId++ as FileId;
    return DataFile.create(this.#fs, this.#directory, id, randomBytes(4).readUInt32LE());
  }

  #commit(): void {
    const { files } = this.#manifest;
    this.#fs.syncDirectory(this.#directory); // The new files have to have names before the manifest lists them.
    commitManifest(this.#fs, this.#directory, this.#manifest);
    keepAsPrevious(this.#fs, this.#directory); // The one before lists files that are about to go.
    for (const { id } of files) makeReadOnly(this.#fs, this.#directory, id);
    removeIfThere(this.#fs, join(this.#directory, POISONED_NAME));
    for (const name of this.#outdated) removeIfThere(this.#fs, join(this.#directory, name));
  }
}

/** Where a batch begins that never counted: it has no end, nothing vouches for it, and no record stands behind it. */
function uncommittedFrom({ findings, live }: CheckedFile): number | undefined {
  const last = findings.at(-1);
  if (live.sealedSize !== null || last === undefined || last.isDamage || last.hasSuccessor) return undefined;
  return last.code === 'BATCH' ? last.offset : undefined;
}

/** A record of a batch becomes a plain one. Where it will stand, its checksum is another. */
function append(target: DataFile, record: LogRecord): void {
  target.append(encodeRecord({ ...record, batch: false, syncedTo: 0 }, target.salt, target.size));
}
