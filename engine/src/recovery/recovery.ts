/**
 * Recovery: what a database directory holds, found out on open. It gives a prefix of history that holds every change
 * that met its level.
 *
 * Invariants: (1) no file is cut or added to: the manifest says up to where a file counts;
 *             (2) what no longer counts is copied to lost/ first, and reported;
 *             (3) recovery that is interrupted can begin again.
 */

import { dataFileName } from '../disk/file-names.ts';
import { type LiveFile, type Manifest, readManifest } from '../disk/manifest.ts';
import { rebuildManifest } from '../disk/rebuild-manifest.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import type { ResolvedOptions } from '../options.ts';
import { lastSealedSeq } from './log-end.ts';
import type { CutTail } from './lost.ts';
import { Replay } from './replay.ts';
import { ReplayFiles } from './replay-files.ts';
import { settle, sweep } from './settle.ts';

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

/** After an open that followed no clean close, seqs go on this much higher: some may have been given away unseen. */
export const SEQ_GAP: number = 2 ** 32;

/** Find out what `directory` holds, and leave it so that new files can be added to it. */
export async function recover(directory: string, options: ResolvedOptions): Promise<Recovered> {
  const { fs } = options;
  const stored = readManifest(fs, directory);
  const manifest = stored ?? rebuildManifest(fs, directory);
  const sealed = manifest.files.filter(live => live.sealedSize !== null);
  const growing = manifest.files.filter(live => live.sealedSize === null);
  const files = manifest.files.length;
  const warnings = stored === undefined && files > 0 ? [madeAnew(files)] : [];

  const replay = new Replay();
  const reader = new ReplayFiles(directory, options, replay, sizeOf(sealed));
  for (const live of sealed) await reader.sealed(live);
  replay.lastSeq = Math.max(replay.lastSeq, lastSealedSeq(manifest, growing));
  const kept = await reader.growing(growing, manifest);

  manifest.files = [...sealed, ...kept];
  const indexes = replay.finish(manifest.hashSeed);
  manifest.maxSpaceId = Math.max(manifest.maxSpaceId, replay.maxSpaceId);
  manifest.syncedTo = replay.lastSeq;
  const report = { files, records: replay.records, cut: reader.cut, warnings: [...warnings, ...reader.warnings] };
  if (stored === undefined || growing.length > 0) {
    if (files > 0) manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq) + SEQ_GAP;
    if (!settle(fs, directory, manifest, kept)) return recoverAgain(directory, options, kept, report);
  }
  sweep(fs, directory, manifest);
  reader.writeHints();
  return { manifest, indexes, report };
}

/** Files have been written anew, as a sync had failed: read them from where they are now. */
async function recoverAgain(
  directory: string,
  options: ResolvedOptions,
  kept: readonly LiveFile[],
  { cut, warnings }: RecoveryReport,
): Promise<Recovered> {
  const again = await recover(directory, options);
  const anew = kept.map(live => `${dataFileName(live.id)} was written anew, as a sync had failed`);
  const all = [...warnings, ...anew, ...again.report.warnings];
  return { ...again, report: { ...again.report, cut: [...cut, ...again.report.cut], warnings: all } };
}

const madeAnew = (files: number): string => `the manifest could not be read; it was made anew from ${files} data files`;

const sizeOf = (sealed: readonly LiveFile[]): number => sealed.reduce((sum, live) => sum + live.sealedSize!, 0);
