/** Damage: what was on the disk once and cannot be read now is reported with file and offset, and never taken for a tail. */
import { describe, expect, test } from 'vitest';
import { encodeRecord, sealRecord } from '../../engine/src/format/record.ts';
import { CorruptionError, Database } from '../../engine/src/index.ts';
import { flipBit } from '../support/change-file.ts';
import {
  contents,
  crashedStore,
  FIRST,
  openCopy,
  recordOffsets,
  recoverCopy,
  SECOND,
} from '../support/crashed-store.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A store that was closed. */
async function closedStore(use: (db: Database) => void): Promise<SimulatedDisk> {
  const root = temporaryDirectory('closed');
  const fs = new SimulatedDisk(root);
  const db = await Database.open(root, { fs });
  use(db);
  await db.close();
  return fs;
}

/** Where the damage is that opening reports; undefined when it opens. */
async function damageOf(left: SimulatedDisk, change: (fs: SimulatedDisk) => void) {
  try {
    await recoverCopy(left, change);
    return undefined;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    expect(error.code).toBe('CORRUPT');
    expect(error.message).toContain(`${error.file} is damaged at offset ${error.offset}`);
    return { file: error.file, offset: error.offset };
  }
}

/** The offset of the unit that byte `at` belongs to; 0 for the file header. */
const unitOf = (units: readonly number[], at: number): number => units.findLast(offset => offset <= at) ?? 0;

describe('any one bit flipped', () => {
  test('in a sealed file is damage, named by the file and the record’s offset', async () => {
    const left = await closedStore(db => {
      db.put('a', '1');
      db.put('b', '2', { tag: 1, expiresAtMs: 9_000_000_000_000, orderKey: Buffer.alloc(8, 1) });
      db.delete('a');
      db.batch().put('c', '3').put('d', '4').commit();
    });
    const units = recordOffsets(left, FIRST).slice(0, 4); // Three plain records and a batch.
    const bits = left.bytesOf(FIRST).length * 8;
    for (let bit = 0; bit < bits; bit++) {
      const offset = unitOf(units, bit >> 3);
      expect(await damageOf(left, fs => fs.change(FIRST, bytes => flipBit(bytes, bit)))).toEqual({
        file: FIRST,
        offset,
      });
    }
  });

  test('before a later readable syncedTo is damage; after it, the log ends there', async () => {
    const left = await crashedStore(async db => {
      db.put('a', '1');
      db.put('b', '2');
      await db.sync();
      db.put('c', '3');
      db.put('d', '4');
    });
    const offsets = recordOffsets(left, FIRST);
    const bytes = left.bytesOf(FIRST);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flip = (fs: SimulatedDisk): void => fs.change(FIRST, before => flipBit(before, bit));
      const offset = unitOf(offsets, bit >> 3);
      if (offset < offsets[2]!) {
        expect(await damageOf(left, flip)).toEqual({ file: FIRST, offset });
        continue;
      }
      const { keys, cut } = await recoverCopy(left, flip);
      expect(keys).toEqual(['a', 'b', 'c'].slice(0, offsets.indexOf(offset)));
      expect(cut).toEqual([{ file: FIRST, offset, bytes: bytes.length - offset, keptAs: `lost/${FIRST}.${offset}` }]);
    }
  });

  test('in a file that a later file says was synced is damage', async () => {
    const root = temporaryDirectory();
    const memory = new SimulatedDisk(root);
    const fs = new FaultFileSystem(memory);
    const db = await Database.open(root, { fs, maxDataFileSize: 100 });
    db.put('a', 'x'.repeat(100));
    db.put('b', 'x');
    fs.plan = call => (call.operation === 'rename' ? { error: 'ENOSPC' } : undefined); // Nothing can be sealed.
    await db.sync();
    db.put('c', 'says that a and b were synced');
    const left = memory.copy(root);
    await db.close().catch(() => {});
    expect(await damageOf(left, copy => copy.change(FIRST, bytes => flipBit(bytes, 8 * 60)))).toEqual({
      file: FIRST,
      offset: 32,
    });
    expect(await damageOf(left, copy => copy.change(SECOND, bytes => flipBit(bytes, 8 * 40)))).toEqual({
      file: SECOND,
      offset: 32,
    });
    expect(await damageOf(left, () => {})).toBeUndefined();
  });

  test('before what the manifest says was synced is damage, also when no record behind it is left', async () => {
    const left = await crashedStore(
      async db => {
        db.put('a', 'x'.repeat(100));
        await db.sync();
        db.put('b', 'in a second file: the manifest is written, and says that a is on the disk');
      },
      { maxDataFileSize: 100 },
    );
    const cutBoth = (fs: SimulatedDisk): void => {
      fs.change(FIRST, bytes => bytes.subarray(0, 60));
      fs.change(SECOND, () => Buffer.alloc(0));
    };
    expect(await damageOf(left, cutBoth)).toEqual({ file: FIRST, offset: 32 });
  });

  test('in the manifest costs nothing: it is made anew from the files', async () => {
    const left = await closedStore(db => {
      db.put('a', '1');
      db.createSpace({ order: 'hash' }).put('x', 'y');
    });
    for (let bit = 0; bit < left.bytesOf('MANIFEST').length * 8; bit += 41) {
      const db = await openCopy(left, fs => fs.change('MANIFEST', bytes => flipBit(bytes, bit)));
      expect(contents(db)).toEqual(['a=1']);
      expect(db.space(1)!.size).toBe(1);
      expect(db.report.warnings).toEqual(['the manifest could not be read; it was made anew from 1 data files']);
      await db.close();
    }
  });
});

test('a whole batch end that does not match its members, by count, size or CRC, makes the batch unreadable', async () => {
  const left = await closedStore(db => {
    db.put('a', '1');
    db.batch().put('b', '2').put('c', '3').commit();
  });
  const [, batchAt] = recordOffsets(left, FIRST);
  const endAt = recordOffsets(left, FIRST).at(-2)!;
  const size = left.bytesOf(FIRST).length - endAt;
  for (const [what, place] of [
    ['count', size - 6],
    ['size', size - 5],
    ['crc', size - 1],
  ] as const) {
    const change = (fs: SimulatedDisk): void =>
      fs.change(FIRST, bytes => {
        bytes[endAt + place]! ^= 1;
        sealRecord(bytes, endAt, bytes.length, bytes.readUInt32LE(16), endAt);
        return bytes;
      });
    expect(await damageOf(left, change), what).toEqual({ file: FIRST, offset: batchAt });
  }
});

describe('a sealed file', () => {
  test('that is missing, cut short at any byte, or another file, is damage', async () => {
    const left = await closedStore(db => {
      db.put('a', '1');
      db.put('b', '2');
    });
    const offsets = recordOffsets(left, FIRST);
    const size = left.bytesOf(FIRST).length;
    expect(await damageOf(left, fs => fs.remove(`${left.root}/${FIRST}`))).toEqual({ file: FIRST, offset: 0 });
    await expect(openCopy(left, fs => fs.remove(`${left.root}/${FIRST}`))).rejects.toThrow('the file is missing');
    for (let end = 0; end < size; end++) {
      const damage = await damageOf(left, fs => fs.change(FIRST, bytes => bytes.subarray(0, end)));
      expect(damage).toEqual({ file: FIRST, offset: unitOf(offsets, end) });
    }
    const other = await closedStore(db => db.put('a', '1'));
    const damage = await damageOf(left, fs => fs.change(FIRST, () => other.bytesOf(FIRST)));
    expect(damage).toEqual({ file: FIRST, offset: 0 });
  });

  test('with bytes behind its end is read up to its end', async () => {
    const left = await closedStore(db => db.put('a', '1'));
    const db = await openCopy(left, fs => fs.change(FIRST, bytes => Buffer.concat([bytes, Buffer.from('garbage')])));
    expect(contents(db)).toEqual(['a=1']);
    await db.close();
  });
});

describe('without any manifest', () => {
  test('files are read in the order of their numbers, gaps and foreign files included', async () => {
    const left = await crashedStore(
      db => {
        for (const key of ['a', 'b', 'c']) db.put(key, 'x'.repeat(100));
        db.put('a', 'newest');
      },
      { maxDataFileSize: 100 },
    );
    const db = await openCopy(left, fs => {
      for (const name of ['MANIFEST', 'MANIFEST.previous']) fs.remove(`${left.root}/${name}`);
      fs.change('0000000002.data.bak', () => Buffer.from('not ours'));
    });
    expect(contents(db).map(pair => pair.slice(0, 8))).toEqual(['a=newest', 'b=xxxxxx', 'c=xxxxxx']);
    db.put('d', '1');
    await db.close();
  });

  test('damage before something that was synced is still found', async () => {
    const left = await crashedStore(async db => {
      db.put('a', '1');
      await db.sync();
      db.put('b', '2');
    });
    const damage = await damageOf(left, fs => {
      for (const name of ['MANIFEST', 'MANIFEST.previous']) fs.remove(`${left.root}/${name}`);
      fs.change(FIRST, bytes => flipBit(bytes, 8 * 40));
    });
    expect(damage).toEqual({ file: FIRST, offset: 32 });
  });
});

describe('reading', () => {
  test('a value that has been damaged since opening throws CORRUPT, and leaves other keys alone', async () => {
    const root = temporaryDirectory();
    const fs = new SimulatedDisk(root);
    const db = await Database.open(root, { fs, cacheBytes: 0 });
    db.put('a', '1');
    db.put('b', '2');
    fs.change(FIRST, bytes => flipBit(bytes, 8 * 44));
    expect(() => db.get('a')).toThrow(expect.objectContaining({ code: 'CORRUPT', file: FIRST, offset: 32 }));
    expect(String(db.get('b'))).toBe('2');
    db.put('a', 'new');
    expect(String(db.get('a'))).toBe('new');
    await db.close();
  });

  test('an error of the disk on one key leaves other keys alone', async () => {
    const fs = new FaultFileSystem();
    const db = await Database.open(temporaryDirectory(), { fs, cacheBytes: 0 });
    db.put('a', '1');
    db.put('b', '2');
    fs.plan = call => (call.operation === 'read' ? { error: 'EIO' } : undefined);
    expect(() => db.get('a')).toThrow(expect.objectContaining({ code: 'IO' }));
    fs.plan = () => undefined;
    expect(String(db.get('b'))).toBe('2');
    expect(String(db.get('a'))).toBe('1');
    await db.close();
  });
});

describe('a newer format', () => {
  const newer = expect.objectContaining({ code: 'NEWER_FORMAT' });

  test('is refused: an unknown kind, and unknown flags, of a record that is whole', async () => {
    const left = await crashedStore(db => db.put('a', '1') as unknown as undefined);
    for (const [kind, flags] of [
      [8, 0],
      [200, 0],
      [1, 16],
      [1, 32],
      [1, 128],
    ] as const) {
      const change = (fs: SimulatedDisk): void =>
        fs.change(FIRST, bytes => {
          const salt = bytes.readUInt32LE(16);
          const record = { kind, seq: 2, key: Buffer.from('k'), value: Buffer.from('v') };
          return Buffer.concat([bytes, withFlags(record, flags, salt, bytes.length)]);
        });
      await expect(openCopy(left, change)).rejects.toThrow(newer);
    }
  });
});

function withFlags(record: Parameters<typeof encodeRecord>[0], flags: number, salt: number, offset: number): Buffer {
  const bytes = encodeRecord(record, salt, offset);
  bytes[5]! |= flags;
  sealRecord(bytes, 0, bytes.length, salt, offset);
  return bytes;
}
