/**
 * repair: every record that can still be read is kept, and nothing else; the originals are in lost/; a second repair changes
 * nothing. What must be kept is found by a reader of its own (test/support/damaged-store.ts).
 */
import { describe, expect, test } from 'vitest';
import { repairDirectory } from '../../engine/src/check/repair.ts';
import { verifyDirectory } from '../../engine/src/check/verify.ts';
import { decodeManifest } from '../../engine/src/disk/manifest.ts';
import { encodeRecord, KIND_BATCH_END, KIND_SPACE_CREATE, sealRecord } from '../../engine/src/format/record.ts';
import { Database, type RepairReport } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { flipBit } from '../support/change-file.ts';
import { FIRST, SECOND } from '../support/crashed-store.ts';
import {
  dataFilesOf,
  manyFiles,
  removeHints,
  type State,
  saltOf,
  stateOf,
  wholeRecords,
} from '../support/damaged-store.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { diskIn, legalDiskStates, recordingOf, snapshotAt } from '../support/fault-house/disk-states.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = temporaryDirectory('repair');

/** The state that opening finds, without the lock and the rest of a Database. */
async function openedState(fs: SimulatedDisk): Promise<State> {
  const { indexes } = await recover(root, resolveOptions({ fs }));
  const rows: string[] = [];
  for (const [id, index] of indexes) {
    for (const { key, seq } of index.keydir.entries()) rows.push(`${id}/${key}@${seq}`);
  }
  return rows.sort().join(' ');
}

/** The state that all whole records of the listed files lead to. `salts`: what the files' salts were before the damage. */
function salvageableState(fs: SimulatedDisk, salts: ReadonlyMap<string, number>): State {
  const names = dataFilesOf(fs);
  return stateOf(names.flatMap(name => wholeRecords(fs.bytesOf(name), salts.get(name)!).map(({ record }) => record)));
}

const saltsOf = (fs: SimulatedDisk): Map<string, number> =>
  new Map(dataFilesOf(fs).map(name => [name, saltOf(fs.bytesOf(name))]));

/** All bytes of all files: to see that nothing was changed. */
const everything = (fs: SimulatedDisk): string[] =>
  fs.fileNames.sort().map(name => `${name} ${fs.bytesOf(name).toString('base64')}`);

/** Repair, and see to all that holds after every repair. */
async function repair(fs: SimulatedDisk): Promise<RepairReport> {
  const damaged = new Map(dataFilesOf(fs).map(name => [name, Buffer.from(fs.bytesOf(name))]));
  const report = await repairDirectory(fs, root);
  for (const { file, keptAs } of report.rewritten) {
    const size = damaged.get(file)?.length ?? 0;
    if (size > 0) expect(fs.bytesOf(keptAs!)).toEqual(damaged.get(file));
    else expect(keptAs).toBeUndefined();
  }
  const before = everything(fs);
  expect((await verifyDirectory(fs, root, {})).problems).toEqual([]);
  expect(await repairDirectory(fs, root)).toMatchObject({ problems: [], rewritten: [], lost: [], madeSpaces: [] });
  expect(everything(fs)).toEqual(before);
  return report;
}

/** Repair a damaged copy and compare: with the model if opening refused it, else with what opening finds without repair. */
async function repairAndCompare(
  left: SimulatedDisk,
  change: (fs: SimulatedDisk) => void,
  note: string,
): Promise<RepairReport> {
  const fs = left.copy(root);
  const salts = saltsOf(fs);
  change(fs);
  const opened = await openedState(fs.copy(root)).catch(() => undefined);
  const expected = opened ?? salvageableState(fs, salts);
  const report = await repair(fs);
  expect(
    report.problems.some(({ code }) => code !== 'MANIFEST'),
    note,
  ).toBe(opened === undefined);
  expect(await openedState(fs), note).toBe(expected);
  return report;
}

const change =
  (name: string, how: (bytes: Buffer) => Buffer) =>
  (fs: SimulatedDisk): void =>
    fs.change(name, how);

describe('every whole record is kept, and no other', () => {
  for (const end of ['closed', 'killed'] as const) {
    test(`with any one bit flipped in a store that was ${end}`, async () => {
      const left = await manyFiles(root, end);
      for (const name of dataFilesOf(left)) {
        const bits = left.bytesOf(name).length * 8;
        for (let bit = 0; bit < bits; bit += 61) {
          await repairAndCompare(
            left,
            change(name, bytes => flipBit(bytes, bit)),
            `${name}, bit ${bit}`,
          );
        }
      }
    }, 60_000);
  }
});

/** A closed store of one file, with longer values, so that 4 KiB are a part of it. */
async function largeFile(): Promise<SimulatedDisk> {
  const fs = new SimulatedDisk(root);
  const db = await Database.open(root, { fs });
  for (let n = 0; n < 60; n++) {
    db.put(`key ${n % 40}`, `${n}`.repeat(150));
    if (n % 7 === 0) db.batch().put('in a batch', `${n}`.repeat(99)).put(`batch ${n}`, 'x'.repeat(99)).commit();
    if (n % 9 === 0) db.delete(`key ${(n * 3) % 40}`);
  }
  await db.close();
  removeHints(fs);
  return fs;
}

describe('a block of 4 KiB', () => {
  const blocks = (bytes: Buffer): number[] =>
    Array.from({ length: Math.floor(bytes.length / 4096) }, (_, n) => n * 4096);

  test('that is zeroes, garbage, or a block of elsewhere costs what was in it, and nothing else', async () => {
    const left = await largeFile();
    const bytes = left.bytesOf(FIRST);
    expect(blocks(bytes).length).toBeGreaterThan(4);
    for (const at of blocks(bytes)) {
      for (const block of [Buffer.alloc(4096), Buffer.alloc(4096, 'garbage'), bytes.subarray(8192, 12288)]) {
        if (block.equals(bytes.subarray(at, at + 4096))) continue;
        const damage = change(FIRST, whole => Buffer.concat([whole.subarray(0, at), block, whole.subarray(at + 4096)]));
        const { lost } = await repairAndCompare(left, damage, `block at ${at}`);
        for (const { offset, bytes } of lost) expect(offset + bytes).toBeGreaterThan(at);
      }
    }
  });

  test('that is missing, so that all behind it has moved, costs all behind it: no record is believed in a wrong place', async () => {
    const left = await largeFile();
    for (const at of blocks(left.bytesOf(FIRST))) {
      const damage = change(FIRST, whole => Buffer.concat([whole.subarray(0, at), whole.subarray(at + 4096)]));
      const { records } = await repairAndCompare(left, damage, `block at ${at}`);
      expect(records).toBeLessThan(70);
    }
  });
});

test('a write that never ended is no damage: repair leaves it to opening, wherever it was cut', async () => {
  const left = await manyFiles(root, 'killed');
  const last = dataFilesOf(left).at(-1)!;
  const size = left.bytesOf(last).length;
  for (let end = 0; end < size; end++) {
    const fs = left.copy(root);
    fs.change(last, bytes => bytes.subarray(0, end));
    const before = everything(fs);
    const { problems, rewritten } = await repairDirectory(fs, root);
    expect({ problems, rewritten }).toEqual({ problems: [], rewritten: [] });
    expect(everything(fs)).toEqual(before);
  }
});

describe('beside damage in a sealed file', () => {
  /** A store with damage in its first file, and something at the end of its last one. */
  async function endingIn(tail: (bytes: Buffer, salt: number) => Buffer, note: string): Promise<RepairReport> {
    const left = await manyFiles(root, 'killed');
    const last = dataFilesOf(left).at(-1)!;
    return repairAndCompare(
      left,
      fs => {
        fs.change(FIRST, bytes => flipBit(bytes, 8 * 100));
        fs.change(last, bytes => Buffer.concat([bytes, tail(bytes, saltOf(bytes))]));
      },
      note,
    );
  }

  test('a tail of zeroes, of garbage, or with a huge length adds nothing', async () => {
    const record = { kind: 1, seq: 10_000, key: Buffer.from('huge'), value: Buffer.alloc(5000) };
    for (const tail of [
      () => Buffer.alloc(700),
      () => Buffer.alloc(700, 0xa5),
      (bytes: Buffer, salt: number) => encodeRecord(record, salt, bytes.length).subarray(0, 40),
      (bytes: Buffer) => bytes.subarray(32), // What was there once, in the wrong place now.
    ]) {
      const { lost } = await endingIn(tail, String(tail));
      expect(lost.length).toBe(2);
    }
  });

  test('a batch that has no end, at the end of the log, never counted and does not now', async () => {
    const left = await manyFiles(root, 'killed');
    const last = dataFilesOf(left).at(-1)!;
    const fs = left.copy(root);
    const seq = 10_000;
    fs.change(FIRST, bytes => flipBit(bytes, 8 * 100));
    fs.change(last, bytes => {
      const member = { kind: 1, seq, batch: true, key: Buffer.from('half a batch'), value: Buffer.from('x') };
      const first = encodeRecord(member, saltOf(bytes), bytes.length);
      const second = encodeRecord({ ...member, seq: seq + 1 }, saltOf(bytes), bytes.length + first.length);
      return Buffer.concat([bytes, first, second.subarray(0, 9)]);
    });
    const { lost } = await repair(fs);
    expect(lost.at(-1)).toMatchObject({ file: last });
    const state = await openedState(fs);
    expect(state).not.toContain('half a batch');
    expect(state).toContain('batch 1@');
  });
});

describe('a batch that did count', () => {
  /** A closed store of one file: a, then a batch of b, c and d, then e. */
  async function withBatch(): Promise<SimulatedDisk> {
    const fs = new SimulatedDisk(root);
    const db = await Database.open(root, { fs });
    db.put('a', '1');
    db.batch().put('b', '2').put('c', '3').put('d', '4').commit();
    db.put('e', '5');
    await db.close();
    return fs;
  }

  const keysOf = (state: State): string => state.replaceAll(/0\/|@\d+/g, '');

  test('keeps each record that can be read, whatever of it is damaged', async () => {
    const left = await withBatch();
    const records = wholeRecords(left.bytesOf(FIRST), saltOf(left.bytesOf(FIRST)));
    const kept: string[] = [];
    for (const { offset } of records) {
      const fs = left.copy(root);
      fs.change(FIRST, bytes => flipBit(bytes, 8 * (offset + 9)));
      const report = await repair(fs);
      expect(report.problems.length).toBe(1);
      kept.push(keysOf(await openedState(fs)));
    }
    expect(kept).toEqual(['b c d e', 'a c d e', 'a b d e', 'a b c e', 'a b c d e', 'a b c d']);
  });

  test('that was still growing counts when something behind it was written, and then keeps its records too', async () => {
    const killed = new SimulatedDisk(root);
    const db = await Database.open(root, { fs: killed });
    db.put('a', '1');
    db.batch().put('b', '2').put('c', '3').commit();
    await db.sync();
    db.put('d', '4');
    const fs = killed.copy(root);
    await db.close();
    const end = wholeRecords(fs.bytesOf(FIRST), saltOf(fs.bytesOf(FIRST))).find(
      ({ record }) => record.kind === KIND_BATCH_END,
    )!;
    fs.change(FIRST, bytes => flipBit(bytes, 8 * (end.offset + 9)));
    await expect(openedState(fs.copy(root))).rejects.toThrow('damaged');
    await repair(fs);
    expect(keysOf(await openedState(fs))).toBe('a b c d');
  });

  test('whose end is whole and counts other records is reported, and keeps its records', async () => {
    const fs = await withBatch();
    const end = wholeRecords(fs.bytesOf(FIRST), saltOf(fs.bytesOf(FIRST))).find(
      ({ record }) => record.kind === KIND_BATCH_END,
    )!;
    fs.change(FIRST, bytes => {
      bytes[end.offset + end.record.size - 6]! ^= 1;
      sealRecord(bytes, end.offset, end.offset + end.record.size, saltOf(bytes), end.offset);
      return bytes;
    });
    const { problems } = await repair(fs);
    expect(problems).toMatchObject([{ file: FIRST, code: 'BATCH' }]);
    expect(keysOf(await openedState(fs))).toBe('a b c d e');
  });
});

describe('the manifest', () => {
  test('when it is missing or damaged, is made anew, and nothing else is changed', async () => {
    for (const end of ['closed', 'killed'] as const) {
      const left = await manyFiles(root, end);
      const damages: ((fs: SimulatedDisk) => void)[] = [
        fs => fs.remove(`${root}/MANIFEST`),
        fs => fs.change('MANIFEST', () => Buffer.alloc(0)),
        fs => fs.change('MANIFEST', bytes => bytes.subarray(0, 50)),
        fs => fs.change('MANIFEST', bytes => flipBit(bytes, 777)),
      ];
      for (const damage of damages) {
        const { problems, rewritten } = await repairAndCompare(left, damage, String(damage));
        expect(problems).toMatchObject([{ file: 'MANIFEST', offset: 0, code: 'MANIFEST' }]);
        expect(rewritten).toEqual([]);
      }
    }
  });

  test('when it and the one before are gone, costs nothing; with damage in a file besides, what is damaged', async () => {
    const left = await manyFiles(root, 'closed');
    const bothGone = (fs: SimulatedDisk): void => {
      fs.remove(`${root}/MANIFEST`);
      fs.remove(`${root}/MANIFEST.previous`);
    };
    await repairAndCompare(left, bothGone, 'both gone');
    for (const name of dataFilesOf(left)) {
      const bits = left.bytesOf(name).length * 8;
      for (let bit = 8 * 33; bit < bits; bit += 401) {
        const damage = (fs: SimulatedDisk): void => {
          bothGone(fs);
          fs.change(name, bytes => flipBit(bytes, bit));
        };
        await repairAndCompare(left, damage, `${name}, bit ${bit}`);
      }
    }
  });

  /** A store that has gone on after a torn tail, was closed, and has lost both of its manifests. */
  async function goneOnAfterTear(...later: string[]): Promise<SimulatedDisk> {
    const crashed = new SimulatedDisk(root);
    const first = await Database.open(root, { fs: crashed, lockTimeoutMs: 5000 });
    first.put('city', 'Bonn');
    first.put('river', 'Spree');
    const left = crashed.copy(root);
    await first.close();
    left.change(FIRST, bytes => bytes.subarray(0, -3));
    const second = await Database.open(root, { fs: left, lockTimeoutMs: 5000 });
    for (const key of later) {
      second.put(key, 'later');
      await second.sync();
    }
    await second.close();
    for (const name of ['MANIFEST', 'MANIFEST.previous']) left.remove(`${root}/${name}`);
    return left;
  }

  test('when both are gone, and a tail was torn long ago, keeps all that came after if that says that it was synced', async () => {
    const left = await goneOnAfterTear('sea', 'lake');
    await expect(openedState(left.copy(root))).rejects.toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    await repair(left);
    expect(await openedState(left)).toMatch(/^0\/city@1 0\/lake@\d+ 0\/sea@\d+$/);
  });

  test('else what came after is in lost/, and reported', async () => {
    const left = await goneOnAfterTear('sea');
    const { report } = await recover(root, resolveOptions({ fs: left }));
    expect(report.cut.map(({ file, offset }) => [file, offset])).toEqual([
      [FIRST, expect.any(Number)],
      [SECOND, 0],
    ]);
    expect(left.bytesOf(report.cut[1]!.keptAs).includes('sea')).toBe(true);
  });

  test('when it is damaged, does not take the place of the one before', async () => {
    const fs = await manyFiles(root, 'closed');
    fs.change('MANIFEST', bytes => flipBit(bytes, 777));
    await openedState(fs);
    for (const name of ['MANIFEST', 'MANIFEST.previous']) expect(decodeManifest(fs.bytesOf(name)), name).toBeDefined();
  });
});

describe('a data file', () => {
  test('whose header is gone keeps all its records: the manifest knows the salt', async () => {
    const left = await manyFiles(root, 'closed');
    for (const name of dataFilesOf(left)) {
      const damage = change(name, bytes => Buffer.concat([Buffer.alloc(32), bytes.subarray(32)]));
      const { lost, problems } = await repairAndCompare(left, damage, name);
      expect(problems).toMatchObject([{ file: name, offset: 0, code: 'FILE_HEADER' }]);
      expect(lost).toEqual([]);
    }
  });

  test('whose header is gone, and its salt with the manifests, cannot be read: it is said so, and the file is kept', async () => {
    const fs = await manyFiles(root, 'closed');
    const before = Buffer.from(fs.bytesOf(SECOND)).fill(0, 0, 32);
    for (const name of ['MANIFEST', 'MANIFEST.previous']) fs.remove(`${root}/${name}`);
    fs.change(SECOND, () => before);
    const { rewritten, lost } = await repair(fs);
    const keptAs = `lost/${SECOND}.0`;
    expect(rewritten).toEqual([{ file: SECOND, writtenAs: undefined, records: 0, keptAs }]);
    expect(lost).toEqual([{ file: SECOND, offset: 32, bytes: before.length - 32 }]);
    expect(fs.bytesOf(keptAs)).toEqual(before);
  });

  test('that is missing is missing, and the others are kept', async () => {
    const left = await manyFiles(root, 'closed');
    for (const name of dataFilesOf(left)) {
      const size = left.bytesOf(name).length;
      const { problems, rewritten, lost } = await repairAndCompare(left, fs => fs.remove(`${root}/${name}`), name);
      expect(problems.filter(({ code }) => code !== 'SPACE')).toMatchObject([{ file: name, code: 'FILE_MISSING' }]);
      expect(rewritten).toEqual([{ file: name, writtenAs: undefined, records: 0, keptAs: undefined }]);
      expect(lost).toEqual([{ file: name, offset: 0, bytes: size }]);
    }
  });

  test('that is cut short keeps what is left of it', async () => {
    const left = await manyFiles(root, 'closed');
    const size = left.bytesOf(SECOND).length;
    for (let end = 0; end < size; end += 7) {
      const { lost } = await repairAndCompare(
        left,
        change(SECOND, bytes => bytes.subarray(0, end)),
        `cut at ${end}`,
      );
      expect(lost.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThanOrEqual(size - Math.max(end, 32));
    }
  });

  test('with the bytes of another one is not believed', async () => {
    const left = await manyFiles(root, 'closed');
    const other = left.bytesOf(FIRST);
    const { rewritten } = await repairAndCompare(
      left,
      change(SECOND, () => other),
      'copied over',
    );
    expect(rewritten).toMatchObject([{ file: SECOND, records: 0 }]);
  });

  test('that was copied under another name counts once, when no manifest says which is the one', async () => {
    const left = await manyFiles(root, 'closed');
    const state = await openedState(left.copy(root));
    const fs = left.copy(root);
    for (const name of ['MANIFEST', 'MANIFEST.previous']) fs.remove(`${root}/${name}`);
    fs.change('0000000077.data', () => left.bytesOf(FIRST));
    await repair(fs);
    expect(await openedState(fs)).toBe(state);
  });
});

test('a space whose beginning is lost is made again, with all its keys', async () => {
  const left = await manyFiles(root, 'closed');
  for (const name of dataFilesOf(left)) {
    const { offset } = wholeRecords(left.bytesOf(name), saltOf(left.bytesOf(name))).find(
      ({ record }) => record.kind === KIND_SPACE_CREATE,
    ) ?? { offset: 0 };
    if (offset === 0) continue;
    const fs = left.copy(root);
    fs.change(name, bytes => flipBit(bytes, 8 * (offset + 7)));
    const report = await repair(fs);
    expect(report.madeSpaces).toEqual([1]);
    expect(await openedState(fs)).toContain('1/in a space@');
    return;
  }
  throw new Error('no space was made');
});

test('after a repair the store goes on: new changes have higher seqs, and are there after reopening', async () => {
  const fs = await manyFiles(root, 'closed');
  fs.change(SECOND, bytes => flipBit(bytes, 8 * 100));
  const refusal = { code: 'CORRUPT', file: SECOND, message: expect.stringContaining('Database.repair') };
  await expect(Database.open(root, { fs })).rejects.toMatchObject(refusal);
  const report = await Database.repair(root, { fs });
  expect(report.rewritten).toMatchObject([{ file: SECOND, keptAs: `lost/${SECOND}.0` }]);
  const db = await Database.open(root, { fs });
  const newest = Math.max(...Array.from(db.keys(), key => db.getEntry(key)!.seq));
  expect(db.put('after', 'repair')).toBeGreaterThan(newest);
  expect((await db.verify()).problems).toEqual([]);
  await db.close();
  const again = await Database.open(root, { fs });
  expect(String(again.get('after'))).toBe('repair');
  await again.close();
});

test('repair waits for nobody who has the directory open, and makes no directory', async () => {
  const fs = new SimulatedDisk(root);
  const db = await Database.open(root, { fs });
  db.put('a', '1');
  await expect(Database.repair(root, { fs })).rejects.toMatchObject({ code: 'LOCKED' });
  await expect(Database.verify(root, { fs })).rejects.toMatchObject({ code: 'LOCKED' });
  await db.close();
  await expect(Database.repair(`${root}/nothing`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('after a failed sync no growing file is trusted: it is written anew too, and the mark goes', async () => {
  const fs = await manyFiles(root, 'killed');
  const expected = salvageableState(fs, saltsOf(fs));
  fs.change('POISONED', () => Buffer.alloc(0));
  const { files } = decodeManifest(fs.bytesOf('MANIFEST'))!;
  const growing = files.filter(({ sealedSize }) => sealedSize === null).map(({ id }) => id);
  expect(growing.length).toBeGreaterThan(0);
  fs.change(FIRST, bytes => bytes.fill(0, 0, 32));
  const { rewritten } = await repair(fs);
  const names = [1, ...growing].map(id => `${String(id).padStart(10, '0')}.data`);
  expect(rewritten.map(({ file }) => file)).toEqual(names);
  expect(fs.fileNames).not.toContain('POISONED');
  expect(await openedState(fs)).toBe(expected);
});

test('damage that a hint hides from opening is found, and the hint goes with the damaged file', async () => {
  const fs = await manyFiles(root, 'closed', { hints: true });
  const [hint] = fs.fileNames.filter(name => name.endsWith('.hint')).sort();
  expect(hint).toBeDefined();
  const file = hint!.replace('.hint', '.data');
  const salts = saltsOf(fs);
  const { offset, record } = wholeRecords(fs.bytesOf(file), saltOf(fs.bytesOf(file))).find(
    ({ record }) => record.kind === 1 && !record.batch,
  )!;
  fs.change(file, bytes => flipBit(bytes, 8 * (offset + record.size - 1)));
  await openedState(fs.copy(root)); // Opening reads the hint, and does not look.
  const expected = salvageableState(fs, salts);
  expect((await repair(fs)).problems).toMatchObject([{ file, offset, code: 'RECORD' }]);
  expect(fs.fileNames).not.toContain(hint);
  expect(await openedState(fs)).toBe(expected);
});

test('a record of a newer format is not thrown away: repair refuses', async () => {
  const fs = await manyFiles(root, 'closed');
  fs.change(FIRST, bytes => flipBit(bytes, 8 * 100));
  fs.change(SECOND, bytes => {
    const { offset, record } = wholeRecords(bytes, saltOf(bytes))[0]!;
    bytes[offset + 4] = 200;
    sealRecord(bytes, offset, offset + record.size, saltOf(bytes), offset);
    return bytes;
  });
  const before = everything(fs);
  await expect(repairDirectory(fs, root)).rejects.toMatchObject({ code: 'NEWER_FORMAT' });
  expect(everything(fs)).toEqual(before);
});

/** A closed store with damage in two files, and an orphan space. */
async function damagedStore(): Promise<SimulatedDisk> {
  const closed = await manyFiles(root, 'killed');
  closed.change(FIRST, bytes => flipBit(bytes, 8 * 100));
  closed.change('0000000003.data', bytes => flipBit(bytes, 8 * 40));
  closed.change('0000000004.data', bytes => flipBit(bytes, 8 * 60));
  const settled = closed.cutPower({ bytes: 'kept', names: 'kept' }, root);
  return settled;
}

test('a repair that is interrupted, at any call to the disk, by a kill or a power cut, is repaired to the same state', async () => {
  const damaged = await damagedStore();
  const salts = saltsOf(damaged);
  const expected = salvageableState(damaged, salts);
  const whole = damaged.copy(root).record();
  await repairDirectory(whole, root);
  expect(await openedState(whole.copy(root))).toBe(expected);
  const recording = recordingOf(whole);
  let states = 0;
  for (let call = 0; call <= recording.calls.length; call++) {
    for (const state of legalDiskStates(recording, call, { states: 12 })) {
      states++;
      const note = `call ${call}: ${recording.calls[call]?.operation} ${recording.calls[call]?.file}`;
      const found = diskIn(state, snapshotAt(recording, call), root);
      const originals = new Map(found.fileNames.map(name => [name, Buffer.from(found.bytesOf(name))]));
      await repairDirectory(found, root);
      expect((await verifyDirectory(found, root, {})).problems, note).toEqual([]);
      expect(await openedState(found), note).toBe(expected);
      for (const name of [FIRST, '0000000003.data']) {
        const original = damaged.bytesOf(name);
        const isKept = found.fileNames.includes(`lost/${name}.0`) && found.bytesOf(`lost/${name}.0`).equals(original);
        expect(isKept || originals.get(name)?.equals(original), `${note}, ${name}`).toBe(true);
      }
    }
  }
  expect(states).toBeGreaterThan(500);
}, 120_000);

test('a call to the disk that fails, whichever it is, leaves a store that the next repair mends', async () => {
  const damaged = await damagedStore();
  const expected = salvageableState(damaged, saltsOf(damaged));
  for (let failing = 0; ; failing++) {
    const disk = damaged.copy(root);
    const fs = new FaultFileSystem(disk);
    fs.plan = call => (call.index === failing ? { error: 'EIO' } : undefined);
    const isDone = await repairDirectory(fs, root).then(
      () => true,
      () => false,
    );
    await repairDirectory(disk, root);
    expect(await openedState(disk), `call ${failing}`).toBe(expected);
    if (isDone && fs.calls.length <= failing) break;
  }
}, 60_000);
