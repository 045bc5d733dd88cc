/** An open store taken apart: for tests that merge files of their own choice. */
import { Clock } from '../../engine/src/clock.ts';
import type { LiveFile } from '../../engine/src/disk/manifest.ts';
import type { DatabaseOptions } from '../../engine/src/index.ts';
import { Commit } from '../../engine/src/log/commit.ts';
import { Log } from '../../engine/src/log/log.ts';
import { Merger } from '../../engine/src/merge/merger.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { type RecoveryReport, recover } from '../../engine/src/recovery/recovery.ts';
import { Spaces } from '../../engine/src/space/spaces.ts';

/** What {@link openParts} hands out. */
export interface StoreParts {
  readonly commit: Commit;
  readonly spaces: Spaces;
  readonly merger: Merger;
  readonly report: RecoveryReport;
  /** The sealed files, oldest first. */
  sealed(): LiveFile[];
  close(): Promise<void>;
}

/** Open a store without its lock and its housekeeping. */
export async function openParts(directory: string, given: DatabaseOptions): Promise<StoreParts> {
  const options = resolveOptions({ ...given, merge: { auto: false } });
  const { manifest, indexes, report } = await recover(directory, options);
  const commit = new Commit(new Log(directory, manifest, options), options);
  const spaces = new Spaces(indexes, commit, new Clock(options.now), options.expiry === 'engine');
  const closing = new AbortController();
  const store = {
    fs: options.fs,
    commit,
    maxDataFileSize: options.maxDataFileSize,
    indexes: () => new Map(spaces.indexes()),
  };
  const merger = new Merger(store, spaces.snapshots, options.merge, closing.signal);
  return {
    commit,
    spaces,
    merger,
    report,
    sealed: () => commit.log.files.sealed,
    close: async () => {
      closing.abort(new Error('closed'));
      await Promise.all([merger.idle(), commit.close()]);
    },
  };
}
