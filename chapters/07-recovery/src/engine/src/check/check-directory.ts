// superseded later: imports, Finding, CheckedFile, CheckedDirectory, DirectoryCheck, DirectoryCheck.run, DirectoryCheck.#readFile, DirectoryCheck.#witnessOf, DirectoryCheck.#record, DirectoryCheck.#found, judge
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
import type { LogRecord } from '../format/record.ts';
import type { TimeSlices } from './time-slices.ts';

/** A problem that may turn out to be a torn tail. */
export interface Finding extends Problem {
  /** The highest seq of all records before it. */
  readonly lastSeq: number;
  /** The highest `syncedTo` of all records after it, up to the next finding. */
  syncedAfter: number;
}

/** What was found in one file that the manifest lists. */
export interface CheckedFile {
  readonly live: LiveFile;
  readonly name: string;
  /** Its size; undefined when it is missing. */
  readonly size: number | undefined;
  /** Readable records. */
  records: number;
  /** The highest seq in it; 0 when it has no record. */
  lastSeq: number;
  readonly gaps: Stretch[];
  readonly findings: Finding[];
}

/** What was found in a directory. */
export interface CheckedDirectory {
  /** As it stands on the disk, or made anew from the files. */
  readonly manifest: Manifest;
  readonly files: readonly CheckedFile[];
  /** Damage: what opening would refuse, but for the manifest. */
  readonly problems: readonly Problem[];
  /** Torn tails: what opening would cut. */
  readonly tails: readonly Problem[];
  readonly lastSeq: number;
}

class DirectoryCheck {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #slices: TimeSlices;
  /** The highest seq of all records read. */
  #lastSeq = 0;
  /** The newest finding in a growing file. */
  #latest: Finding | undefined;

  constructor(fs: FileSystem, directory: string, slices: TimeSlices) {
    this.#fs = fs;
    this.#directory = directory;
    this.#slices = slices;
  }

  async run(): Promise<CheckedDirectory> {
    const bytes = readFile(this.#fs, join(this.#directory, MANIFEST_NAME));
    const stored = bytes && decodeManifest(bytes);
    const manifest = stored ?? rebuildManifest(this.#fs, this.#directory);
    const sealed = manifest.files.filter(live => live.sealedSize !== null);
    const growing = manifest.files.filter(live => live.sealedSize === null);
    const files = [...sealed, ...growing].map(live => this.#begin(live));
    this.#slices.bytesTotal = files.reduce((sum, { size }) => sum + (size ?? 0), 0);

    const problems: Problem[] = [];
    if (stored === undefined && (bytes !== undefined || manifest.files.length > 0)) {
      problems.push(manifestProblem(bytes === undefined ? 'it is missing' : 'it does not match its checksum'));
    }
    for (const file of files.slice(0, sealed.length)) {
      await this.#readFile(file, file.live.sealedSize!);
      problems.push(...file.findings);
    }
    const { damage, tails } = await this.#checkGrowing(files.slice(sealed.length), manifest);
    problems.push(...damage);
    return {
      manifest,
      files,
      problems: problems.map(toProblem),
      tails: tails.map(toProblem),
      lastSeq: this.#lastSeq,
    };
  }

  async #readFile(file: CheckedFile, end: number): Promise<void> {
    const { live, size } = file;
    if (size === undefined) {
      this.#found(file, { file: file.name, offset: 0, code: 'FILE_MISSING', message: 'the file is missing' });
      return;
    }
    const header = headerProblem(this.#fs, join(this.#directory, file.name), live);
    if (header !== undefined) {
      this.#found(file, { file: file.name, offset: 0, code: 'FILE_HEADER', message: header });
    }
    if (size <= FILE_HEADER_SIZE && header !== undefined) return;
    const dataFile = DataFile.openWithSalt(this.#fs, this.#directory, live.id, live.salt);
    try {
      await checkFile(dataFile, end, this.#witnessOf(file), this.#slices);
    } finally {
      dataFile.close();
    }
  }

  #witnessOf(file: CheckedFile): Witness {
    return {
      record: record => this.#record(file, record),
      gap: (offset, size) => addStretch(file.gaps, offset, size),
      problem: problem => this.#found(file, problem),
    };
  }

  #record(file: CheckedFile, record: LogRecord): void {
    const latest = this.#latest;
    if (latest !== undefined) latest.syncedAfter = Math.max(latest.syncedAfter, record.syncedTo);
    this.#lastSeq = Math.max(this.#lastSeq, record.seq);
    file.records++;
    file.lastSeq = Math.max(file.lastSeq, record.seq);
  }

  #found(file: CheckedFile, problem: Problem): void {
    const finding = { ...problem, lastSeq: this.#lastSeq, syncedAfter: 0 };
    file.findings.push(finding);
    if (file.live.sealedSize === null) this.#latest = finding;
  }
}

/** Which of the findings in growing files are damage: those that something behind them vouches for. */
function judge(findings: readonly Finding[], syncedTo: number): { damage: Finding[]; tails: Finding[] } {
  let vouched = syncedTo;
  const damage: Finding[] = [];
  const tails: Finding[] = [];
  for (const finding of findings.toReversed()) {
    vouched = Math.max(vouched, finding.syncedAfter);
    (vouched > finding.lastSeq ? damage : tails).unshift(finding);
  }
  return { damage, tails };
}
