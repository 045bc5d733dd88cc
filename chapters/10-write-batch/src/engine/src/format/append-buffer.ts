// superseded later: imports, AppendBuffer.add
/**
 * AppendBuffer: records that are encoded and not yet written, as the bytes that one write call will append.
 *
 * Records come in units: one call's changes, or one turn's. A unit of one record is that record, plain; a unit of more
 * is a batch. Which it will be is not known when the first record arrives, so that one is sealed again when a second comes.
 * Invariants: (1) byte p of the buffer will stand at offset `base + p` of the active file, so a record's place is known
 *                 before it is written, and it can be read from here;
 *             (2) cutting the buffer back to where a unit began leaves the units before it as they were.
 */

import { EngineError } from '../errors.ts';
import { MAX_BATCH_END_SIZE, writeBatchEnd } from './batch-end.ts';
import { FLAG_BATCH, FLAGS_OFFSET, MAX_HEADER_SIZE, type RecordFields, sealRecord, writeRecord } from './record.ts';
class AppendBuffer {

  /** Add a record to the open unit; returns where it begins in the buffer. */
  add(fields: RecordFields): number {
    this.reserve(MAX_HEADER_SIZE + fields.key.length + fields.value.length + MAX_BATCH_END_SIZE);
    if (this.#unitCount === 1) this.#sealFirst(FLAG_BATCH);
    const start = this.#size;
    const member = { ...fields, batch: this.#unitCount > 0 };
    this.#size = writeRecord(this.#bytes, start, member, this.#salt, this.#base + start);
    if (this.#unitCount === 0) this.#firstEnd = this.#size;
    this.#unitCount++;
    return start;
  }
}
