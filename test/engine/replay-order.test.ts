/**
 * The outcome of recovery does not depend on the order in which records are read: merge writes old records into new files,
 * so a value may come after its tombstone, a change of expiry before its value, a key before its space.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileId } from '../../engine/src/disk/file-names.ts';
import { decodeManifest, encodeManifest, MANIFEST_NAME } from '../../engine/src/disk/manifest.ts';
import {
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_RANGE_DELETE,
  KIND_SPACE_CREATE,
  KIND_SPACE_DROP,
  KIND_TOMBSTONE,
} from '../../engine/src/format/record.ts';
import { writeVarint } from '../../engine/src/format/varint.ts';
import { Database } from '../../engine/src/index.ts';
import type { KeyIndex } from '../../engine/src/keydir/key-index.ts';
import type { KeyString } from '../../engine/src/keydir/keydir.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { type Change, Replay } from '../../engine/src/recovery/replay.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SEED: readonly [number, number] = [1, 2];

/** One step of a history, as chosen at random; what makes no sense when its turn comes is left out. */
interface Step {
  readonly do: 'put' | 'delete' | 'expire' | 'deleteRange' | 'create' | 'drop';
  readonly space: number;
  readonly key: string;
  readonly to: string;
}

const key = fc.constantFrom('', 'a', 'b', 'b\0', 'c', '\u00ff');
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constant('put' as const) },
    {
      weight: 5,
      arbitrary: fc.constantFrom('delete' as const, 'expire' as const, 'deleteRange' as const, 'create' as const),
    },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
  ),
  space: fc.nat(2),
  key,
  to: fc.oneof(key, fc.constant('(end)')),
});

/** What a history leads to, and the records it writes. */
class History {
  readonly changes: Change[] = [];
  /** Space, then key: the seq of its value, of its newest change, and its expiry. */
  readonly spaces = new Map<number, Map<string, readonly [valueSeq: number, seq: number, expiresAtMs: number]>>([
    [0, new Map()],
  ]);
  #made = 0;

  constructor(steps: readonly Step[]) {
    for (const step of steps) this.#take(step);
  }

  #take(step: Step): void {
    const seq = this.changes.length + 1;
    if (step.do === 'create') {
      this.spaces.set(++this.#made, new Map());
      this.#record(KIND_SPACE_CREATE, this.#made, '', Buffer.of(1));
      return;
    }
    const keys = this.spaces.get(step.space);
    const old = keys?.get(step.key);
    if (keys === undefined || (step.do === 'drop' && step.space === 0)) return;
    if (step.do === 'put') {
      keys.set(step.key, [seq, seq, 0]);
      this.#record(KIND_PUT, step.space, step.key);
    } else if (step.do === 'delete' && old !== undefined) {
      keys.delete(step.key);
      this.#record(KIND_TOMBSTONE, step.space, step.key);
    } else if (step.do === 'expire' && old !== undefined) {
      keys.set(step.key, [old[0], seq, 1000 + seq]);
      const distance = Buffer.alloc(8);
      const value = distance.subarray(0, writeVarint(distance, 0, seq - old[0]));
      this.#record(KIND_EXPIRY_PATCH, step.space, step.key, value, 1000 + seq);
    } else if (step.do === 'deleteRange' && step.key < step.to) {
      const isIn = (k: string) => k >= step.key && (step.to === '(end)' || k < step.to);
      for (const k of [...keys.keys()].filter(isIn)) keys.delete(k);
      this.#record(KIND_RANGE_DELETE, step.space, step.key, Buffer.from(step.to === '(end)' ? '' : step.to, 'latin1'));
    } else if (step.do === 'drop') {
      this.spaces.delete(step.space);
      this.#record(KIND_SPACE_DROP, step.space, '');
    }
  }

  #record(kind: number, space: number, name: string, value: Buffer = Buffer.alloc(0), expiresAtMs = 0): void {
    const seq = this.changes.length + 1;
    const place = { fileId: 1 as FileId, recordOffset: 32 * seq, recordSize: 32, valueSize: 0, valueSeq: seq };
    const entry = { key: name as KeyString, seq, tag: 0, expiresAtMs, orderKey: undefined, ...place };
    this.changes.push({ kind, space, entry, value });
  }

  get state(): string[] {
    return Array.from(this.spaces, ([id, keys]) =>
      Array.from(keys, ([k, versions]) => `${id}/${k} ${versions.join(' ')}`),
    )
      .flat()
      .sort();
  }
}

const stateOf = (indexes: ReadonlyMap<number, KeyIndex>): string[] =>
  Array.from(indexes, ([id, index]) =>
    Array.from(index.keydir.entries(), e => `${id}/${e.key} ${e.valueSeq} ${e.seq} ${e.expiresAtMs}`),
  )
    .flat()
    .sort();

function replayed(changes: readonly Change[]): ReadonlyMap<number, KeyIndex> {
  const replay = new Replay();
  for (const change of changes) replay.apply(change);
  return replay.finish(SEED);
}

describe('records in any order', () => {
  test('lead to the state that they led to when they were made', () => {
    const histories = fc
      .array(step, { minLength: 1, maxLength: 40 })
      .map(steps => new History(steps))
      .chain(history =>
        fc.tuple(fc.constant(history), fc.shuffledSubarray(history.changes, { minLength: history.changes.length })),
      );
    fc.assert(
      fc.property(histories, ([history, shuffled]) => {
        const indexes = replayed(shuffled);
        expect(stateOf(indexes)).toEqual(history.state);
        expect([...indexes.keys()]).toEqual([...history.spaces.keys()]);
      }),
      { numRuns: 2000 },
    );
  });

  test('a tombstone that is read first keeps an older value out, and no newer one', () => {
    const { changes } = new History(
      ['put', 'delete', 'put'].map(name => ({ do: name as 'put', space: 0, key: 'a', to: '' })),
    );
    expect(stateOf(replayed([changes[1]!, changes[0]!]))).toEqual([]);
    expect(stateOf(replayed([changes[1]!, changes[2]!, changes[0]!]))).toEqual(['0/a 3 3 0']);
  });

  test('a change of expiry holds for its own value only, wherever that is read', () => {
    const { changes } = new History(
      ['put', 'expire', 'put'].map(name => ({ do: name as 'put', space: 0, key: 'a', to: '' })),
    );
    expect(stateOf(replayed([changes[1]!, changes[0]!]))).toEqual(['0/a 1 2 1002']);
    expect(stateOf(replayed([changes[1]!, changes[2]!, changes[0]!]))).toEqual(['0/a 3 3 0']);
    expect(stateOf(replayed([changes[1]!]))).toEqual([]);
  });

  test('keys of a space that nothing has made are damage, and the first of them is named', () => {
    const { changes } = new History([
      { do: 'create', space: 0, key: '', to: '' },
      { do: 'put', space: 1, key: 'a', to: '' },
    ]);
    expect(() => replayed(changes.slice(1))).toThrow(
      expect.objectContaining({ code: 'CORRUPT', file: '0000000001.data', offset: 64 }),
    );
  });
});

describe('sealed files in any order', () => {
  /** A closed store of many small files, with something of everything in them. */
  async function smallFiles(root: string): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk(root);
    const db = await Database.open(root, { fs: disk, maxDataFileSize: 60 });
    for (let i = 0; i < 6; i++) db.put(`k${i}`, `value ${i}`);
    db.delete('k0');
    db.expireAt('k1', 9_000_000_000_000);
    db.createSpace({ order: 'hash' });
    db.space(1)!.put('in space', '1');
    db.createSpace({ order: 'key' });
    db.space(2)!.put('in a space that goes', '1');
    db.dropSpace(2);
    db.batch().put('k2', 'again').delete('k3').put('k9', 'new').commit();
    db.put('k0', 'back');
    await db.close();
    return disk;
  }

  test('a store opens the same in whatever order its manifest lists them', async () => {
    const root = temporaryDirectory('replay-order');
    const disk = await smallFiles(root);
    const read = async (fs: SimulatedDisk) => stateOf((await recover(root, resolveOptions({ fs }))).indexes);
    const expected = await read(disk.copy(root));
    expect(expected).toHaveLength(7);
    const manifest = decodeManifest(disk.bytesOf(MANIFEST_NAME))!;
    expect(manifest.files.length).toBeGreaterThanOrEqual(8);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(manifest.files, { minLength: manifest.files.length }), async files => {
        const copy = disk.copy(root);
        copy.change(MANIFEST_NAME, () => encodeManifest({ ...manifest, files }));
        expect(await read(copy)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});
