/** Challenge: people by id and by city, and the two never disagree, though the disk runs full at any write. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { nodeFileSystem } from '#engine/disk/file-system.ts';
import { inCity, personOf, remove, save } from '#sketch/people.ts';

let directory = '';
let db: Database;
let isFull = false;

const fs = {
  ...nodeFileSystem,
  open: (...args: Parameters<typeof nodeFileSystem.open>) => {
    const file = nodeFileSystem.open(...args);
    const write = file.write.bind(file);
    file.write = (...bytes) => {
      if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      return write(...bytes);
    };
    return file;
  },
};

beforeEach(async () => {
  isFull = false;
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'challenge-secondary-index-'));
  db = await Database.open(directory, { fs });
});

afterEach(async () => {
  isFull = false;
  await db.close();
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

test('a person is found by id and by city, and in no city that he has left', () => {
  save(db, 'ada', { name: 'Ada', city: 'London' });
  save(db, 'bob', { name: 'Bob', city: 'London' });
  save(db, 'eve', { name: 'Eve', city: 'Lon' });
  expect(personOf(db, 'ada')).toEqual({ name: 'Ada', city: 'London' });
  expect(inCity(db, 'London')).toEqual(['ada', 'bob']);
  save(db, 'ada', { name: 'Ada', city: 'Paris' });
  expect([inCity(db, 'London'), inCity(db, 'Paris'), inCity(db, 'Lon')]).toEqual([['bob'], ['ada'], ['eve']]);
  expect([remove(db, 'bob'), remove(db, 'bob')]).toEqual([true, false]);
  expect([inCity(db, 'London'), personOf(db, 'bob')]).toEqual([[], undefined]);
});

test('a city of any characters is no other city', () => {
  save(db, 'a', { name: 'A', city: 'x/y' });
  save(db, 'b', { name: 'B', city: 'x' });
  expect([inCity(db, 'x'), inCity(db, 'x/y')]).toEqual([['b'], ['a']]);
});

test('what throws has changed neither, now and after a reopen', async () => {
  const cities = ['London', 'Paris', 'Rome'];
  for (let n = 0; n < 120; n++) {
    isFull = n % 3 === 0;
    const id = `p${n % 7}`;
    try {
      if (n % 5 === 4) remove(db, id);
      else save(db, id, { name: id, city: cities[n % cities.length]! });
    } catch (error) {
      expect(error).toMatchObject({ code: 'DISK_FULL' });
    }
    check();
  }
  isFull = false;
  await db.close();
  db = await Database.open(directory, { fs });
  check();

  function check(): void {
    const found = cities.flatMap(city => inCity(db, city).map(id => `${id} ${city}`));
    const ids = Array.from({ length: 7 }, (_, n) => `p${n}`).filter(id => personOf(db, id) !== undefined);
    expect(found.sort()).toEqual(ids.map(id => `${id} ${personOf(db, id)!.city}`).sort());
  }
});
