// superseded later: imports
/**
 * Commit: what a change has to do to be made. It asks with `begin` (may it happen?), adds its records to the log, and says
 * `end` (as safe as the level says). Between the two stands one unit: records that count all or none.
 *
 * Invariants: (1) in call mode, a change whose `end` throws has left no byte in the log, pending or written;
 *             (2) in turn mode, `end` never fails: bytes that cannot be written now stay pending and are tried again;
 *             (3) what was queued before a change is appended before it;
 *             (4) while a transaction holds the log, no change is made but its own.
 */

import { toEngineError } from '../disk/io-error.ts';
import { EngineError } from '../errors.ts';
import { onExit } from './exit-hook.ts';
import type { Log } from './log.ts';
import { LogWriter } from './log-writer.ts';
import type { Durability, ResolvedOptions } from '../options.ts';
import { type QueuedWrite, QueuedWrites } from './queued-writes.ts';
