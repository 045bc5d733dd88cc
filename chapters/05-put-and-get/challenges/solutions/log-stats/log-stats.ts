/** How much of each data file is still needed: a record is alive while it is the newest of its key. */
import { DataFile } from '../engine/src/disk/data-file.ts';
import { parseDataFileName } from '../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { CorruptionError } from '../engine/src/errors.ts';
import { FILE_HEADER_SIZE } from '../engine/src/format/file-header.ts';
import { decodeRecord } from '../engine/src/format/record.ts';
import { type KeyString, toKeyString } from '../engine/src/keydir/keydir.ts';

export interface FileStats {
  readonly file: string;
  records: number;
  readonly bytes: number;
  liveBytes: number;
}

/** The newest record known of a key, and the file it lies in. */
interface Newest {
  readonly seq: number;
  readonly size: number;
  readonly stats: FileStats;
}

export function logStats(directory: string): FileStats[] {
  const newest = new Map<KeyString, Newest>();
  const names = nodeFileSystem.list(directory).sort();
  return names.flatMap(name => {
    const id = parseDataFileName(name);
    return id === undefined ? [] : [statsOf(DataFile.open(nodeFileSystem, directory, id), newest)];
  });
}

function statsOf(file: DataFile, newest: Map<KeyString, Newest>): FileStats {
  const stats: FileStats = { file: file.name, records: 0, bytes: file.size, liveBytes: 0 };
  const bytes = file.read(0, file.size);
  file.close();
  for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset, file.salt, offset);
    if (typeof record === 'string') throw new CorruptionError(file.name, offset, `the record is ${record}`);
    const { seq, size } = record;
    stats.records++;
    count(newest, toKeyString(record.key), { seq, size, stats });
    offset += size;
  }
  return stats;
}

/** A record is counted as alive, and no longer when a newer one of its key turns up, in whichever file. */
function count(newest: Map<KeyString, Newest>, key: KeyString, record: Newest): void {
  const known = newest.get(key);
  if (known !== undefined && known.seq > record.seq) return;
  if (known !== undefined) known.stats.liveBytes -= known.size;
  record.stats.liveBytes += record.size;
  newest.set(key, record);
}
