/** The whole records among the bytes that recovery has put aside. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '../engine/src/disk/file-system.ts';
import { readManifest } from '../engine/src/disk/manifest.ts';
import { decodeRecord } from '../engine/src/format/record.ts';

export interface LostRecord {
  /** The data file in which the record stood, and where. */
  readonly file: string;
  readonly offset: number;
  readonly seq: number;
  readonly key: string;
  readonly value: string;
}

/** The name of a copy: the data file's name, and the offset from which on it was copied. */
const COPY = /^((\d{10})\.data)\.(\d+)$/;

export function lostRecords(directory: string): LostRecord[] {
  const lost = join(directory, 'lost');
  if (!existsSync(lost)) return [];
  const salts = new Map(readManifest(nodeFileSystem, directory)?.files.map(({ id, salt }) => [Number(id), salt]));
  const found = readdirSync(lost).flatMap(name => {
    const [, file, id, from] = COPY.exec(name) ?? [];
    const salt = salts.get(Number(id));
    return file === undefined || salt === undefined
      ? []
      : recordsIn(readFileSync(join(lost, name)), file, Number(from), salt);
  });
  return found.sort((a, b) => a.file.localeCompare(b.file) || a.offset - b.offset);
}

function recordsIn(bytes: Buffer, file: string, from: number, salt: number): LostRecord[] {
  const found: LostRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const record = decodeRecord(bytes, at, salt, from + at);
    if (typeof record === 'object') {
      const { seq, key, value } = record;
      found.push({ file, offset: from + at, seq, key: key.toString(), value: value.toString() });
    }
    at += typeof record === 'object' ? record.size : 1;
  }
  return found;
}
