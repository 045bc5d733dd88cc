/**
 * HintWriter: writes the hints of files as they are sealed, one after the other, in the background. A hint that cannot be
 * written is none: then the next opening reads the data file instead, and tries to write it.
 */

import type { FileSystem } from '../disk/file-system.ts';
import type { LiveFile } from '../disk/manifest.ts';
import { runJob } from './run-job.ts';

/** Writes hints in the background. */
export class HintWriter {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #waiting: LiveFile[] = [];
  /** Resolves when none is written any more; never rejects. */
  #work: Promise<void> | undefined;

  constructor(fs: FileSystem, directory: string, signal: AbortSignal) {
    this.#fs = fs;
    this.#directory = directory;
    this.#signal = signal;
  }

  /** These files have been sealed. */
  add(files: readonly LiveFile[]): void {
    if (this.#signal.aborted) return;
    this.#waiting.push(...files);
    this.#work ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await new Promise(setImmediate); // Whoever has sealed the file has something to do first.
    for (let live = this.#waiting.shift(); live !== undefined; live = this.#waiting.shift()) {
      await this.#write(live).catch(() => {});
    }
    this.#work = undefined;
  }

  async #write(live: LiveFile): Promise<void> {
    if (this.#signal.aborted) return;
    await runJob(
      this.#fs,
      { kind: 'hint', directory: this.#directory, live },
      {
        signal: this.#signal,
        onProgress: () => {},
        bytesPerSecond: Number.POSITIVE_INFINITY,
        isBackground: true,
      },
    );
  }

  /** Resolves when no hint is written any more. */
  async idle(): Promise<void> {
    await this.#work;
  }
}
