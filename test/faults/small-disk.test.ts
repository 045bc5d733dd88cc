/**
 * A disk that is really full: a small tmpfs is filled by a store until nothing more goes in, room is made, and the store
 * goes on. Where this process may not mount one, the tests are skipped, and say so.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Database, type Durability } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { count } from './counts.ts';

const place = temporaryDirectory('small-disk');
const mount = (): boolean => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]).status === 0;
const CAN_MOUNT = process.platform === 'linux' && mount();

afterAll(() => {
  if (CAN_MOUNT) spawnSync('umount', ['-l', place]);
});

const full = expect.objectContaining({ code: 'DISK_FULL' });
const LEVELS: Durability[] = ['memory', 'os', 'disk', { intervalMs: 5 }];

describe.skipIf(!CAN_MOUNT)('a disk of one megabyte (skipped where none can be mounted)', () => {
  afterEach(() => {
    for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  });

  test.each(LEVELS)('at level %j: full, then not, with all that was accepted', async level => {
    const directory = join(place, 'store');
    const ballast = join(place, 'ballast');
    writeFileSync(ballast, Buffer.alloc(200_000));
    writeFileSync(`${ballast} 2`, Buffer.alloc(150_000));
    let db = await Database.open(directory, { durability: level, maxDataFileSize: 50_000 });
    const accepted = new Map<string, string>();
    const put = (i: number): void => {
      const value = `${i} ${'x'.repeat((i * 37) % 3000)}`;
      db.put(`key ${i}`, value);
      accepted.set(`key ${i}`, value);
    };
    const putUntilFull = async (from: number): Promise<number> => {
      for (let i = from; ; i++) {
        try {
          put(i);
          if (level === 'memory' && i % 10 === 0) await new Promise(setImmediate);
        } catch (error) {
          expect(error).toEqual(full);
          return i;
        }
      }
    };
    const first = await putUntilFull(0);
    expect(first).toBeGreaterThan(100);
    expect(db.has(`key ${first}`)).toBe(false);
    for (const [key, value] of accepted) expect(String(db.get(key))).toBe(value);
    rmSync(ballast); // Now there is room.
    const second = await putUntilFull(first);
    expect(second).toBeGreaterThan(first);
    count('changes refused for want of room, then accepted', 1);
    // What level 'memory' has accepted may still be pending: there is no room for it, and closing says so.
    const closed = await db.close().then(
      () => true,
      error => {
        expect(error).toEqual(full);
        return false;
      },
    );
    rmSync(`${ballast} 2`); // Opening may need a little room too: for hints and a manifest.
    db = await Database.open(directory);
    const keys = Array.from(db.keys(), String);
    for (const key of keys) expect(String(db.get(key))).toBe(accepted.get(key));
    if (closed) expect(keys).toHaveLength(accepted.size);
    expect(keys.length).toBeGreaterThan(first);
    db.put('again', 'there is room');
    await db.close();
  });
});
