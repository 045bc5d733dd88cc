// superseded later: imports, Recovered, Recovery.run, Recovery.#settle, Recovery.#sweep
/**
 * Recovery: what a database directory holds, found out on open. It gives a prefix of history that holds every change
 * that was synced.
 *
 * Sealed files must be whole: a record that cannot be read is damage. Files that were still growing end where their last
 * whole record ends, and the log with them; unless something says that more had been synced: then that is damage too.
 * Invariants: (1) no file is cut or added to: the manifest says up to where a file counts;
 *             (2) what no longer counts is copied to lost/ first, and reported;
 *             (3) recovery that is interrupted can begin again.
 */

import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyTail } from './disk/copy-records.ts';
import { DataFile } from './disk/data-file.ts';
import { makeReadOnly } from './disk/data-files.ts';
import { dataFileName } from './disk/file-names.ts';
import type { FileSystem } from './disk/file-system.ts';
import {
  commitManifest,
  decodeManifest,
  type LiveFile,
  MANIFEST_NAME,
  type Manifest,
  readFile,
} from './disk/manifest.ts';
import { dataFileIds, rebuildManifest } from './disk/rebuild-manifest.ts';
import { RecordReader } from './disk/record-reader.ts';
import { CorruptionError } from './errors.ts';
import { FILE_HEADER_SIZE } from './format/file-header.ts';
import type { Keydir } from './keydir/keydir.ts';
import { saysLaterSync } from './later-sync.ts';
import type { ResolvedOptions } from './options.ts';
import { Replay } from './replay.ts';

/** A database as recovery leaves it: every file sealed. */
export interface Recovered {
  readonly manifest: Manifest;
  readonly keydir: Keydir;
  readonly report: RecoveryReport;
}
class Recovery {

  async run(): Promise<Recovered> {
    const stored = this.#readManifest();
    const manifest = stored ?? this.#rebuild();
    const files = manifest.files.length;
    const replay = new Replay();
    const sealed = manifest.files.filter(live => live.sealedSize !== null);
    const growing = manifest.files.filter(live => live.sealedSize === null);
    this.#bytesTotal = sealed.reduce((sum, live) => sum + live.sealedSize!, 0);

    for (const live of sealed) await this.#replaySealed(live, replay);
    const kept = await this.#replayGrowing(growing, manifest, replay);
    manifest.files = [...sealed, ...kept];
    manifest.syncedTo = replay.lastSeq;
    if (stored === undefined || growing.length > 0) {
      if (files > 0) manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq) + SEQ_GAP;
      this.#settle(manifest, kept);
    }
    this.#sweep(manifest);
    const report = { files, records: replay.records, cut: this.#cut, warnings: this.#warnings };
    return { manifest, keydir: replay.finish(), report };
  }

  // -------------------------------------------------------------------------------------------------- leaving it so

  /** Make what was read durable. */
  #settle(manifest: Manifest, kept: readonly LiveFile[]): void {
    for (const live of kept) this.#syncFile(live);
    commitManifest(this.#fs, this.#directory, manifest);
    for (const live of kept) makeReadOnly(this.#fs, this.#directory, live.id);
  }

  /** Remove data files that the manifest does not list. What cannot be removed is tried again by the next open. */
  #sweep(manifest: Manifest): void {
    const listed = new Set(manifest.files.map(live => live.id));
    for (const id of dataFileIds(this.#fs, this.#directory)) {
      if (listed.has(id)) continue;
      try {
        this.#fs.remove(join(this.#directory, dataFileName(id)));
      } catch {}
    }
  }
}
