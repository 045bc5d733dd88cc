// superseded later: imports, Recovered, recover
/**
 * Recovery: what a database directory holds, found out on open. It gives a prefix of history that holds every change
 * that was synced.
 *
 * Invariants: (1) no file is cut or added to: the manifest says up to where a file counts;
 *             (2) what no longer counts is copied to lost/ first, and reported;
 *             (3) recovery that is interrupted can begin again.
 */

import { type LiveFile, type Manifest, readManifest } from '../disk/manifest.ts';
import { rebuildManifest } from '../disk/rebuild-manifest.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { CutTail } from './lost.ts';
import type { ResolvedOptions } from '../options.ts';
import { Replay } from './replay.ts';
import { ReplayFiles } from './replay-files.ts';
import { settle, sweep } from './settle.ts';

/** A database as recovery leaves it: every file sealed. */
export interface Recovered {
  readonly manifest: Manifest;
  readonly keydir: Keydir;
  readonly report: RecoveryReport;
}

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
  const kept = await reader.growing(growing, manifest);

  manifest.files = [...sealed, ...kept];
  manifest.syncedTo = replay.lastSeq;
  if (stored === undefined || growing.length > 0) {
    if (files > 0) manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq) + SEQ_GAP;
    settle(fs, directory, manifest, kept);
  }
  sweep(fs, directory, manifest);
  const report = { files, records: replay.records, cut: reader.cut, warnings };
  return { manifest, keydir: replay.finish(), report };
}
