/**
 * Blocks that the disk has lost or put in the wrong place: zeroes, nothing, an old block, a block of another file, a valid
 * record where another should be. Opening says that it is damage, or ends the log there where that may be; what it then
 * holds is always a prefix of history, and no value is ever another key's or an older one.
 */
import { describe, expect, test } from 'vitest';
import type { CorruptionError } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { crashedStore, FIRST, recordOffsets, SECOND } from '../support/crashed-store.ts';
import { type SimulatedDisk, seeded } from '../support/fault-house/index.ts';

const BLOCK = 4096;
const KEYS = 40;
const valueFor = (i: number): string => `${i} ${'v'.repeat(300 + (i % 7))}`;

/** A store of two files, the first sealed where `sealed`; keys 0 to 39, each written once. */
function store(sealed: boolean): Promise<SimulatedDisk> {
  return crashedStore(
    async db => {
      for (let i = 0; i < KEYS; i++) db.put(`key ${i}`, valueFor(i));
      if (sealed) await db.sync();
    },
    { maxDataFileSize: 8000, merge: { auto: false } },
  );
}

/** What an opening finds: how many keys, 0 up to n; or where it says the damage is. */
async function found(left: SimulatedDisk, change: (disk: SimulatedDisk) => void): Promise<number | string> {
  const disk = left.copy(left.root);
  for (const name of disk.fileNames.filter(each => each.endsWith('.hint'))) disk.remove(`${disk.root}/${name}`);
  change(disk);
  try {
    const { indexes } = await recover(disk.root, resolveOptions({ fs: disk }));
    const entries = [...indexes.get(0)!.keydir.entries()];
    for (const { seq, key } of entries) expect(key).toBe(`key ${seq - 1}`); // No key has another's record.
    expect(entries.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(entries.map((_, i) => i + 1));
    return entries.length;
  } catch (error) {
    const { code, file, offset } = error as CorruptionError;
    expect(code).toBe('CORRUPT');
    return `${file}:${offset}`;
  }
}

/** Where the record begins that holds this byte of the file; 0 for the header. */
const recordAt = (offsets: readonly number[], at: number): number => offsets.findLast(offset => offset <= at) ?? 0;

const random = seeded(5);
/** The file with other bytes in the block at `at`. */
const withBlock = (bytes: Buffer, at: number, block: Buffer): Buffer =>
  bytes.fill(block, at, Math.min(at + BLOCK, bytes.length));

const BLOCKS: [string, (bytes: Buffer, at: number, other: Buffer) => Buffer][] = [
  ['zeroes', (bytes, at) => withBlock(bytes, at, Buffer.alloc(BLOCK))],
  ['garbage', (bytes, at) => withBlock(bytes, at, Buffer.from(Array.from({ length: 97 }, () => random(256))))],
  ['the first block again', (bytes, at) => withBlock(bytes, at, Buffer.from(bytes.subarray(0, BLOCK)))],
  ['a block of another file', (bytes, at, other) => withBlock(bytes, at, other.subarray(0, BLOCK))],
  [
    'missing, and all behind it moved up',
    (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + BLOCK)]),
  ],
];

describe.each(BLOCKS)('a block of 4 KiB that is %s', (_, change) => {
  test('in a sealed file is damage, at the first record that it touches', async () => {
    const left = await store(true);
    const offsets = recordOffsets(left, FIRST);
    const size = left.bytesOf(FIRST).length;
    for (let at = BLOCK; at < size; at += BLOCK) {
      const where = await found(left, disk =>
        disk.change(FIRST, bytes => change(bytes, at, left.bytesOf(SECOND)).subarray(0, size)),
      );
      expect(where).toBe(`${FIRST}:${recordAt(offsets, at)}`);
    }
  });

  test('in a file that was still growing, and never synced, ends the log there', async () => {
    const left = await store(false);
    const [first] = [recordOffsets(left, FIRST)];
    const size = left.bytesOf(FIRST).length;
    for (let at = BLOCK; at < size; at += BLOCK) {
      const where = await found(left, disk =>
        disk.change(FIRST, bytes => change(bytes, at, left.bytesOf(SECOND)).subarray(0, size)),
      );
      expect(where).toBe(first.indexOf(recordAt(first, at)));
    }
  });
});

test('a valid record in the place of another, of the same file or of another one, is not believed', async () => {
  const left = await store(true);
  const [first, second] = [recordOffsets(left, FIRST), recordOffsets(left, SECOND)];
  const [bytes, others] = [left.bytesOf(FIRST), left.bytesOf(SECOND)];
  const records = [
    ...first.slice(0, -1).map((start, i) => bytes.subarray(start, first[i + 1])),
    ...second.slice(0, -1).map((start, i) => others.subarray(start, second[i + 1])),
  ];
  let tried = 0;
  for (const [i, start] of first.slice(0, -1).entries()) {
    for (const record of records) {
      if (record.length !== first[i + 1]! - start || record.equals(records[i]!)) continue;
      const where = await found(left, disk =>
        disk.change(FIRST, all => Buffer.concat([all.subarray(0, start), record, all.subarray(start + record.length)])),
      );
      expect(where).toBe(`${FIRST}:${start}`);
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(50);
});

describe('what a crash has left lying about', () => {
  const LEFTOVERS = [
    'MANIFEST.tmp',
    '0000000009.data',
    '0000000009.merging',
    '0000000009.hint',
    'POISONED.tmp',
    '0000000001.hint.tmp',
  ];

  test('is no part of the store, empty or half written, and what is ours is gone after opening', async () => {
    const left = await store(true);
    for (const name of LEFTOVERS) {
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(10, 7), left.bytesOf(FIRST)]) {
        expect(await found(left, disk => disk.change(name, () => bytes))).toBe(KEYS);
      }
    }
    const disk = left.copy(left.root);
    for (const name of LEFTOVERS) disk.change(name, () => Buffer.alloc(3));
    await recover(disk.root, resolveOptions({ fs: disk }));
    expect(disk.fileNames.filter(name => /^0000000009/.test(name))).toEqual([]);
  });
});
