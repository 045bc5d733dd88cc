import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeDirectory } from '../../../engine/src/disk/make-directory.ts';
import { Database } from '../../../engine/src/index.ts';
import { diskError, SimulatedDisk } from '../../support/fault-house/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const LOST = { bytes: 'lost', names: 'lost' } as const;

describe('a directory that is made', () => {
  test('with the directories above it outlives a power cut', () => {
    const disk = new SimulatedDisk('/place');
    makeDirectory(disk, '/place/a/b/c');
    const after = disk.cutPower(LOST, '/place');
    expect(after.list('/place/a/b')).toEqual(['c']);
  });

  test('where the directory above may not be read is made all the same', () => {
    const disk = new SimulatedDisk('/place');
    disk.syncDirectory = () => {
      throw diskError('EACCES');
    };
    disk.list = () => {
      throw diskError('EACCES');
    };
    makeDirectory(disk, '/place/a');
    expect([...disk.snapshot.names.keys()]).toEqual(['a']);
  });

  test('and whose name cannot be synced is an error', () => {
    const disk = new SimulatedDisk('/place');
    disk.syncDirectory = () => {
      throw diskError('EIO');
    };
    expect(() => makeDirectory(disk, '/place/a')).toThrow('EIO');
  });
});

test('a database in a directory that opening has made is there after a power cut, with what was put at level disk', async () => {
  const place = temporaryDirectory('place');
  const directory = join(place, 'new/store');
  mkdirSync(directory, { recursive: true }); // For the lock, which is real.
  const disk = new SimulatedDisk(place);
  const db = await Database.open(directory, { fs: disk, durability: 'disk' });
  db.put('a', '1');
  const after = disk.cutPower(LOST, place);
  await db.close();
  const again = await Database.open(directory, { fs: after });
  expect(String(again.get('a'))).toBe('1');
  await again.close();
});
