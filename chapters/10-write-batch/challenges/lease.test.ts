/** Challenge: a lease that one holder has at a time, by conditional writes alone. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Database } from '#engine/database.ts';
import { acquire, holderOf, release, renew } from '#sketch/lease.ts';

let directory = '';
let db: Database;

beforeEach(async () => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'challenge-lease-'));
  db = await Database.open(directory);
});

afterEach(async () => {
  await db.close();
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

test('one holder at a time, until it is over or given back', () => {
  const token = acquire(db, 'leader', 'ada', 1000, 50);
  expect(token).toBeTypeOf('number');
  expect(acquire(db, 'leader', 'bob', 1049, 50)).toBeUndefined();
  expect(holderOf(db, 'leader', 1049)).toBe('ada');
  expect(holderOf(db, 'leader', 1050)).toBeUndefined();
  const next = acquire(db, 'leader', 'bob', 1050, 50)!;
  expect(next).toBeGreaterThan(token!);
  expect(release(db, 'leader', token!)).toBe(false);
  expect(holderOf(db, 'leader', 1051)).toBe('bob');
  expect([release(db, 'leader', next), release(db, 'leader', next)]).toEqual([true, false]);
  expect(acquire(db, 'leader', 'ada', 1052, 50)).toBeGreaterThan(next);
});

test('who renews holds on, with a new token, and who has lost it cannot renew', () => {
  const token = acquire(db, 'leader', 'ada', 1000, 50)!;
  const renewed = renew(db, 'leader', token, 1040, 50)!;
  expect(renewed).toBeGreaterThan(token);
  expect(holderOf(db, 'leader', 1089)).toBe('ada');
  expect(renew(db, 'leader', token, 1050, 50)).toBeUndefined();
  acquire(db, 'leader', 'bob', 1090, 50);
  expect(renew(db, 'leader', renewed, 1091, 50)).toBeUndefined();
  expect(holderOf(db, 'leader', 1091)).toBe('bob');
});

test('somebody who comes between the look and the write is noticed', () => {
  acquire(db, 'leader', 'ada', 1000, 50);
  const put = db.put.bind(db);
  vi.spyOn(db, 'put').mockImplementationOnce((...args) => {
    put('unrelated', 'x');
    db.delete(Array.from(db.keys()).find(key => String(key).includes('leader'))!);
    expect(acquire(db, 'leader', 'eve', 1060, 50)).toBeTypeOf('number');
    return put(...args);
  });
  expect(acquire(db, 'leader', 'bob', 1060, 50)).toBeUndefined();
  expect(holderOf(db, 'leader', 1061)).toBe('eve');
});

test('an error of the disk is no sign that somebody else has it', async () => {
  await db.close();
  expect(() => acquire(db, 'leader', 'ada', 1000, 50)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
});
