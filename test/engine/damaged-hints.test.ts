/**
 * Hints that are damaged, cut short, empty, stale, of another file, or there without their data file. A hint is only a way
 * to open faster: whatever is wrong with it, the store is what it is without it, and says so; and it never hides damage.
 */
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../engine/src/format/crc32.ts';
import type { CorruptionError } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { type Recovered, recover } from '../../engine/src/recovery/recovery.ts';
import { crashedStore, FIRST, SECOND } from '../support/crashed-store.ts';
import type { SimulatedDisk } from '../support/fault-house/index.ts';

const HINT = '0000000001.hint';
const OTHER_HINT = '0000000002.hint';

/** Two sealed files and their hints, with every kind of record in them. */
async function closedStore(): Promise<SimulatedDisk> {
  const disk = await crashedStore(
    async db => {
      db.put('a', '1');
      db.put('b', 'x'.repeat(50), { tag: 7, expiresAtMs: 9_000_000_000_000, orderKey: Buffer.alloc(8, 3) });
      db.delete('a');
      db.createSpace({ order: 'hash' }).put('x', 'y');
      db.batch().put('c', '3').put('d', '4').commit();
      db.expireAt('c', 8_000_000_000_000);
      db.deleteRange({ gte: 'd' });
      db.put('filler', 'x'.repeat(200));
      db.put('b2', 'in the second file');
      await db.sync();
    },
    { maxDataFileSize: 300, merge: { auto: false } },
  );
  await open(disk); // Seals the second file too, and writes what hints are missing.
  expect(disk.fileNames).toEqual(expect.arrayContaining([FIRST, SECOND, HINT, OTHER_HINT]));
  return disk;
}

const open = (disk: SimulatedDisk): Promise<Recovered> => recover(disk.root, resolveOptions({ fs: disk }));

/** All that recovery has found, as text. */
function stateOf({ indexes, manifest }: Recovered): string {
  const rows = [...indexes].flatMap(([id, index]) =>
    Array.from(index.keydir.entries(), entry => ({ id, ...entry, orderKey: entry.orderKey?.toString('hex') })),
  );
  rows.sort((a, b) => a.id - b.id || (a.key < b.key ? -1 : 1));
  return JSON.stringify([rows, manifest.syncedTo, manifest.maxSpaceId]);
}

/** What opening finds after this change; and which hints it could not use. */
async function opened(left: SimulatedDisk, change: (disk: SimulatedDisk) => void) {
  const disk = left.copy(left.root);
  change(disk);
  const found = await open(disk);
  return { state: stateOf(found), warnings: found.report.warnings, disk };
}

describe('a hint', () => {
  test('that is whole gives what the data file gives', async () => {
    const left = await closedStore();
    const withHints = await opened(left, () => {});
    const without = await opened(left, disk => {
      for (const name of [HINT, OTHER_HINT]) disk.remove(`${disk.root}/${name}`);
    });
    expect(withHints.state).toBe(without.state);
    expect([...withHints.warnings, ...without.warnings]).toEqual([]);
    expect(without.disk.bytesOf(HINT)).toEqual(left.bytesOf(HINT)); // It is written again, and is the same.
  });

  test('with any one bit flipped is not used, is said so, and is written anew', async () => {
    const left = await closedStore();
    const { state } = await opened(left, () => {});
    const bits = left.bytesOf(HINT).length * 8;
    for (let bit = 0; bit < bits; bit++) {
      const after = await opened(left, disk =>
        disk.change(HINT, bytes => {
          bytes[bit >> 3]! ^= 1 << (bit & 7);
          return bytes;
        }),
      );
      expect(after.state, `bit ${bit}`).toBe(state);
      expect(after.warnings).toEqual([expect.stringContaining(`${HINT} could not be used`)]);
      expect(after.disk.bytesOf(HINT)).toEqual(left.bytesOf(HINT));
    }
  });

  test('that is cut short at any byte, empty included, is not used', async () => {
    const left = await closedStore();
    const { state } = await opened(left, () => {});
    for (let size = 0; size < left.bytesOf(HINT).length; size++) {
      const after = await opened(left, disk => disk.change(HINT, bytes => bytes.subarray(0, size)));
      expect(after.state).toBe(state);
      expect(after.warnings).toHaveLength(1);
    }
  });

  test('of another file, or of another store, is not used', async () => {
    const [left, other] = [await closedStore(), await closedStore()];
    const { state } = await opened(left, () => {});
    for (const bytes of [left.bytesOf(OTHER_HINT), other.bytesOf(HINT)]) {
      const after = await opened(left, disk => disk.change(HINT, () => bytes));
      expect(after.state).toBe(state);
      expect(after.warnings).toHaveLength(1);
    }
  });

  test('that is whole and lies, about the size of its file, its count or its version, is not used', async () => {
    const left = await closedStore();
    const { state } = await opened(left, () => {});
    const lies: ((bytes: Buffer) => void)[] = [
      bytes => bytes.writeUInt32LE(bytes.readUInt32LE(20) - 1, 20), // The data file was shorter: a stale hint.
      bytes => bytes.writeUInt32LE(bytes.readUInt32LE(20) + 1, 20),
      bytes => bytes.writeUInt32LE(bytes.readUInt32LE(28) - 1, 28), // One record less, and one more.
      bytes => bytes.writeUInt32LE(bytes.readUInt32LE(28) + 1, 28),
      bytes => bytes.writeUInt16LE(99, 10), // For a newer reader.
    ];
    for (const lie of lies) {
      const after = await opened(left, disk =>
        disk.change(HINT, bytes => {
          lie(bytes);
          bytes.writeUInt32LE(crc32(bytes, 0, bytes.length - 4), bytes.length - 4);
          return bytes;
        }),
      );
      expect(after.state).toBe(state);
      expect(after.warnings).toHaveLength(1);
    }
  });
});

describe('a hint does not hide', () => {
  /** Where the damage is. */
  const damage = async (left: SimulatedDisk, change: (disk: SimulatedDisk) => void) => {
    const error = await opened(left, change).catch(caught => caught as CorruptionError);
    const { code, file } = error as CorruptionError;
    return { code, file };
  };

  test('that its data file is missing', async () => {
    const left = await closedStore();
    const found = await damage(left, disk => disk.remove(`${disk.root}/${FIRST}`));
    expect(found).toEqual({ code: 'CORRUPT', file: FIRST });
  });

  test('that its data file is too short, at any byte', async () => {
    const left = await closedStore();
    for (let size = 0; size < left.bytesOf(FIRST).length; size += 7) {
      const found = await damage(left, disk => disk.change(FIRST, bytes => bytes.subarray(0, size)));
      expect(found, `${size} bytes`).toEqual({ code: 'CORRUPT', file: FIRST });
    }
  });

  test('that its data file is another one', async () => {
    const left = await closedStore();
    const found = await damage(left, disk => disk.change(FIRST, () => left.bytesOf(SECOND)));
    expect(found).toEqual({ code: 'CORRUPT', file: FIRST });
  });
});
