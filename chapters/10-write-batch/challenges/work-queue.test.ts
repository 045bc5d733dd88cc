/** Challenge: a queue of jobs that loses none and gives none out twice, whatever throws. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { move, push, take } from '#sketch/work-queue.ts';

let directory = '';
let db: Database;

beforeEach(async () => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'challenge-work-queue-'));
  db = await Database.open(directory);
});

afterEach(async () => {
  await db.close();
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

test('jobs come out in the order in which they went in, a thousand of them, and after a reopen', async () => {
  for (let n = 0; n < 1000; n++) push(db, 'mail', `job ${n}`);
  for (let n = 0; n < 500; n++) expect(take(db, 'mail')).toBe(`job ${n}`);
  await db.close();
  db = await Database.open(directory);
  push(db, 'mail', 'late');
  for (let n = 500; n < 1000; n++) expect(take(db, 'mail')).toBe(`job ${n}`);
  expect([take(db, 'mail'), take(db, 'mail')]).toEqual(['late', undefined]);
});

test('two queues have nothing to do with each other, also when one name begins with the other', () => {
  push(db, 'mail', 'a');
  push(db, 'mail/bulk', 'b');
  push(db, 'mai', 'c');
  expect([take(db, 'mail'), take(db, 'mail'), take(db, 'mail/bulk'), take(db, 'mai')]).toEqual([
    'a',
    undefined,
    'b',
    'c',
  ]);
});

test('a job that is moved is in one of the two queues at all times, at the end of the new one', () => {
  push(db, 'new', 'first');
  push(db, 'new', 'second');
  push(db, 'failed', 'other');
  expect(move(db, 'new', 'failed')).toBe('first');
  expect([take(db, 'new'), move(db, 'new', 'failed')]).toEqual(['second', undefined]);
  expect([take(db, 'failed'), take(db, 'failed'), take(db, 'failed')]).toEqual(['other', 'first', undefined]);
});

test('what is taken in a transaction that throws is not taken', () => {
  push(db, 'mail', 'job');
  expect(() =>
    db.transaction(() => {
      expect(take(db, 'mail')).toBe('job');
      expect(take(db, 'mail')).toBeUndefined();
      throw new Error('the mail server is down');
    }),
  ).toThrow('down');
  expect(take(db, 'mail')).toBe('job');
});
