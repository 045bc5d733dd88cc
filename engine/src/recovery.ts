/**
 * Recovery: what a database directory holds, found out on open. It gives a prefix of history that holds every change
 * that met its level.
 *
 * Sealed files must be whole: a record that cannot be read is damage. Files that were still growing end where their last
 * whole record ends, and the log with them; unless something says that more had been synced: then that is damage too.
 * Invariants: (1) no file is cut or added to: the manifest says up to where a file counts;
 *             (2) what no longer counts is copied to lost/ first, and reported;
 *             (3) recovery that is interrupted can begin again.
 */

import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyTail, rewriteFile } from './disk/copy-records.ts';
import { DataFile } from './disk/data-file.ts';
import { makeReadOnly } from './disk/data-files.ts';
import { dataFileName, type FileId, isMergingFileName, parseDataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import {
  commitManifest,
  decodeManifest,
  type LiveFile,
  MANIFEST_NAME,
  type Manifest,
  readFile,
  removeIfThere,
} from './disk/manifest.ts';
import { rebuildManifest } from './disk/rebuild-manifest.ts';
import { RecordReader } from './disk/record-reader.ts';
import { CorruptionError } from './errors.ts';
import { FILE_HEADER_SIZE } from './format/file-header.ts';
import type { KeyIndex } from './keydir/key-index.ts';
import { saysLaterSync } from './later-sync.ts';
import { POISONED_NAME } from './log-writer.ts';
import type { ResolvedOptions } from './options.ts';
import { Replay } from './replay.ts';

/** Bytes that do not count any more, because a write did not end before the program or the machine did. */
export interface CutTail {
  /** The data file's name. */
  readonly file: string;
  /** Where the log ends in it. */
  readonly offset: number;
  readonly bytes: number;
  /** The copy, as a path inside the database directory. */
  readonly keptAs: string;
}

/** What {@link Database.open} has found. */
export interface RecoveryReport {
  /** Data files read. */
  readonly files: number;
  /** Records read. */
  readonly records: number;
  readonly cut: readonly CutTail[];
  readonly warnings: readonly string[];
}

/** A database as recovery leaves it: every file sealed. */
export interface Recovered {
  readonly manifest: Manifest;
  /** The indexes of all spaces, by the space's id. */
  readonly indexes: ReadonlyMap<number, KeyIndex>;
  readonly report: RecoveryReport;
}

/** Where a file ends for us, and why. */
interface FileEnd {
  readonly offset: number;
  readonly problem: 'torn' | 'corrupt' | undefined;
}

/** After an open that followed no clean close, seqs go on this much higher: some may have been given away unseen. */
export const SEQ_GAP: number = 2 ** 32;
/** How long, in milliseconds, recovery holds up the program at a time. */
const SLICE_MS = 10;
/** How many units are read between two looks at the clock. */
const SLICE_UNITS = 64;
/** The folder for bytes that do not count any more. */
export const LOST = 'lost';

/** The end of a file whose first record should follow one that is not there: the file before has lost its tail. */
const LOG_ENDED_BEFORE: FileEnd = { offset: 0, problem: 'torn' };

export const PROBLEMS = { torn: 'the record is cut short', corrupt: 'the record does not match its checksum' } as const;

/**
 * The seq of the last change before those of the growing files. Its record may be gone: merge drops a tombstone that
 * nothing needs any more.
 */
export function lastSealedSeq(manifest: Manifest, growing: readonly LiveFile[]): number {
  const [first] = growing;
  return first === undefined || first.minSeq === 0 ? manifest.syncedTo : first.minSeq - 1;
}

/** What opening throws: with the way on. */
function damage(live: LiveFile, offset: number, problem: string): CorruptionError {
  return new CorruptionError(dataFileName(live.id), offset, `${problem}; Database.repair keeps all that can be read`);
}

/** Find out what `directory` holds, and leave it so that new files can be added to it. */
export function recover(directory: string, options: ResolvedOptions): Promise<Recovered> {
  return new Recovery(directory, options).run();
}

class Recovery {
  readonly #directory: string;
  readonly #options: ResolvedOptions;
  readonly #fs: FileSystem;
  readonly #cut: CutTail[] = [];
  readonly #warnings: string[] = [];
  #bytesRead = 0;
  #bytesTotal = 0;
  #sliceStartMs: number = performance.now();

  constructor(directory: string, options: ResolvedOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#fs = options.fs;
  }

  async run(): Promise<Recovered> {
    const stored = this.#readManifest();
    const manifest = stored ?? this.#rebuild();
    const files = manifest.files.length;
    const replay = new Replay();
    const sealed = manifest.files.filter(live => live.sealedSize !== null);
    const growing = manifest.files.filter(live => live.sealedSize === null);
    this.#bytesTotal = sealed.reduce((sum, live) => sum + live.sealedSize!, 0);

    for (const live of sealed) await this.#replaySealed(live, replay);
    replay.lastSeq = Math.max(replay.lastSeq, lastSealedSeq(manifest, growing));
    const kept = await this.#replayGrowing(growing, manifest, replay);
    manifest.files = [...sealed, ...kept];
    const indexes = replay.finish(manifest.hashSeed);
    manifest.maxSpaceId = Math.max(manifest.maxSpaceId, replay.maxSpaceId);
    manifest.syncedTo = replay.lastSeq;
    if (stored === undefined || growing.length > 0) {
      if (files > 0) manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq) + SEQ_GAP;
      const mayTrust = this.#settle(manifest, sealed, kept);
      if (!mayTrust) return this.run(); // Files have been rewritten: read them from where they are now.
    }
    this.#sweep(manifest);
    const report = { files, records: replay.records, cut: this.#cut, warnings: this.#warnings };
    return { manifest, indexes, report };
  }

  #readManifest(): Manifest | undefined {
    const bytes = readFile(this.#fs, join(this.#directory, MANIFEST_NAME));
    return bytes && decodeManifest(bytes);
  }

  #rebuild(): Manifest {
    const manifest = rebuildManifest(this.#fs, this.#directory);
    if (manifest.files.length > 0) {
      this.#warnings.push(`the manifest could not be read; it was made anew from ${manifest.files.length} data files`);
    }
    return manifest;
  }

  // --------------------------------------------------------------------------------------------------------- reading

  async #replaySealed(live: LiveFile, replay: Replay): Promise<void> {
    const end = await this.#replayFile(live, replay);
    if (end.problem !== undefined) throw damage(live, end.offset, PROBLEMS[end.problem]);
    if (end.offset < live.sealedSize!) {
      throw damage(live, end.offset, `the file should have ${live.sealedSize} bytes`);
    }
  }

  /** Read the files that were still growing; returns those that have records, sealed where these end. */
  async #replayGrowing(files: readonly LiveFile[], manifest: Manifest, replay: Replay): Promise<LiveFile[]> {
    const kept: LiveFile[] = [];
    for (const [i, live] of files.entries()) {
      const followsOn = live.minSeq <= replay.lastSeq + 1;
      const end = followsOn ? await this.#replayFile(live, replay) : LOG_ENDED_BEFORE;
      const isLast = end.problem !== undefined || i === files.length - 1;
      if (isLast) this.#assertNothingLost(files.slice(i), end, manifest, replay.lastSeq);
      if (end.offset > FILE_HEADER_SIZE) {
        kept.push({ ...live, sealedSize: end.offset, maxSeq: replay.lastSeq });
      }
      if (end.problem === undefined) continue;
      this.#keepTail(live, end.offset);
      for (const later of files.slice(i + 1)) this.#keepTail(later, 0);
      break;
    }
    return kept;
  }

  async #replayFile(live: LiveFile, replay: Replay): Promise<FileEnd> {
    const file = this.#openFile(live);
    if (file === undefined) return { offset: 0, problem: 'corrupt' };
    try {
      const reader = new RecordReader(file, undefined, Math.min(file.size, live.sealedSize ?? file.size));
      for (let units = 1; ; units++) {
        const offset = reader.offset;
        const result = replay.unit(file, reader);
        if (result === 'end') return { offset, problem: undefined };
        if (result !== 'applied') return { offset, problem: result };
        if (units % SLICE_UNITS === 0) await this.#rest(reader.offset, replay);
      }
    } finally {
      this.#bytesRead += file.size;
      file.close();
    }
  }

  /** The data file, if its header is the right one. */
  #openFile(live: LiveFile): DataFile | undefined {
    try {
      const file = DataFile.open(this.#fs, this.#directory, live.id);
      if (file.salt === live.salt) return file;
      file.close();
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing && !(error instanceof CorruptionError)) throw error;
    }
    return undefined;
  }

  /** Let the rest of the program run now and then. */
  async #rest(offset: number, replay: Replay): Promise<void> {
    if (performance.now() - this.#sliceStartMs < SLICE_MS) return;
    const bytesRead = this.#bytesRead + offset;
    const bytesTotal = Math.max(this.#bytesTotal, bytesRead);
    this.#options.onProgress({ bytesRead, bytesTotal, recordsRead: replay.records });
    await nextTurn();
    this.#sliceStartMs = performance.now();
  }

  // ------------------------------------------------------------------------------------------------ where the log ends

  /** The log ends in the first of these files. @throws {CorruptionError} when more than that had been synced. */
  #assertNothingLost(files: readonly LiveFile[], end: FileEnd, manifest: Manifest, lastSeq: number): void {
    const isDamage =
      manifest.syncedTo > lastSeq ||
      files.some((live, i) => this.#saysLaterSync(live, i === 0 ? end.offset : FILE_HEADER_SIZE, lastSeq));
    if (!isDamage) return;
    const problem = end.problem === undefined ? 'the file ends' : PROBLEMS[end.problem];
    throw damage(files[0]!, end.offset, `${problem}, and what came after had been synced`);
  }

  #saysLaterSync(live: LiveFile, from: number, lastSeq: number): boolean {
    return this.#exists(live) && saysLaterSync(this.#fs, this.#directory, live, from, lastSeq);
  }

  #exists(live: LiveFile): boolean {
    return this.#fs.list(this.#directory).includes(dataFileName(live.id));
  }

  /** Copy what stands in a file from `offset` on to lost/. */
  #keepTail(live: LiveFile, offset: number): void {
    if (!this.#exists(live)) return;
    const file = dataFileName(live.id);
    const folder = join(this.#directory, LOST);
    const keptAs = join(LOST, `${file}.${offset}`);
    this.#fs.makeDirectory(folder);
    const bytes = copyTail(this.#fs, join(this.#directory, file), offset, join(this.#directory, keptAs));
    this.#fs.syncDirectory(folder);
    if (bytes > 0) this.#cut.push({ file, offset, bytes, keptAs });
    else this.#fs.remove(join(this.#directory, keptAs));
  }

  // -------------------------------------------------------------------------------------------------- leaving it so

  /**
   * Make what was read durable. Returns whether the files may be trusted as they are: after a failed sync the system's
   * memory may hold what the disk does not, and no later sync would tell, so such files are written anew.
   */
  #settle(manifest: Manifest, sealed: readonly LiveFile[], kept: readonly LiveFile[]): boolean {
    const mark = join(this.#directory, POISONED_NAME);
    const mayTrust = kept.length === 0 || readFile(this.#fs, mark) === undefined;
    if (mayTrust) for (const live of kept) this.#syncFile(live);
    else manifest.files = [...sealed, ...kept.map(live => this.#rewrite(live, manifest))];
    commitManifest(this.#fs, this.#directory, manifest);
    for (const live of manifest.files.slice(sealed.length)) makeReadOnly(this.#fs, this.#directory, live.id);
    removeIfThere(this.#fs, mark);
    return mayTrust;
  }

  #rewrite(live: LiveFile, manifest: Manifest): LiveFile {
    this.#warnings.push(`${dataFileName(live.id)} was written anew, as a sync had failed`);
    return rewriteFile(this.#fs, this.#directory, live, manifest.nextFileId++ as FileId);
  }

  #syncFile(live: LiveFile): void {
    const file = this.#fs.open(join(this.#directory, dataFileName(live.id)), 'write');
    try {
      file.syncData();
    } finally {
      file.close();
    }
  }

  /** Remove files of ours that the manifest does not list. What cannot be removed is tried again by the next open. */
  #sweep(manifest: Manifest): void {
    const listed = new Set(manifest.files.map(live => dataFileName(live.id)));
    for (const name of this.#fs.list(this.#directory)) {
      const isOurs = parseDataFileName(name) !== undefined || isMergingFileName(name);
      if (!isOurs || listed.has(name)) continue;
      try {
        this.#fs.remove(join(this.#directory, name));
      } catch {}
    }
  }
}
