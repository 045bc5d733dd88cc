// superseded later: imports, Log.add
/**
 * Log: the data files as one long sequence of records. New records wait in a buffer, go to the end of the active file in
 * one write, and can be read from either place.
 *
 * Invariants: (1) seqs rise along the log;
 *             (2) a failed write changes nothing: the file is cut back, the buffer keeps its bytes;
 *             (3) what is pending all goes to one file, at offsets known when it was encoded;
 *             (4) only whole units are written.
 * Left out: when to write and when to sync (commit.ts, log-writer.ts), and what the records mean (space-records.ts, replay.ts).
 */

import type { DataFile } from '../disk/data-file.ts';
import { DataFiles } from '../disk/data-files.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { toEngineError } from '../disk/io-error.ts';
import type { Manifest } from '../disk/manifest.ts';
import { CorruptionError, EngineError } from '../errors.ts';
import { AppendBuffer } from '../format/append-buffer.ts';
import { MAX_BATCH_END_SIZE } from '../format/batch-end.ts';
import { decodeRecord, type LogRecord, MAX_HEADER_SIZE, type RecordFields } from '../format/record.ts';
class Log {

  /** Add a record to the open unit; returns where it will lie. Its seq is `position` then. */
  add(change: Change): Location {
    const seq = this.nextSeq;
    const syncedTo = this.#buffer.size === 0 ? this.syncedSeq : 0; // The first record of an append says it for all.
    const start = this.#buffer.add({ ...change, seq, syncedTo });
    this.#lastSeq = seq;
    this.position = seq;
    const recordOffset = this.#target!.size + start;
    return { fileId: this.activeId, recordOffset, recordSize: this.#buffer.size - start };
  }
}
