/** Live and dead bytes, counted as changes are made, agree with a count of everything. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileId } from '../../../engine/src/disk/file-names.ts';
import { FILE_HEADER_SIZE } from '../../../engine/src/format/file-header.ts';
import { Database } from '../../../engine/src/index.ts';
import type { KeyIndex } from '../../../engine/src/keydir/key-index.ts';
import { resolveOptions } from '../../../engine/src/options.ts';
import { recover } from '../../../engine/src/recovery/recovery.ts';
import { SimulatedDisk } from '../../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function recount(indexes: ReadonlyMap<number, KeyIndex>): Map<FileId, number> {
  const live = new Map<FileId, number>();
  for (const { keydir } of indexes.values()) {
    for (const { fileId, recordSize } of keydir.entries()) live.set(fileId, (live.get(fileId) ?? 0) + recordSize);
  }
  return live;
}

type Step = readonly [
  what: 'put' | 'delete' | 'expire' | 'batch' | 'create' | 'drop' | 'reopen' | 'wait',
  key: string,
  space: number,
];

const steps = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant('put' as const) },
      { weight: 4, arbitrary: fc.constantFrom('delete' as const, 'expire' as const, 'batch' as const) },
      {
        weight: 2,
        arbitrary: fc.constantFrom('create' as const, 'drop' as const, 'reopen' as const, 'wait' as const),
      },
    ),
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.nat(2),
  ),
  { minLength: 10, maxLength: 60 },
);

describe('file usage', () => {
  test('whatever is changed, stats agree with a full recount, before and after reopening', async () => {
    const root = temporaryDirectory('usage');
    const run = async (history: readonly Step[]): Promise<void> => {
      const fs = new SimulatedDisk(root);
      let now = 1_000_000;
      const options = { fs, maxDataFileSize: 150, now: () => now };
      let db = await Database.open(root, options);
      for (const [what, key, id] of history) {
        const space = db.space(id);
        if (what === 'reopen') {
          await db.close();
          db = await Database.open(root, options);
        } else if (what === 'wait') now += 10;
        else if (what === 'create') db.createSpace({ order: 'hash' });
        else if (space === undefined) continue;
        else if (what === 'put') space.put(key, `${key} of ${now}`, { expiresAtMs: now + 15 });
        else if (what === 'delete') space.delete(key);
        else if (what === 'expire') space.expireAt(key, undefined);
        else if (what === 'batch')
          db.batch()
            .put(key, 'in a batch', { space: id })
            .delete('a', { space: id })
            .put('d', '', { space: id })
            .commit();
        else if (id !== 0) db.dropSpace(id);
      }
      const { liveBytes, deadBytes, dataBytes, dataFiles } = db.stats;
      await db.close();
      const { indexes, manifest } = await recover(root, resolveOptions({ fs }));
      const counted = recount(indexes);
      expect([...counted.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(liveBytes);
      expect(liveBytes + deadBytes + dataFiles * FILE_HEADER_SIZE).toBe(dataBytes);
      for (const { id } of manifest.files) {
        const live = Array.from(indexes.values(), index => index.usage.liveBytes(id)).reduce((sum, n) => sum + n, 0);
        expect(live).toBe(counted.get(id) ?? 0);
      }
    };
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: 60 });
  });

  test('what is overwritten, deleted or dropped is dead at once', async () => {
    const db = await Database.open(temporaryDirectory());
    db.put('a', 'x'.repeat(1000));
    expect(db.stats).toMatchObject({ deadBytes: 0 });
    const one = db.stats.liveBytes;
    db.put('a', 'y');
    expect(db.stats.deadBytes).toBe(one);
    expect(db.stats.liveBytes).toBeLessThan(30);
    db.delete('a');
    expect(db.stats.liveBytes).toBe(0);
    const space = db.createSpace({ order: 'hash' });
    for (let i = 0; i < 50; i++) space.put(`k${i}`, 'v');
    expect(db.stats.liveBytes).toBeGreaterThan(500);
    db.dropSpace(space.id);
    expect(db.stats.liveBytes).toBe(0);
    await db.close();
  });
});
