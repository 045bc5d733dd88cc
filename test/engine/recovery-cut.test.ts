/** A write that did not end: wherever it stopped, the store opens with whole records and whole batches, and goes on. */
import { describe, expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import {
  contents,
  crashedStore,
  FIRST,
  openCopy,
  recordOffsets,
  recoverCopy,
  SECOND,
} from '../support/crashed-store.ts';
import type { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';

/** Open, check what is there, write, and find the same after closing and opening again. */
async function opensWith(expected: string[], left: SimulatedDisk, change: (fs: SimulatedDisk) => void) {
  const fs = left.copy(left.root);
  change(fs);
  const db = await Database.open(left.root, { fs });
  expect(contents(db)).toEqual(expected);
  const { report } = db;
  db.put('later', 'write');
  await db.close();
  const again = await Database.open(left.root, { fs });
  expect(contents(again)).toEqual([...expected, 'later=write'].sort());
  expect(again.report.cut).toEqual([]);
  await again.close();
  return report;
}

const cutTo = (size: number) => (fs: SimulatedDisk) => fs.change(FIRST, bytes => bytes.subarray(0, size));

describe('cut at every byte', () => {
  test('of the last record: the store holds the records before it', async () => {
    const left = await crashedStore(db => {
      db.put('a', '1');
      db.put('b', '2');
      db.put('c', 'the last record');
    });
    const offsets = recordOffsets(left, FIRST);
    const [start, end] = offsets.slice(-2) as [number, number];
    for (let size = start; size < end; size++) {
      const report = await opensWith(['a=1', 'b=2'], left, cutTo(size));
      const bytes = size - start;
      const cut = bytes === 0 ? [] : [{ file: FIRST, offset: start, bytes, keptAs: `lost/${FIRST}.${start}` }];
      expect(report.cut).toEqual(cut);
    }
    await opensWith(['a=1', 'b=2', 'c=the last record'], left, cutTo(end));
  });

  test('of the last batch: the store holds all of it or nothing', async () => {
    const left = await crashedStore(db => {
      db.put('a', '1');
      db.batch().put('b', '2').delete('a').put('c', '3').commit();
    });
    const start = recordOffsets(left, FIRST)[1]!;
    const end = recordOffsets(left, FIRST).at(-1)!;
    for (let size = start; size < end; size++) await opensWith(['a=1'], left, cutTo(size));
    await opensWith(['b=2', 'c=3'], left, cutTo(end));
  });

  test('of the last transaction: the store holds all of it or nothing, in every space', async () => {
    const left = await crashedStore(db => {
      db.createSpace({ order: 'hash' });
      db.putMany([
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ]);
      db.transaction(tx => {
        tx.deleteRange({ gte: 'b' });
        tx.put('c', 'new');
        tx.space(1)!.put('x', 'y');
        tx.transaction(inner => inner.delete('a'));
      });
    });
    const offsets = recordOffsets(left, FIRST);
    const start = offsets.at(-6)!; // Four members, the end of the batch, the end of the file.
    const end = offsets.at(-1)!;
    for (let size = start; size < end; size++) {
      const db = await openCopy(left, cutTo(size));
      expect(contents(db)).toEqual(['a=1', 'b=2', 'c=3']);
      expect(db.space(1)!.size).toBe(0);
      await db.close();
    }
    const db = await openCopy(left, cutTo(end));
    expect(contents(db)).toEqual(['c=new']);
    expect(String(db.space(1)!.get('x'))).toBe('y');
    await db.close();
  });

  test('of a turn: the store holds all of it or nothing', async () => {
    const left = await crashedStore(
      db => {
        db.put('a', '1');
        db.commitTurn();
        db.put('b', '2');
        db.createSpace({ order: 'hash' }).put('x', 'y');
        db.commitTurn();
      },
      { commit: 'turn' },
    );
    const start = recordOffsets(left, FIRST)[1]!;
    const end = recordOffsets(left, FIRST).at(-1)!;
    for (let size = start; size < end; size++) {
      const db = await openCopy(left, cutTo(size));
      expect(contents(db)).toEqual(['a=1']);
      expect(db.spaces().length).toBe(1);
      await db.close();
    }
    const db = await openCopy(left);
    expect(contents(db)).toEqual(['a=1', 'b=2']);
    expect(String(db.space(1)!.get('x'))).toBe('y');
    await db.close();
  });

  test('of a file with nothing in it but its header: the store is empty', async () => {
    const left = await crashedStore(db => {
      db.put('a', '1');
    });
    for (let size = 0; size <= 32; size++) expect((await recoverCopy(left, cutTo(size))).keys).toEqual([]);
    for (const size of [0, 31, 32]) await opensWith([], left, cutTo(size));
  });

  test('of the newest of several files that were still growing: the older ones are whole', async () => {
    const left = await crashedStore(
      db => {
        db.put('a', 'x'.repeat(100));
        db.put('b', 'in the second file');
      },
      { maxDataFileSize: 100 },
    );
    const size = left.bytesOf(SECOND).length;
    for (let end = 0; end < size; end++) {
      const { keys } = await recoverCopy(left, fs => fs.change(SECOND, bytes => bytes.subarray(0, end)));
      expect(keys).toEqual(['a']);
    }
  });
});

describe('a tail', () => {
  const tails: [string, (left: SimulatedDisk) => Buffer][] = [
    ['of zeroes', () => Buffer.alloc(5000)],
    ['of garbage', () => Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 0xff))],
    ['that is a record from elsewhere in the file', left => left.bytesOf(FIRST).subarray(32, 60)],
    ['that is the whole file once more', left => left.bytesOf(FIRST)],
    ['with a plausible header and a huge length', () => Buffer.from('0102030401000000050bffffff7f6b', 'hex')],
    ['with a plausible header and the largest length', () => Buffer.from('01020304010000000501ffffffff036b', 'hex')],
  ];
  for (const [name, tail] of tails) {
    test(`${name} ends the log, and is kept in lost/`, async () => {
      const left = await crashedStore(db => {
        db.put('a', '1');
        db.put('b', '2');
      });
      const end = left.bytesOf(FIRST).length;
      const bytes = tail(left);
      const fs = left.copy(left.root);
      fs.change(FIRST, before => Buffer.concat([before, bytes]));
      const db = await Database.open(left.root, { fs });
      expect(contents(db)).toEqual(['a=1', 'b=2']);
      expect(db.report.cut).toEqual([
        { file: FIRST, offset: end, bytes: bytes.length, keptAs: `lost/${FIRST}.${end}` },
      ]);
      expect(fs.bytesOf(`lost/${FIRST}.${end}`)).toEqual(bytes);
      expect(fs.bytesOf(FIRST).length).toBe(end + bytes.length); // No file is ever cut.
      const afterPowerCut = fs.cutPower({ bytes: 'lost', names: 'lost' }, left.root);
      expect(afterPowerCut.bytesOf(`lost/${FIRST}.${end}`)).toEqual(bytes);
      await db.close();
    });
  }

  test('takes later files with it that were still growing, and they are kept in lost/ too', async () => {
    const left = await crashedStore(
      db => {
        for (const key of ['a', 'b', 'c', 'd']) db.put(key, 'x'.repeat(100));
      },
      { maxDataFileSize: 100 },
    );
    const fs = left.copy(left.root);
    const second = Buffer.from(fs.bytesOf(SECOND));
    const third = Buffer.from(fs.bytesOf('0000000003.data'));
    fs.change(SECOND, bytes => Buffer.concat([bytes.subarray(0, 50), Buffer.alloc(20)]));
    const db = await Database.open(left.root, { fs });
    expect(contents(db)).toEqual([`a=${'x'.repeat(100)}`]);
    expect(db.report.cut.map(({ file, offset }) => [file, offset])).toEqual([
      [SECOND, 32],
      ['0000000003.data', 0],
      ['0000000004.data', 0],
    ]);
    expect(fs.bytesOf(`lost/${SECOND}.32`)).toEqual(Buffer.concat([second.subarray(32, 50), Buffer.alloc(20)]));
    expect(fs.bytesOf('lost/0000000003.data.0')).toEqual(third);
    db.put('later', 'write');
    await db.close();
    const again = await Database.open(left.root, { fs });
    expect(contents(again)).toEqual([`a=${'x'.repeat(100)}`, 'later=write']);
    await again.close();
  });
});

test('a growing file that ends at a whole record, before the next one goes on, ends the log', async () => {
  const left = await crashedStore(
    db => {
      db.put('a', '1');
      db.put('b', 'x'.repeat(100));
      db.put('c', 'in the second file');
    },
    { maxDataFileSize: 100 },
  );
  const second = left.bytesOf(SECOND);
  const { keys, cut } = await recoverCopy(left, cutTo(recordOffsets(left, FIRST)[1]!));
  expect(keys).toEqual(['a']);
  expect(cut).toEqual([{ file: SECOND, offset: 0, bytes: second.length, keptAs: `lost/${SECOND}.0` }]);
});

describe('seqs after a crash', () => {
  test('go on far above those that were given away', async () => {
    let reserved = 0;
    const left = await crashedStore(db => {
      db.put('a', '1');
      reserved = db.nextSeq();
    });
    const db = await openCopy(left);
    expect(db.nextSeq()).toBeGreaterThan(reserved + 2 ** 32 - 10);
    const put = db.put('b', '2');
    expect(db.getEntry('b')!.seq).toBe(put);
    await db.close();
  });

  test('do so too when the only thing that happened was nextSeq', async () => {
    let reserved = 0;
    const left = await crashedStore(db => {
      reserved = db.nextSeq();
    });
    const db = await openCopy(left);
    expect(db.nextSeq()).toBeGreaterThan(reserved);
    await db.close();
  });
});
