/** Which bytes of each data file are still needed: those of live values, and those of tombstones that still cover a value. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { CorruptionError } from '../engine/src/errors.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord, KIND_PUT } from '../engine/src/format/record.ts';
import { type KeyString, toKeyString } from '../engine/src/keydir/keydir.ts';

export interface NeededBytes {
  readonly file: string;
  live: number;
  graves: number;
  dead: number;
}

interface Found {
  readonly use: NeededBytes;
  readonly isPut: boolean;
  readonly seq: number;
  readonly size: number;
}

export function neededBytes(directory: string): NeededBytes[] {
  const records = new Map<KeyString, Found[]>();
  const uses = nodeFileSystem
    .list(directory)
    .sort()
    .filter(name => parseDataFileName(name) !== undefined)
    .map(name => readInto(records, directory, name));
  for (const ofOneKey of records.values()) judge(ofOneKey);
  return uses;
}

function readInto(records: Map<KeyString, Found[]>, directory: string, name: string): NeededBytes {
  const use: NeededBytes = { file: name, live: 0, graves: 0, dead: 0 };
  const file = DataFile.open(nodeFileSystem, directory, parseDataFileName(name)!);
  const bytes = file.read(0, file.size);
  file.close();
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(name, offset, `the record is ${record}`);
    const { kind, seq, size } = record;
    const key = toKeyString(record.key);
    const found = { use, isPut: kind === KIND_PUT, seq, size };
    records.set(key, [...(records.get(key) ?? []), found]);
    offset += size;
  }
  return use;
}

/** All records of one key: the newest is needed, unless it is a tombstone with nothing to cover. */
function judge(records: Found[]): void {
  const [newest, ...older] = records.sort((a, b) => b.seq - a.seq);
  for (const { use, size } of older) use.dead += size;
  if (newest!.isPut) newest!.use.live += newest!.size;
  else if (older.some(({ isPut }) => isPut)) newest!.use.graves += newest!.size;
  else newest!.use.dead += newest!.size;
}
