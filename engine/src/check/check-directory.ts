/**
 * Check of a database directory that nobody has open: every file that the manifest lists is read whole, and nothing is
 * changed. It judges as recovery does, but goes on behind the first damage.
 *
 * In a sealed file whatever cannot be read is damage. In files that were still growing it is damage when something later
 * vouches for it, a record's `syncedTo` or the manifest; else it is the tail of a write that never ended.
 */

import { join } from 'node:path';
import { DataFile, readFully } from '../disk/data-file.ts';
import { dataFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { decodeManifest, type LiveFile, MANIFEST_NAME, type Manifest, readFile } from '../disk/manifest.ts';
import { rebuildManifest } from '../disk/rebuild-manifest.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '../format/file-header.ts';
import { KIND_BATCH_END, KIND_SPACE_CREATE, KIND_SPACE_DROP, type LogRecord } from '../format/record.ts';
import { lastSealedSeq } from '../recovery/log-end.ts';
import { checkFile, type Problem, type Witness } from './check-file.ts';
import type { TimeSlices } from './time-slices.ts';

/** Bytes of a file. */
export interface Stretch {
  readonly offset: number;
  readonly size: number;
}

/** A problem that may turn out to be a torn tail. */
export interface Finding extends Problem {
  /** The highest seq of all records before it. */
  readonly lastSeq: number;
  /** The highest `syncedTo` of all records after it, up to the next finding. */
  syncedAfter: number;
  /** Whether there is a record after it. */
  hasSuccessor: boolean;
  /** Whether something that counted has been hit. */
  isDamage: boolean;
}

/** What was found in one file that the manifest lists. */
export interface CheckedFile {
  readonly live: LiveFile;
  readonly name: string;
  /** Its size; undefined when it is missing. */
  readonly size: number | undefined;
  /** Readable records, ends of batches not counted. */
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
  /** Spaces with records, and without the one that makes them. */
  readonly lostSpaces: readonly number[];
  readonly lastSeq: number;
  readonly maxSpaceId: number;
}

/** Read all of `directory`. @throws {EngineError} `NEWER_FORMAT`. */
export function checkDirectory(fs: FileSystem, directory: string, slices: TimeSlices): Promise<CheckedDirectory> {
  return new DirectoryCheck(fs, directory, slices).run();
}

class DirectoryCheck {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #slices: TimeSlices;
  readonly #spaces = new SpaceCheck();
  readonly #spacesBeforeTail = new SpaceCheck();
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
    this.#lastSeq = Math.max(this.#lastSeq, lastSealedSeq(manifest, growing));
    const { damage, tails } = await this.#checkGrowing(files.slice(sealed.length), manifest);
    problems.push(...damage);
    // Opening ends the log at a torn tail, repair does not: it keeps every record, once there is something to repair.
    const spaces = problems.some(({ code }) => code !== 'MANIFEST') ? this.#spaces : this.#spacesBeforeTail;
    problems.push(...spaces.problems());
    return {
      manifest,
      files,
      problems: problems.map(toProblem),
      tails: tails.map(toProblem),
      lostSpaces: spaces.lost,
      lastSeq: this.#lastSeq,
      maxSpaceId: Math.max(manifest.maxSpaceId, spaces.maxId),
    };
  }

  // ------------------------------------------------------------------------------------------------------- one file

  #begin(live: LiveFile): CheckedFile {
    const name = dataFileName(live.id);
    const size = sizeOf(this.#fs, join(this.#directory, name));
    return { live, name, size, records: 0, lastSeq: 0, gaps: [], findings: [] };
  }

  async #readFile(file: CheckedFile, end: number): Promise<void> {
    const { live, size } = file;
    this.#lastWholeSeq = this.#lastSeq;
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
      record: (record, offset) => this.#record(file, record, offset),
      gap: (offset, size) => addStretch(file.gaps, offset, size),
      problem: problem => this.#found(file, problem),
    };
  }

  #record(file: CheckedFile, record: LogRecord, offset: number): void {
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
    this.#spaces.record(record, file.name, offset);
    if (latest === undefined) this.#spacesBeforeTail.record(record, file.name, offset);
  }

  #found(file: CheckedFile, problem: Problem): void {
    const lastSeq = problem.code === 'BATCH' ? this.#lastWholeSeq : this.#lastSeq;
    const finding = {
      ...problem,
      lastSeq,
      syncedAfter: 0,
      hasSuccessor: false,
      isDamage: file.live.sealedSize !== null,
    };
    file.findings.push(finding);
    if (file.live.sealedSize === null) this.#latest = finding;
  }

  // -------------------------------------------------------------------------------------------------- growing files

  async #checkGrowing(
    files: readonly CheckedFile[],
    manifest: Manifest,
  ): Promise<{ damage: Finding[]; tails: Finding[] }> {
    let before: CheckedFile | undefined;
    for (const file of files) {
      const isTold = before !== undefined && before.findings.length > 0;
      if (file.live.minSeq > this.#lastSeq + 1 && !isTold) {
        const message = 'the file before has lost its last records';
        this.#found(file, { file: file.name, offset: 0, code: 'RECORDS_MISSING', message });
      }
      await this.#readFile(file, file.size ?? 0);
      before = file;
    }
    if (before !== undefined && before.findings.length === 0 && manifest.syncedTo > this.#lastSeq) {
      const offset = before.size ?? 0;
      this.#found(before, { file: before.name, offset, code: 'RECORDS_MISSING', message: 'the file has ended before' });
    }
    return judge(
      files.flatMap(file => file.findings),
      manifest.syncedTo,
    );
  }
}

/** Which of the findings in growing files are damage: those that something behind them vouches for. */
function judge(findings: readonly Finding[], syncedTo: number): { damage: Finding[]; tails: Finding[] } {
  let vouched = syncedTo;
  const damage: Finding[] = [];
  const tails: Finding[] = [];
  for (const finding of findings.toReversed()) {
    vouched = Math.max(vouched, finding.syncedAfter);
    finding.isDamage = vouched > finding.lastSeq;
    (finding.isDamage ? damage : tails).unshift(finding);
  }
  return { damage, tails };
}

/** Which spaces there are, from records in any order. */
class SpaceCheck {
  readonly #made = new Set<number>([0]);
  readonly #first = new Map<number, Problem>();
  maxId = 0;

  record({ kind, space }: LogRecord, file: string, offset: number): void {
    if (kind === KIND_SPACE_CREATE || kind === KIND_SPACE_DROP) this.#made.add(space); // Of a dropped one nothing counts.
    if (this.#first.has(space)) return;
    const message = `the record belongs to space ${space}, and nothing has made that`;
    this.#first.set(space, { file, offset, code: 'SPACE', message });
    this.maxId = Math.max(this.maxId, space);
  }

  get lost(): number[] {
    return [...this.#first.keys()].filter(id => !this.#made.has(id)).sort((a, b) => a - b);
  }

  problems(): Problem[] {
    return this.lost.map(id => this.#first.get(id)!);
  }
}

/** What is wrong with a file's header; undefined when it is the one that the manifest lists. */
function headerProblem(fs: FileSystem, path: string, live: LiveFile): string | undefined {
  const bytes = Buffer.alloc(FILE_HEADER_SIZE);
  const file = fs.open(path, 'read');
  try {
    const header = decodeFileHeader(bytes.subarray(0, readFully(file, bytes, 0, FILE_HEADER_SIZE, 0)));
    if (typeof header === 'string') return `the file header is ${header}`;
    if (header.fileId !== live.id) return `the file header is that of file ${header.fileId}`;
    return header.salt === live.salt ? undefined : 'the file header is that of another file with this number';
  } finally {
    file.close();
  }
}

function sizeOf(fs: FileSystem, path: string): number | undefined {
  try {
    const file = fs.open(path, 'read');
    try {
      return file.size();
    } finally {
      file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function addStretch(stretches: Stretch[], offset: number, size: number): void {
  const last = stretches.at(-1);
  if (last !== undefined && last.offset + last.size === offset) {
    stretches[stretches.length - 1] = { offset: last.offset, size: last.size + size };
  } else {
    stretches.push({ offset, size });
  }
}

function manifestProblem(message: string): Problem {
  return { file: MANIFEST_NAME, offset: 0, code: 'MANIFEST', message };
}

const toProblem = ({ file, offset, code, message }: Problem): Problem => ({ file, offset, code, message });
