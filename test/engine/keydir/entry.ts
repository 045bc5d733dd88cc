import type { FileId } from '../../../engine/src/disk/file-names.ts';
import type { Entry, KeyString } from '../../../engine/src/keydir/keydir.ts';

/** An entry of which only the given fields matter. */
export function entry(key: string, seq = 1, expiresAtMs = 0): Entry {
  return {
    key: key as KeyString,
    seq,
    tag: 0,
    expiresAtMs,
    orderKey: undefined,
    valueSize: 1,
    fileId: 1 as FileId,
    recordOffset: 32,
    recordSize: 20,
    valueSeq: seq,
  };
}
