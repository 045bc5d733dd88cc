/**
 * FileUsage: how many bytes of each data file are live: those of the records that entries of an index point to. All else in
 * a file is dead, and a merge may win it back.
 *
 * Each space counts for itself, so dropping one costs the same however many keys it had.
 */

import type { FileId } from './file-names.ts';

/** Where a record lies, as far as it is counted here. */
export interface Placed {
  readonly fileId: FileId;
  readonly recordSize: number;
}

/** Live bytes of each data file. */
export class FileUsage {
  readonly #liveBytes = new Map<FileId, number>();

  /** An entry points to this record now. */
  add({ fileId, recordSize }: Placed): void {
    this.#liveBytes.set(fileId, this.liveBytes(fileId) + recordSize);
  }

  /** No entry points to this record any more. */
  free({ fileId, recordSize }: Placed): void {
    const left = this.liveBytes(fileId) - recordSize;
    if (left === 0) this.#liveBytes.delete(fileId);
    else this.#liveBytes.set(fileId, left);
  }

  /** Live bytes of one file. */
  liveBytes(fileId: FileId): number {
    return this.#liveBytes.get(fileId) ?? 0;
  }

  /** Files that have live bytes, and how many. */
  entries(): Iterable<[FileId, number]> {
    return this.#liveBytes.entries();
  }

  /** Live bytes of all files. */
  get total(): number {
    let total = 0;
    for (const bytes of this.#liveBytes.values()) total += bytes;
    return total;
  }
}
