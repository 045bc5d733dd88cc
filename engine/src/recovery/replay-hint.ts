/**
 * Replay of a hint: the records of a sealed data file, without reading it. A hint is used as a whole or not at all, as what
 * has been applied cannot be taken back.
 */

import type { FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { readHint } from '../disk/hint-file.ts';
import type { LiveFile } from '../disk/manifest.ts';
import type { HintRecord } from '../format/hint-record.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import type { Change, Replay } from './replay.ts';

/** What came of it: all records have been applied; there is no hint; or why it cannot be used. */
export type HintResult = 'applied' | 'missing' | { readonly problem: string };

/** Apply the hint of this data file. `rest` is called after each record, and may have others run. */
export async function replayHint(
  fs: FileSystem,
  directory: string,
  live: LiveFile,
  replay: Replay,
  rest: () => Promise<void> | undefined,
): Promise<HintResult> {
  const hint = readHint(fs, directory, live);
  if (hint === undefined) return 'missing';
  if (typeof hint === 'string') return { problem: hint };
  for (;;) {
    const record = hint.next();
    if (record === 'end') return 'applied';
    replay.apply(toChange(record, live.id));
    const pause = rest();
    if (pause !== undefined) await pause;
  }
}

function toChange(record: HintRecord, fileId: FileId): Change {
  const { kind, space, value } = record;
  const entry: Entry = {
    key: record.key as KeyString,
    seq: record.seq,
    tag: record.tag,
    expiresAtMs: record.expiresAtMs,
    orderKey: record.orderKey as Buffer | undefined,
    valueSize: record.valueSize,
    fileId,
    recordOffset: record.offset,
    recordSize: record.size,
    valueSeq: record.seq,
  };
  return { kind, space, entry, value };
}
