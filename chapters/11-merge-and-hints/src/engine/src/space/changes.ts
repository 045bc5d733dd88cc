// superseded later: imports, Changes.encode
/**
 * Changes: several changes on their way into the log and then into the indexes of their spaces, all or none. Batches,
 * `write()` and transactions end here.
 *
 * Invariants: (1) keys and values are copied when a change is taken down, so the caller's memory is free again;
 *             (2) what could fail fails before the first record is added: in a turn there is no way back from then on;
 *             (3) nothing is visible before the log has accepted every record.
 */

import type { Commit } from '../log/commit.ts';
import { type Condition, conditionOf, Outlook } from '../log/conditions.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import { KIND_PUT, KIND_RANGE_DELETE, KIND_TOMBSTONE } from '../format/record.ts';
import { type Entry, type KeyString, keyBytes, toKeyString } from '../keydir/keydir.ts';
import { checkPutOptions, checkSizes, type DeleteOptions, type Durability, type PutOptions } from '../options.ts';
import { entryOf } from '../recovery/replay.ts';
import type { SpaceRecords } from './space-records.ts';
class Changes {

  /** Add the records to the log. @throws {EngineError} before the first when there is no room for all. */
  encode(): void {
    const { log } = this.#commit;
    this.#assertRoom();
    this.#firstSeq = log.nextSeq;
    this.#entries = this.#changes.map(change => {
      const { kind, records, key, value, tag, expiresAtMs, orderKey } = change;
      const fields = { kind, space: records.id, tag, expiresAtMs, orderKey, key, value };
      const location = log.add(fields);
      return kind === KIND_PUT ? entryOf({ ...fields, seq: log.position }, location) : undefined;
    });
  }
}
