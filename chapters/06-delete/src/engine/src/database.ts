// superseded later: imports, Database.delete
/**
 * Database: keys and values in a directory. `put` appends a record to the log and then lets the keydir point at it; `get`
 * asks the keydir where the record lies and reads it; `delete` appends a tombstone and then lets the keydir forget the key.
 *
 * Invariants: (1) the keydir says only what the log says: the record comes first, whole;
 *             (2) a newer change has a higher seq, also across closing and opening;
 *             (3) a change that has thrown has not happened, now or later.
 * Left out: a log that ends in half a record, a second program that opens the same directory.
 */

import type { FileSystem } from './disk/file-system.ts';
import { EngineError } from './errors.ts';
import { type Input, toBuffer } from './format/bytes.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './format/record.ts';
import { type Keydir, toKeyString } from './keydir/keydir.ts';
import { Log } from './log/log.ts';
import { checkSizes, type DatabaseOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { dataFileIds, entryOf, type Recovered, recover } from './recovery/recovery.ts';
class Database {

  /**
   * Remove `key`; returns the seq of the change, or `undefined` when it was absent and nothing was written.
   * @throws the error of a failed write. Then nothing has changed, and the key is still there.
   */
  delete(key: Input): number | undefined {
    this.#assertOpen();
    const bytes = toBuffer(key);
    if (this.#keydir.get(toKeyString(bytes)) === undefined) return undefined;
    const record = { kind: KIND_TOMBSTONE, seq: this.#lastSeq + 1, key: bytes, value: NO_VALUE };
    this.#log.append(record);
    this.#keydir.delete(toKeyString(bytes));
    this.#lastSeq = record.seq;
    return record.seq;
  }
}
