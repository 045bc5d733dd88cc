/** Live bytes of each data file of a closed store, from its manifest and its hints: no data file is opened. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileId } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { readHint } from '../engine/src/disk/hint-file.ts';
import type { HintRecord } from '../engine/src/format/hint-record.ts';
import { KIND_PUT, KIND_RANGE_DELETE, KIND_SPACE_DROP, KIND_TOMBSTONE } from '../engine/src/format/record.ts';

interface Located extends HintRecord {
  readonly file: number;
}

/** From each data file's number to the bytes of its records that are the newest of their key. */
export function liveBytes(directory: string): Map<number, number> {
  const records = recordsOf(directory);
  const dropped = new Set(records.filter(({ kind }) => kind === KIND_SPACE_DROP).map(({ space }) => space));
  const ranges = records.filter(({ kind }) => kind === KIND_RANGE_DELETE);
  const newest = new Map<string, Located>();
  for (const record of records) {
    if (record.kind !== KIND_PUT && record.kind !== KIND_TOMBSTONE) continue;
    const name = `${record.space} ${record.key}`;
    if (record.seq > (newest.get(name)?.seq ?? 0)) newest.set(name, record);
  }
  const found = new Map(filesOf(directory).map(({ id }) => [id as number, 0]));
  for (const record of newest.values()) {
    const { kind, space, key, seq, file, size } = record;
    const isCovered = ranges.some(range => range.space === space && range.seq > seq && isWithin(key, range));
    if (kind === KIND_PUT && !dropped.has(space) && !isCovered) found.set(file, found.get(file)! + size);
  }
  return found;
}

const isWithin = (key: string, { key: from, value }: HintRecord): boolean =>
  key >= from && (value.length === 0 || key < value.toString('latin1'));

interface File {
  readonly id: FileId;
  readonly salt: number;
  readonly sealedSize: number;
  readonly minSeq: number;
  readonly maxSeq: number;
}

function filesOf(directory: string): File[] {
  const [line] = readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n');
  return (JSON.parse(line!) as { files: File[] }).files;
}

function recordsOf(directory: string): Located[] {
  return filesOf(directory).flatMap(live => {
    const hint = readHint(nodeFileSystem, directory, live);
    if (hint === undefined || typeof hint === 'string') throw new Error(`no hint for file ${live.id}: ${hint ?? ''}`);
    const records: Located[] = [];
    for (let record = hint.next(); typeof record === 'object'; record = hint.next()) {
      records.push({ ...record, file: live.id });
    }
    return records;
  });
}
