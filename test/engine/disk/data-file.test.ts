import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataFile } from '../../../engine/src/disk/data-file.ts';
import { dataFileName, type FileId, parseDataFileName } from '../../../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { FILE_HEADER_SIZE } from '../../../engine/src/format/file-header.ts';
import { FaultFileSystem } from '../../support/fault-file-system.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const ID = 7 as FileId;

describe('data file', () => {
  test('appends are read back from the offsets they were given', () => {
    const directory = temporaryDirectory();
    const file = DataFile.create(nodeFileSystem, directory, ID, 123);
    expect(file.append(Buffer.from('hello'))).toBe(FILE_HEADER_SIZE);
    expect(file.append(Buffer.from('..world..'), 2, 7)).toBe(FILE_HEADER_SIZE + 5);
    file.sync();
    expect(String(file.read(FILE_HEADER_SIZE, 10))).toBe('helloworld');
    file.close();
    const again = DataFile.open(nodeFileSystem, directory, ID);
    expect({ id: again.id, salt: again.salt, size: again.size }).toEqual({
      id: ID,
      salt: 123,
      size: FILE_HEADER_SIZE + 10,
    });
    expect(String(again.read(FILE_HEADER_SIZE + 5, 5))).toBe('world');
    again.close();
  });

  test('creating a file that exists fails and leaves it alone', () => {
    const directory = temporaryDirectory();
    DataFile.create(nodeFileSystem, directory, ID, 1).close();
    expect(() => DataFile.create(nodeFileSystem, directory, ID, 2)).toThrow(/EEXIST/);
    const file = DataFile.open(nodeFileSystem, directory, ID);
    expect(file.salt).toBe(1);
    file.close();
  });

  test('a write that takes fewer bytes than it was given is gone on with', () => {
    const fs = new FaultFileSystem({
      ...nodeFileSystem,
      open: (path, mode) => {
        const file = nodeFileSystem.open(path, mode);
        return Object.assign(Object.create(file), {
          read: file.read.bind(file),
          close: file.close.bind(file),
          write: (bytes: Uint8Array, start: number, size: number, position: number) =>
            file.write(bytes, start, Math.min(size, 3), position),
        });
      },
    });
    const directory = temporaryDirectory();
    const file = DataFile.create(fs, directory, ID, 1);
    file.append(Buffer.from('three bytes at a time'));
    expect(String(file.read(FILE_HEADER_SIZE, 21))).toBe('three bytes at a time');
    file.close();
  });

  test('an append that fails half-way does not count, and is written over', () => {
    const fs = new FaultFileSystem();
    const directory = temporaryDirectory();
    const file = DataFile.create(fs, directory, ID, 1);
    fs.plan = call => (call.operation === 'write' ? { error: 'ENOSPC', afterBytes: 4 } : undefined);
    expect(() => file.append(Buffer.from('lost bytes'))).toThrow(/ENOSPC/);
    fs.plan = () => undefined;
    expect(file.size).toBe(FILE_HEADER_SIZE);
    file.cutBack();
    expect(readFileSync(join(directory, dataFileName(ID))).length).toBe(FILE_HEADER_SIZE);
    expect(file.append(Buffer.from('ok'))).toBe(FILE_HEADER_SIZE);
    file.close();
  });

  test('reading beyond the end says which file and where', () => {
    const directory = temporaryDirectory();
    const file = DataFile.create(nodeFileSystem, directory, ID, 1);
    expect(() => file.read(FILE_HEADER_SIZE, 1)).toThrow('0000000007.data is damaged at offset 32');
    file.close();
  });

  test('a file with a damaged header, or that of another file, is refused', () => {
    const directory = temporaryDirectory();
    DataFile.create(nodeFileSystem, directory, ID, 1).close();
    const bytes = readFileSync(join(directory, dataFileName(ID)));
    writeFileSync(join(directory, dataFileName(8 as FileId)), bytes);
    expect(() => DataFile.open(nodeFileSystem, directory, 8 as FileId)).toThrow('the file header is that of file 7');
    bytes[5]! ^= 1;
    writeFileSync(join(directory, dataFileName(ID)), bytes);
    expect(() => DataFile.open(nodeFileSystem, directory, ID)).toThrow('the file header is corrupt');
    writeFileSync(join(directory, dataFileName(ID)), bytes.subarray(0, 31));
    expect(() => DataFile.open(nodeFileSystem, directory, ID)).toThrow('the file header is torn');
  });
});

describe('file names', () => {
  test('a name has ten digits, and comes back as the number', () => {
    expect(dataFileName(1 as FileId)).toBe('0000000001.data');
    expect(parseDataFileName('0000000001.data')).toBe(1);
    expect(parseDataFileName('4294967295.data')).toBe(4_294_967_295);
  });

  test('names of other files are none', () => {
    const others = [
      'MANIFEST',
      '1.data',
      '0000000000.data',
      '4294967296.data',
      '0000000001.data.32',
      'x0000000001.data',
    ];
    for (const name of others) expect(parseDataFileName(name)).toBeUndefined();
  });
});
