/**
 * Removal: the files that a merge has replaced, until they are gone.
 *
 * A snapshot that was opened earlier may still read them. They go in the order of their seqs: a tombstone never before the
 * value that it deletes, so that what is left at any moment tells no lies, should all manifests be lost.
 * Left out: files that are still there when the database closes: the next opening removes them.
 */

import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dataFileName, hintFileName } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { keepAsPrevious, type LiveFile, removeIfThere } from '../disk/manifest.ts';
import type { Snapshots } from '../keydir/snapshots.ts';
import type { Log } from '../log/log.ts';

/** Removes files that nobody needs any more. */
export class Removal {
  readonly #fs: FileSystem;
  readonly #log: Log;
  readonly #snapshots: Snapshots;
  readonly #waiting = new Set<LiveFile>();
  readonly #closing: AbortSignal;

  constructor(fs: FileSystem, log: Log, snapshots: Snapshots, closing: AbortSignal) {
    this.#fs = fs;
    this.#log = log;
    this.#snapshots = snapshots;
    this.#closing = closing;
  }

  /** The files that are still there. */
  get waiting(): ReadonlySet<LiveFile> {
    return this.#waiting;
  }

  /** The manifest lists these files no more, and no entry points into them: let them go when no snapshot reads them. */
  add(files: readonly LiveFile[]): void {
    for (const live of files) this.#waiting.add(live);
    try {
      keepAsPrevious(this.#fs, this.#log.directory); // It must not list them either.
    } catch {
      return; // The next opening removes them.
    }
    const inOrder = [...files].sort((a, b) => a.minSeq - b.minSeq);
    this.#snapshots.afterClosed(this.#snapshots.lastSerial, () => void this.#removeAll(inOrder));
  }

  /** One file in each turn of the event loop: the system takes a while to give up a large one. */
  async #removeAll(files: readonly LiveFile[]): Promise<void> {
    for (const live of files) {
      if (this.#closing.aborted || !this.#remove(live)) return;
      await nextTurn();
    }
  }

  #remove(live: LiveFile): boolean {
    try {
      this.#log.files.forget(live.id);
      removeIfThere(this.#fs, join(this.#log.directory, hintFileName(live.id)));
      this.#fs.remove(join(this.#log.directory, dataFileName(live.id)));
    } catch {
      return false; // It stays, and those after it too; the next opening removes them.
    }
    this.#waiting.delete(live);
    return true;
  }
}
