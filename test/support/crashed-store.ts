/**
 * A store whose process was killed, in memory, to be changed and opened again and again: what recovery tests begin with.
 */
import { FILE_HEADER_SIZE } from '../../engine/src/format/file-header.ts';
import { decodeRecord } from '../../engine/src/format/record.ts';
import { type CutTail, Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { SimulatedDisk } from './fault-house/simulated-disk.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const FIRST = '0000000001.data';
export const SECOND = '0000000002.data';

/** Open a store in memory, do something with it, and take what a kill -9 at that moment leaves. */
export async function crashedStore(
  use: (db: Database) => void | Promise<void>,
  options: DatabaseOptions = {},
): Promise<SimulatedDisk> {
  const root = temporaryDirectory('crashed');
  const fs = new SimulatedDisk(root);
  const db = await Database.open(root, { ...options, fs });
  await use(db);
  const left = fs.copy(root);
  await db.close().catch(() => {});
  return left;
}

/** What a store holds, as text: `key=value` of the default space. */
export const contents = (db: Database): string[] => Array.from(db.entries(), pair => pair.map(String).join('='));

/** Open a copy of what a crash has left, after changing it. */
export async function openCopy(left: SimulatedDisk, change: (fs: SimulatedDisk) => void = () => {}): Promise<Database> {
  const fs = left.copy(left.root);
  change(fs);
  return Database.open(left.root, { fs });
}

/**
 * What recovery alone finds in a copy: the keys of the default space, and what it has cut. Much faster than opening, which
 * starts another program for the lock.
 */
export async function recoverCopy(
  left: SimulatedDisk,
  change: (fs: SimulatedDisk) => void,
): Promise<{ keys: string[]; cut: readonly CutTail[] }> {
  const fs = left.copy(left.root);
  change(fs);
  const { indexes, report } = await recover(left.root, resolveOptions({ fs }));
  return { keys: Array.from(indexes.get(0)!.keydir.entries(), entry => entry.key).sort(), cut: report.cut };
}

/** Where each record of a data file begins, and where the last one ends. */
export function recordOffsets(left: SimulatedDisk, name: string): number[] {
  const bytes = left.bytesOf(name);
  const salt = bytes.readUInt32LE(16);
  const offsets = [FILE_HEADER_SIZE];
  for (;;) {
    const at = offsets.at(-1)!;
    const record = decodeRecord(bytes, at, salt, at);
    if (typeof record === 'string') return offsets;
    offsets.push(at + record.size);
  }
}
