/** Challenge: walk through a data file and hold only a window of it in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFile } from '#engine/disk/data-file.ts';
import type { FileId } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem } from '#engine/disk/file-system.ts';
import { encodeRecord, KIND_PUT } from '#engine/format/record.ts';
import { recordsOf } from '#sketch/records-of.ts';

let directory = '';
let reads: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'records-of-'));
  reads = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const noting: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => {
    const file = nodeFileSystem.open(path, mode);
    const read = file.read.bind(file);
    file.read = (target, start, size, position) => {
      reads.push(size);
      return read(target, start, size, position);
    };
    return file;
  },
};

/** A data file with a record for each size of value, open for reading; `reads` begins empty. */
function fileWith(valueSizes: readonly number[]): DataFile {
  const file = DataFile.create(noting, directory, 1 as FileId, 77);
  for (const [n, size] of valueSizes.entries()) {
    const fields = { kind: KIND_PUT, seq: n + 1, key: Buffer.from(`key ${n}`), value: Buffer.alloc(size, 'v') };
    file.append(encodeRecord(fields, file.salt, file.size));
  }
  file.close();
  const opened = DataFile.open(noting, directory, 1 as FileId);
  reads = [];
  return opened;
}

describe('A small window', () => {
  test('every record comes, with its offset, whatever the size of the window', () => {
    const sizes = Array.from({ length: 60 }, (_, n) => (n * 37) % 90);
    const file = fileWith(sizes);
    for (const windowSize of [16, 64, 100, 1000, 1_000_000]) {
      let offset = 32;
      let count = 0;
      for (const [at, record] of recordsOf(file, windowSize)) {
        expect(at).toBe(offset);
        expect([record.seq, record.key.toString(), record.value.length]).toEqual([
          count + 1,
          `key ${count}`,
          sizes[count],
        ]);
        offset += record.size;
        count++;
      }
      expect([windowSize, count, offset]).toEqual([windowSize, sizes.length, file.size]);
    }
    file.close();
  });

  test('no read is larger than the window', () => {
    const file = fileWith(Array.from({ length: 100 }, () => 100));
    expect([...recordsOf(file, 1024)]).toHaveLength(100);
    expect(Math.max(...reads)).toBeLessThanOrEqual(1024);
    expect(reads.length).toBeLessThan(2 * (file.size / 1024) + 2);
    file.close();
  });

  test('a record that is larger than the window is read too, and nothing much larger than it', () => {
    const file = fileWith([10, 50_000, 10, 10]);
    expect([...recordsOf(file, 256)].map(([, record]) => record.value.length)).toEqual([10, 50_000, 10, 10]);
    expect(Math.max(...reads)).toBeLessThan(110_000);
    file.close();
  });

  test('a file that ends in half a record throws CORRUPT after the whole ones', () => {
    const file = fileWith([10, 10, 10]);
    const whole = [...recordsOf(file, 64)].length;
    expect(whole).toBe(3);
    const cut = DataFile.open(
      {
        ...noting,
        open: (path, mode) => {
          const opened = noting.open(path, mode);
          const size = opened.size();
          opened.size = () => size - 3;
          return opened;
        },
      },
      directory,
      1 as FileId,
    );
    const seen: number[] = [];
    expect(() => {
      for (const [, record] of recordsOf(cut, 64)) seen.push(record.seq);
    }).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    expect(seen).toEqual([1, 2]);
    file.close();
    cut.close();
  });
});
