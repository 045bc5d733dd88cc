/**
 * A store to be damaged: some sealed files, and growing ones that were synced in part. And what a reader who knows only the
 * format finds in it: every record that is whole, wherever it stands.
 */
import { FILE_HEADER_SIZE } from '../../engine/src/format/file-header.ts';
import {
  decodeRecord,
  KIND_BATCH_END,
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_SPACE_DROP,
  KIND_TOMBSTONE,
  type LogRecord,
} from '../../engine/src/format/record.ts';
import { readVarint } from '../../engine/src/format/varint.ts';
import { Database } from '../../engine/src/index.ts';
import { SimulatedDisk } from './fault-house/simulated-disk.ts';

/** A whole record, and where it stands. */
export interface Found {
  readonly record: LogRecord;
  readonly offset: number;
}

/** The salt of a data file, while its header is whole. */
export const saltOf = (bytes: Buffer): number => bytes.readUInt32LE(16);

/** Every whole record in these bytes of a file, looked for at each byte. */
export function wholeRecords(bytes: Buffer, salt: number): Found[] {
  const found: Found[] = [];
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, salt, offset);
    if (typeof record === 'object') found.push({ record, offset });
    offset += typeof record === 'object' ? record.size : 1;
  }
  return found;
}

/** What a store holds, as text: space, key, seq of each entry, in no order that matters. */
export type State = string;

/** The state that these records lead to, whatever their order: written down anew, without the engine's replay. */
export function stateOf(records: readonly LogRecord[]): State {
  const newest = new Map<string, { seq: number; isThere: boolean; valueSeq: number; space: number }>();
  const sorted = records.filter(({ kind }) => kind !== KIND_BATCH_END).sort((a, b) => a.seq - b.seq);
  const dropped = new Set(sorted.filter(({ kind }) => kind === KIND_SPACE_DROP).map(({ space }) => space));
  for (const { kind, space, key, seq, value } of sorted) {
    const name = `${space}/${key.toString('latin1')}`;
    if (kind === KIND_PUT) newest.set(name, { seq, isThere: true, valueSeq: seq, space });
    if (kind === KIND_TOMBSTONE) newest.set(name, { seq, isThere: false, valueSeq: 0, space });
    const older = newest.get(name);
    const isPatch = kind === KIND_EXPIRY_PATCH && older?.valueSeq === seq - readVarint(value, 0, value.length);
    if (isPatch) newest.set(name, { ...older, seq });
  }
  return [...newest]
    .filter(([, { isThere, space }]) => isThere && !dropped.has(space))
    .map(([name, { seq }]) => `${name}@${seq}`)
    .sort()
    .join(' ');
}

/**
 * Make a store with something of everything: five sealed files, then growing ones; closed, or left as by a kill. Without
 * hints, unless they are asked for: with them opening does not read sealed files, and cannot see damage in them.
 */
export async function manyFiles(
  root: string,
  end: 'closed' | 'killed',
  { hints = false }: { readonly hints?: boolean } = {},
): Promise<SimulatedDisk> {
  const fs = new SimulatedDisk(root);
  const db = await Database.open(root, { fs, maxDataFileSize: 600 });
  const long = 'x'.repeat(150);
  for (let round = 0; round < 6; round++) {
    for (const key of ['a', 'b', 'c', 'd']) db.put(`${key}${round % 3}`, `${long}${round}`, { tag: round });
    db.delete(`a${(round + 1) % 3}`);
    db.batch()
      .put('batch 1', `${round}`)
      .put('batch 2', long)
      .put(`only ${round}`, 'x')
      .delete(`b${round % 3}`)
      .commit();
    db.put('mortal', `${round}`, { expiresAtMs: 9_000_000_000_000 });
    if (round % 2 === 1) db.expireAt('mortal', 9_500_000_000_000);
    if (round === 1) db.createSpace({ order: 'key' }).put('in a space', 'x');
    if (round === 3) await db.sync();
  }
  const killed = fs.copy(root);
  await db.close();
  const left = end === 'killed' ? killed : fs;
  if (!hints) removeHints(left);
  return left;
}

export function removeHints(fs: SimulatedDisk): void {
  for (const name of fs.list(fs.root)) if (name.endsWith('.hint')) fs.remove(`${fs.root}/${name}`);
}

/** The names of the data files, in order. */
export const dataFilesOf = (fs: SimulatedDisk): string[] =>
  fs
    .list(fs.root)
    .filter(name => name.endsWith('.data'))
    .sort();
