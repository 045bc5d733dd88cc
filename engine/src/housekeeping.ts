/**
 * Housekeeping: what an open store does by itself, in the background: it writes hints, merges files, removes keys that are
 * due. All of it ends when the store closes, and none of it keeps a program alive.
 */

import { EngineError } from './errors.ts';
import type { Commit } from './log/commit.ts';
import { HintWriter } from './merge/hint-writer.ts';
import { Merger } from './merge/merger.ts';
import type { ResolvedOptions } from './options.ts';
import type { Spaces } from './space/spaces.ts';

/** How often, in milliseconds, files are looked at. */
const CHECK_MS = 1000;
/** How often, in milliseconds, keys that are due are looked for. */
const SWEEP_MS = 100;
/** How many of them are removed in one go: a millisecond's work. */
const SWEEP_COUNT = 256;

/** What an open store does by itself. */
export class Housekeeping {
  readonly merger: Merger;
  readonly #hints: HintWriter;
  readonly #spaces: Spaces;
  readonly #closing = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  #immediate: NodeJS.Immediate | undefined;

  constructor(commit: Commit, spaces: Spaces, options: ResolvedOptions) {
    const { signal } = this.#closing;
    const { fs, maxDataFileSize } = options;
    const { directory, files } = commit.log;
    this.#spaces = spaces;
    this.#hints = new HintWriter(fs, directory, signal);
    const store = { fs, commit, maxDataFileSize, indexes: () => new Map(spaces.indexes()) };
    this.merger = new Merger(store, spaces.snapshots, options.merge, signal);
    files.onSealed = sealed => {
      this.#hints.add(sealed);
      this.merger.check();
    };
    this.#timers = [
      setInterval(() => this.merger.check(), CHECK_MS).unref(),
      setInterval(() => this.#sweep(), SWEEP_MS).unref(),
    ];
  }

  /** Remove keys that are due, and let others run in between when there are many. */
  #sweep(): void {
    if (this.#immediate !== undefined) return; // It is still at it.
    if (this.#spaces.sweep(SWEEP_COUNT) < SWEEP_COUNT) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined;
      this.#sweep();
    });
  }

  /** End all of it; resolves when nothing is written any more. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    clearImmediate(this.#immediate);
    this.#closing.abort(new EngineError('CLOSED', 'the database is closed'));
    await Promise.all([this.merger.idle(), this.#hints.idle()]);
  }
}
