/** What must hold at the end of chapter 04: files that say whose they are, appends that count only when they are whole, and a keydir. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFile } from '#engine/disk/data-file.ts';
import { dataFileName, type FileId, MAX_FILE_ID, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '#engine/disk/file-system.ts';
import { CorruptionError, EngineError } from '#engine/errors.ts';
import { crc32 } from '#engine/format/crc32.ts';
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { type Entry, type KeyString, keyBytes, toKeyString } from '#engine/keydir/keydir.ts';
import { MapKeydir } from '#engine/keydir/map-keydir.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const id = (n: number): FileId => n as FileId;

/** The same numbers on every run: a failure can be looked at again. Each call gives a whole number below `limit`. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

let directory = '';
beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-04-'));
});
afterEach(() => nodeFs.rmSync(directory, { recursive: true, force: true }));

const contents = (name: string): Buffer => nodeFs.readFileSync(join(directory, name));

/** What `work` throws. A call that should fail and does not is a failure with a sentence. */
function thrownBy(work: () => unknown, what: string): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.fail(`${what} should have thrown`);
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const HEADER = '5a45524f4341534b 0100 0100 07000000 efbeadde 0000000000000000';

/** A header with these 28 bytes and the CRC that belongs to them. */
function withCrc(hex: string): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(bytes(hex)));
  return Buffer.concat([bytes(hex), crc]);
}

describe('Names and headers', () => {
  test('a data file is named by its number in ten digits', () => {
    expect([1, 42, MAX_FILE_ID].map(n => dataFileName(id(n)))).toEqual([
      '0000000001.data',
      '0000000042.data',
      '4294967295.data',
    ]);
  });

  test('sorted by name is sorted by number', () => {
    const roll = dice(1);
    const ids = Array.from({ length: 200 }, () => id(1 + roll(2 ** (1 + roll(32)) - 1)));
    const names = ids.map(dataFileName).sort();
    expect(names.map(parseDataFileName)).toEqual([...ids].sort((a, b) => a - b));
  });

  test('a name that is not exactly a data file name is none', () => {
    const strangers = [
      '',
      '1.data',
      '0000000000.data',
      '4294967296.data',
      '00000000001.data',
      '0000000001.data.tmp',
      'copy of 0000000001.data',
      ' 0000000001.data',
      '0000000001.data\n',
      '0000000001.DATA',
      '000000001x.data',
      '-000000001.data',
      '+000000001.data',
      '0x00000001.data',
      '00000001e3.data',
      '0000000001data',
      'LOCK',
      'MANIFEST',
    ];
    for (const name of strangers) expect(parseDataFileName(name), JSON.stringify(name)).toBeUndefined();
  });

  test('a file header has these 32 bytes', () => {
    expect(FILE_HEADER_SIZE).toBe(32);
    expect(encodeFileHeader({ fileId: 7, salt: 0xdead_beef })).toEqual(withCrc(HEADER));
  });

  test('a file header comes back as it was written', () => {
    const roll = dice(2);
    for (const header of [
      { fileId: 1, salt: 0 },
      { fileId: MAX_FILE_ID, salt: 2 ** 32 - 1 },
      { fileId: 1 + roll(2 ** 31), salt: roll(2 ** 32) },
    ]) {
      expect(decodeFileHeader(encodeFileHeader(header))).toMatchObject(header);
    }
  });

  test('a header that is cut short at any byte is torn', () => {
    const header = withCrc(HEADER);
    for (let size = 0; size < 32; size++) {
      expect(decodeFileHeader(header.subarray(0, size)), `cut after ${size} bytes`).toBe('torn');
    }
  });

  test('a header with any single bit flipped is corrupt', () => {
    for (let bit = 0; bit < 8 * 32; bit++) {
      const damaged = withCrc(HEADER);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeFileHeader(damaged), `bit ${bit & 7} of byte ${bit >> 3} flipped: ${damaged.toString('hex')}`).toBe(
        'corrupt',
      );
    }
  });

  test('thirty-two bytes of something else are corrupt', () => {
    for (const other of [
      Buffer.alloc(32),
      Buffer.alloc(32, 0xff),
      Buffer.from('SQLite format 3\0'.padEnd(32)),
      withCrc(HEADER.replace('5a', '7a')),
    ]) {
      expect(decodeFileHeader(other), other.toString('hex')).toBe('corrupt');
    }
  });

  test('a newer format is read as long as the file allows older readers', () => {
    const newer = withCrc('5a45524f4341534b ffff 0100 07000000 efbeadde 0102030405060708');
    expect(decodeFileHeader(newer)).toMatchObject({ fileId: 7, salt: 0xdead_beef });
  });

  test('a format that needs a newer reader is refused by name, and is not called damage', () => {
    const newer = withCrc('5a45524f4341534b ffff ffff 07000000 efbeadde 0000000000000000');
    const error = thrownBy(() => decodeFileHeader(newer), 'a header of format 65535');
    expect(error).toBeInstanceOf(EngineError);
    expect(codeOf(error)).toBe('NEWER_FORMAT');
    expect((error as Error).message).toContain('65535');
  });
});

/** The same object, but what `change` gives takes the place of its own methods. */
function wrapped<T extends object>(real: T, change: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const own: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

/** The real file system with other files. */
const diskWith = (change: (file: OpenFile) => Partial<OpenFile>): FileSystem =>
  wrapped(nodeFileSystem, {
    open: (path, mode) => {
      const file = nodeFileSystem.open(path, mode);
      return wrapped(file, change(file));
    },
  });

/** A disk that takes and gives at most `most` bytes in one call. */
const shortDisk = (most: number): FileSystem =>
  diskWith(file => ({
    read: (target, start, size, position) => file.read(target, start, Math.min(size, most), position),
    write: (from, start, size, position) => file.write(from, start, Math.min(size, most), position),
  }));

/** A disk with room for so many bytes; `space.left` can be changed while it is in use. */
function fullDisk(space: { left: number }): FileSystem {
  return diskWith(file => ({
    write: (from, start, size, position) => {
      const taken = Math.min(size, space.left);
      if (taken === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      space.left -= taken;
      return file.write(from, start, taken, position);
    },
  }));
}

describe('The file system', () => {
  const path = (name: string): string => join(directory, name);
  const create = (name: string, text: string): void => {
    const file = nodeFileSystem.open(path(name), 'create');
    file.write(Buffer.from(text), 0, Buffer.byteLength(text), 0);
    file.close();
  };

  test('write puts bytes where it is told, read finds them there', () => {
    create('f', 'hello world');
    const file = nodeFileSystem.open(path('f'), 'write');
    expect(file.write(Buffer.from('__there__'), 2, 5, 6), 'five bytes taken').toBe(5);
    const target = Buffer.alloc(8, '.');
    expect(file.read(target, 1, 5, 6), 'five bytes read').toBe(5);
    expect(target.toString()).toBe('.there..');
    expect(file.size()).toBe(11);
    file.close();
    expect(contents('f').toString()).toBe('hello there');
  });

  test('a read at the end of the file gives what is there, and behind it nothing', () => {
    create('f', '0123456789');
    const file = nodeFileSystem.open(path('f'), 'read');
    const target = Buffer.alloc(10);
    expect(file.read(target, 0, 10, 7)).toBe(3);
    expect(file.read(target, 0, 10, 10)).toBe(0);
    expect(file.read(target, 0, 10, 99)).toBe(0);
    file.close();
  });

  test('create refuses a name that is taken and leaves the file as it was', () => {
    create('f', 'precious');
    expect(codeOf(thrownBy(() => nodeFileSystem.open(path('f'), 'create'), 'create'))).toBe('EEXIST');
    expect(contents('f').toString()).toBe('precious');
  });

  test('neither read nor write brings a file into being', () => {
    for (const mode of ['read', 'write'] as const) {
      expect(codeOf(thrownBy(() => nodeFileSystem.open(path('f'), mode), mode)), mode).toBe('ENOENT');
    }
    expect(nodeFileSystem.list(directory)).toEqual([]);
  });

  test('a file that was opened to read cannot be written', () => {
    create('f', 'precious');
    const file = nodeFileSystem.open(path('f'), 'read');
    thrownBy(() => file.write(Buffer.from('x'), 0, 1, 0), 'a write to a file opened for reading');
    file.close();
    expect(contents('f').toString()).toBe('precious');
  });

  test('truncate makes the file end where it is told', () => {
    create('f', '0123456789');
    const file = nodeFileSystem.open(path('f'), 'write');
    file.truncate(4);
    expect(file.size()).toBe(4);
    file.close();
    expect(contents('f').toString()).toBe('0123');
  });

  test('both kinds of sync return, and the file holds what was written', async () => {
    create('f', 'synced');
    const file = nodeFileSystem.open(path('f'), 'write');
    file.syncData();
    await file.syncDataLater();
    file.close();
    nodeFileSystem.syncDirectory(directory);
    expect(contents('f').toString()).toBe('synced');
  });

  test('names are listed, renamed over each other and removed', () => {
    nodeFileSystem.makeDirectory(path('deep/er'));
    nodeFileSystem.makeDirectory(path('deep/er')); // a second time is no error
    create('deep/er/a', 'new');
    create('deep/er/b', 'old');
    nodeFileSystem.rename(path('deep/er/a'), path('deep/er/b'));
    expect(nodeFileSystem.list(path('deep/er'))).toEqual(['b']);
    expect(contents('deep/er/b').toString()).toBe('new');
    nodeFileSystem.remove(path('deep/er/b'));
    expect(nodeFileSystem.list(path('deep/er'))).toEqual([]);
    expect(codeOf(thrownBy(() => nodeFileSystem.remove(path('deep/er/b')), 'removing nothing'))).toBe('ENOENT');
  });

  test('changeMode can make a file read-only', () => {
    create('f', 'finished');
    nodeFileSystem.changeMode(path('f'), 0o444);
    expect(nodeFs.statSync(path('f')).mode & 0o222).toBe(0);
    nodeFileSystem.changeMode(path('f'), 0o644);
  });
});

describe('The data file', () => {
  const SALT = 0xdead_beef;
  const create = (fs: FileSystem = nodeFileSystem): DataFile => DataFile.create(fs, directory, id(7), SALT);
  const open = (fs: FileSystem = nodeFileSystem): DataFile => DataFile.open(fs, directory, id(7));
  const NAME = '0000000007.data';

  test('a new data file is its header', () => {
    const file = create();
    expect(file).toMatchObject({ id: 7, salt: SALT, size: 32, name: NAME });
    expect(contents(NAME)).toEqual(withCrc(HEADER));
    file.close();
  });

  test('append answers the offset where the bytes begin, and read finds them there', () => {
    const file = create();
    expect(file.append(Buffer.from('first'))).toBe(32);
    expect(file.append(Buffer.from('second'))).toBe(37);
    expect(file.append(Buffer.from('__third__'), 2, 7), 'only bytes 2 to 7').toBe(43);
    expect(file.size).toBe(48);
    expect(file.read(37, 6).toString()).toBe('second');
    expect(file.read(32, 16).toString()).toBe('firstsecondthird');
    file.close();
    expect(contents(NAME)).toEqual(Buffer.concat([withCrc(HEADER), Buffer.from('firstsecondthird')]));
  });

  test('readInto puts the bytes where the caller wants them and touches no others', () => {
    const file = create();
    file.append(Buffer.from('first'));
    const target = Buffer.alloc(9, '.');
    file.readInto(target, 2, 33, 4);
    expect(target.toString()).toBe('..irst...');
    file.close();
  });

  test('open finds id, salt and size, and what was appended', () => {
    const made = create();
    made.append(Buffer.from('first'));
    made.close();
    const file = open();
    expect(file).toMatchObject({ id: 7, salt: SALT, size: 37, name: NAME });
    expect(file.read(32, 5).toString()).toBe('first');
    file.close();
  });

  test('create refuses a number that is taken and leaves the file as it was', () => {
    const first = create();
    first.append(Buffer.from('precious'));
    first.close();
    expect(codeOf(thrownBy(() => create(), 'a second data file 7'))).toBe('EEXIST');
    expect(contents(NAME).subarray(32).toString()).toBe('precious');
  });

  test('a disk that takes one byte at a time gets all of them, and gives them back', () => {
    const file = create(shortDisk(1));
    file.append(Buffer.from('every byte of it'));
    expect(file.append(Buffer.from('!'))).toBe(48);
    expect(file.read(32, 17).toString()).toBe('every byte of it!');
    file.close();
    expect(contents(NAME)).toEqual(Buffer.concat([withCrc(HEADER), Buffer.from('every byte of it!')]));
    const again = open(shortDisk(1));
    expect(again).toMatchObject({ salt: SALT, size: 49 });
    again.close();
  });

  test('a disk that takes nothing is an error and not an endless loop', () => {
    let tired = false;
    const fs = diskWith(file => ({ write: (...args) => (tired ? 0 : file.write(...args)) }));
    const file = create(fs);
    tired = true;
    const error = thrownBy(() => file.append(Buffer.from('x')), 'an append to a disk that takes nothing');
    expect(error).toBeInstanceOf(EngineError);
    expect(file.size).toBe(32);
    file.close();
  });

  test('an append that fails at any byte does not count, and the next one writes over it', () => {
    for (let room = 0; room < 10; room++) {
      const space = { left: 1000 };
      const file = DataFile.create(fullDisk(space), directory, id(100 + room), SALT);
      file.append(Buffer.from('before.'));
      space.left = room;
      thrownBy(() => file.append(Buffer.from('0123456789')), `an append of 10 bytes with room for ${room}`);
      expect(file.size, `size after an append that failed with room for ${room}`).toBe(39);
      space.left = 1000;
      expect(file.append(Buffer.from('after')), 'the offset of the next append').toBe(39);
      expect(file.read(32, 12).toString()).toBe('before.after');
      file.close();
    }
  });

  test('cutBack takes away what a failed append has left', () => {
    const space = { left: 1000 };
    const file = create(fullDisk(space));
    file.append(Buffer.from('whole'));
    space.left = 4;
    thrownBy(() => file.append(Buffer.from('half of it')), 'an append with room for 4 bytes');
    expect(contents(NAME).subarray(32).toString(), 'what the failed append left').toBe('wholehalf');
    file.cutBack();
    expect(contents(NAME).subarray(32).toString()).toBe('whole');
    file.close();
  });

  test('a data file that could not get its header is taken away again', () => {
    for (const room of [0, 1, 31]) {
      thrownBy(() => create(fullDisk({ left: room })), `create with room for ${room} bytes`);
      expect(nodeFs.readdirSync(directory), `files left with room for ${room} bytes`).toEqual([]);
    }
    create(fullDisk({ left: 32 })).close(); // The name is free again.
    expect(contents(NAME)).toHaveLength(32);
  });

  test('read beyond the end is corruption with file and offset', () => {
    const file = create();
    file.append(Buffer.from('first'));
    const error = thrownBy(() => file.read(33, 100), 'a read of 100 bytes where 4 are left');
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error).toMatchObject({ code: 'CORRUPT', file: NAME, offset: 33 });
    file.close();
  });

  test('open refuses a header that is damaged at any byte, and says so', () => {
    for (let at = 0; at < 32; at++) {
      const damaged = withCrc(HEADER);
      damaged[at]! ^= 0x20;
      nodeFs.writeFileSync(join(directory, NAME), damaged);
      const error = thrownBy(() => open(), `open with byte ${at} of the header changed`);
      expect(error, `byte ${at} of the header changed`).toBeInstanceOf(CorruptionError);
      expect(error).toMatchObject({ code: 'CORRUPT', file: NAME, offset: 0 });
    }
  });

  test('open refuses a file too short for a header', () => {
    for (const size of [0, 1, 31]) {
      nodeFs.writeFileSync(join(directory, NAME), withCrc(HEADER).subarray(0, size));
      expect(thrownBy(() => open(), `open of a file of ${size} bytes`)).toMatchObject({ code: 'CORRUPT', file: NAME });
    }
  });

  test('open refuses the file of another number under this name', () => {
    create().close();
    nodeFs.renameSync(join(directory, NAME), join(directory, '0000000008.data'));
    const error = thrownBy(() => DataFile.open(nodeFileSystem, directory, id(8)), 'open of file 7 under the name of 8');
    expect(error).toMatchObject({ code: 'CORRUPT', file: '0000000008.data', offset: 0 });
  });

  test('an opened data file cannot be appended to', () => {
    create().close();
    const file = open();
    thrownBy(() => file.append(Buffer.from('x')), 'an append to a file that was opened');
    file.close();
    expect(contents(NAME)).toHaveLength(32);
  });

  test('offsets beyond four gigabytes are offsets like any others', context => {
    if (process.platform === 'win32') context.skip(); // There a file with a hole takes all its space.
    create().close();
    const far = 2 ** 32 + 12_345;
    nodeFs.truncateSync(join(directory, NAME), far);
    const fd = nodeFs.openSync(join(directory, NAME), 'r+');
    nodeFs.writeSync(fd, Buffer.from('far away'), 0, 8, far);
    nodeFs.closeSync(fd);
    const file = open();
    expect(file.size).toBe(far + 8);
    expect(file.read(far, 8).toString()).toBe('far away');
    file.close();
  });

  test('sync comes to the disk after all that was appended', async () => {
    const calls: string[] = [];
    const fs = diskWith(file => ({
      write: (from, start, size, position) => {
        calls.push(`write ${size} at ${position}`);
        return file.write(from, start, size, position);
      },
      syncData: () => void calls.push('sync'),
      syncDataLater: async () => void calls.push('sync later'),
    }));
    const file = create(fs);
    file.append(Buffer.from('first'));
    file.sync();
    file.append(Buffer.from('second'));
    await file.syncLater();
    file.close();
    expect(calls).toEqual(['write 32 at 0', 'write 5 at 32', 'sync', 'write 6 at 37', 'sync later']);
  });

  test('a failed open or create leaves no file open', () => {
    let open = 0;
    let opened = 0;
    const counting = (fs: FileSystem): FileSystem =>
      wrapped(fs, {
        open: (path, mode) => {
          const file = fs.open(path, mode);
          open++;
          opened++;
          const close = (): void => {
            open--;
            file.close();
          };
          return wrapped(file, { close });
        },
      });
    nodeFs.writeFileSync(join(directory, NAME), Buffer.alloc(32));
    thrownBy(() => DataFile.open(counting(nodeFileSystem), directory, id(7)), 'open of a damaged file');
    thrownBy(() => DataFile.create(counting(fullDisk({ left: 3 })), directory, id(8), SALT), 'create on a full disk');
    expect(opened, 'files that were opened').toBe(2);
    expect(open, 'files still open').toBe(0);
  });
});

describe('The keydir', () => {
  const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const entry = (key: KeyString, seq: number): Entry => ({
    key,
    seq,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    valueSize: 3,
    fileId: id(1),
    recordOffset: 32 * seq,
    recordSize: 20,
    valueSeq: seq,
  });
  const keyOf = (text: string): KeyString => toKeyString(Buffer.from(text));

  test('every byte of a key survives the way into a string and back', () => {
    expect(keyBytes(toKeyString(ALL_BYTES))).toEqual(ALL_BYTES);
    const chinese = Buffer.from('键值');
    expect(keyBytes(toKeyString(chinese))).toEqual(chinese);
  });

  test('keys that no text could tell apart stay apart', () => {
    const keys = [bytes('ff'), bytes('fe'), bytes('c3'), bytes('efbfbd'), bytes(''), bytes('00'), bytes('0000')];
    expect(new Set(keys.map(key => toKeyString(key))).size).toBe(keys.length);
  });

  test('a key can be taken from the middle of a buffer', () => {
    expect(toKeyString(Buffer.from('SET user:1 Ada'), 4, 10)).toBe(keyOf('user:1'));
  });

  test('get finds the entry that was put last', () => {
    const keydir = new MapKeydir();
    expect(keydir.get(keyOf('a'))).toBeUndefined();
    keydir.put(entry(keyOf('a'), 1));
    keydir.put(entry(keyOf('b'), 2));
    keydir.put(entry(keyOf('a'), 3));
    expect(keydir.get(keyOf('a'))).toMatchObject({ seq: 3, recordOffset: 96 });
    expect(keydir.get(keyOf('b'))).toMatchObject({ seq: 2 });
    expect(keydir.get(keyOf('c'))).toBeUndefined();
    expect(keydir.size).toBe(2);
  });

  test('put says whether the key is new, delete whether it was there', () => {
    const keydir = new MapKeydir();
    expect(keydir.put(entry(keyOf('a'), 1)), 'a new key').toBe(true);
    expect(keydir.put(entry(keyOf('a'), 2)), 'a key that is there').toBe(false);
    expect(keydir.put(entry(keyOf('b'), 3)), 'another new key').toBe(true);
    expect(keydir.delete(keyOf('a')), 'a key that is there').toBe(true);
    expect(keydir.delete(keyOf('a')), 'a key that is gone').toBe(false);
    expect(keydir.put(entry(keyOf('a'), 4)), 'a key that was gone').toBe(true);
    expect(keydir.size).toBe(2);
  });

  test('a thousand random changes leave what they leave in a model', context => {
    const roll = dice(3);
    const keydir = new MapKeydir();
    const model = new Map<string, number>();
    const history: string[] = [];
    Object.assign(context.task.meta, { history });
    for (let seq = 1; seq <= 1000; seq++) {
      const key = Buffer.from([roll(2) * 255, roll(24)]);
      const hex = key.toString('hex');
      const known = model.has(hex);
      if (roll(3) > 0) {
        history.push(`put ${hex} seq ${seq}`);
        model.set(hex, seq);
        expect(keydir.put(entry(toKeyString(key), seq)), `whether ${hex} is new`).toBe(!known);
      } else {
        history.push(`delete ${hex}`);
        model.delete(hex);
        expect(keydir.delete(toKeyString(key)), `whether ${hex} was there`).toBe(known);
      }
      expect(keydir.size, 'size').toBe(model.size);
    }
    const held = [...keydir.entries()].map(found => `${keyBytes(found.key).toString('hex')} seq ${found.seq}`);
    expect(held.sort()).toEqual([...model].map(([hex, seq]) => `${hex} seq ${seq}`).sort());
  });
});
