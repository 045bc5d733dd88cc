/** Challenge: all records of a data file, with few reads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFile } from '#engine/disk/data-file.ts';
import type { FileId } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { encodeRecord, KIND_PUT } from '#engine/format/record.ts';
import { readRecords } from '#sketch/record-reader.ts';

const SALT = 4711;
const ID = 1 as FileId;
const PIECE = 64 * 1024;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'challenge-04-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The real file system, and how often it was asked to read. */
function countingDisk(): { fs: FileSystem; reads: () => number } {
  let reads = 0;
  const open: FileSystem['open'] = (path, mode) => {
    const file = nodeFileSystem.open(path, mode);
    const read: typeof file.read = (...args) => {
      reads++;
      return file.read(...args);
    };
    return new Proxy(file, {
      get(target, name) {
        if (name === 'read') return read;
        const own: unknown = Reflect.get(target, name);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
  };
  return { fs: { ...nodeFileSystem, open }, reads: () => reads };
}

/** Write records with values of these sizes, and whatever `tail` is; the offset of each record. */
function make(sizes: readonly number[], tail: Buffer = Buffer.alloc(0)): number[] {
  const file = DataFile.create(nodeFileSystem, directory, ID, SALT);
  const offsets = sizes.map((size, i) => {
    const fields = { kind: KIND_PUT, seq: i + 1, key: Buffer.from(`key:${i}`), value: Buffer.alloc(size, i & 0xff) };
    return file.append(encodeRecord(fields, SALT, file.size));
  });
  if (tail.length > 0) file.append(tail);
  file.close();
  return offsets;
}

describe('A reader that does not ask twice', () => {
  test('every record comes with its offset, and stays what it was when others are read', () => {
    const sizes = Array.from({ length: 3000 }, (_, i) => (i * 37) % 200);
    const offsets = make(sizes);
    const file = DataFile.open(nodeFileSystem, directory, ID);
    const all = [...readRecords(file)];
    file.close();
    expect(all.map(({ offset }) => offset)).toEqual(offsets);
    for (const [i, { record }] of all.entries()) {
      const ok = record.key.toString() === `key:${i}` && record.value.equals(Buffer.alloc(sizes[i]!, i & 0xff));
      if (!ok)
        expect.fail(`record ${i} at offset ${offsets[i]}: key ${record.key}, value of ${record.value.length} bytes`);
    }
  });

  test('small records are not read one by one', () => {
    make(Array.from({ length: 20_000 }, () => 20));
    const { fs, reads } = countingDisk();
    const file = DataFile.open(fs, directory, ID);
    const before = reads();
    let count = 0;
    for (const _ of readRecords(file)) count++;
    expect(count).toBe(20_000);
    expect(reads() - before, `reads for ${file.size} bytes`).toBeLessThanOrEqual(Math.ceil(file.size / PIECE) + 2);
    file.close();
  });

  test('a record may be larger than a piece', () => {
    const offsets = make([10, 300_000, 10, PIECE, 10]);
    const file = DataFile.open(nodeFileSystem, directory, ID);
    expect([...readRecords(file)].map(({ offset, record }) => [offset, record.value.length])).toEqual(
      offsets.map((offset, i) => [offset, [10, 300_000, 10, PIECE, 10][i]]),
    );
    file.close();
  });

  test('it ends where the records end, torn or damaged', () => {
    const half = encodeRecord(
      { kind: KIND_PUT, seq: 9, key: Buffer.from('half'), value: Buffer.alloc(500) },
      SALT,
      0,
    ).subarray(0, 300);
    for (const tail of [half, Buffer.alloc(5000), Buffer.alloc(100_000, 0xff)]) {
      const offsets = make([1, 2, 3], tail);
      const file = DataFile.open(nodeFileSystem, directory, ID);
      expect([...readRecords(file)].map(({ offset }) => offset)).toEqual(offsets);
      file.close();
      rmSync(join(directory, file.name));
    }
  });

  test('a caller who stops early does not pay for the rest', () => {
    make(Array.from({ length: 20_000 }, () => 20));
    const { fs, reads } = countingDisk();
    const file = DataFile.open(fs, directory, ID);
    const before = reads();
    for (const { offset } of readRecords(file)) if (offset > 100) break;
    expect(reads() - before).toBe(1);
    file.close();
  });
});
