/** Challenge: several cursors as one sequence in order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { merged } from '#sketch/merged.ts';

let directory = '';
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'merged-'));
  db = await Database.open(directory, { durability: 'memory' });
});
afterEach(async () => {
  await db.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A cursor over these keys that knows whether somebody still holds it. */
class Fake {
  readonly #keys: Buffer[];
  isLeft = false;
  steps = 0;

  constructor(keys: readonly (string | Buffer)[]) {
    this.#keys = keys.map(key => Buffer.from(key));
  }

  next(): IteratorResult<Buffer, undefined> {
    this.steps++;
    const value = this.#keys.shift();
    if (value !== undefined) return { done: false, value };
    return this.return();
  }

  return(): IteratorResult<Buffer, undefined> {
    this.isLeft = true;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

describe('Several as one', () => {
  test('the keys of all come in the order of their bytes, each once', () => {
    const cursors = [new Fake(['a', 'c', 'e', 'é']), new Fake(['b', 'c', 'f', 'z']), new Fake([]), new Fake(['c'])];
    expect(Array.from(merged(cursors), String)).toEqual(['a', 'b', 'c', 'e', 'f', 'z', 'é']);
    expect(cursors.every(cursor => cursor.isLeft)).toBe(true);
  });

  test('bytes are compared as bytes, and the empty key is a key', () => {
    const cursors = [new Fake(['', Buffer.of(0xff)]), new Fake([Buffer.of(0x7f), Buffer.of(0x80)])];
    expect(Array.from(merged(cursors), key => key.toString('hex'))).toEqual(['', '7f', '80', 'ff']);
  });

  test('no more is asked for than is needed', () => {
    const cursors = [new Fake(['a', 'c', 'e']), new Fake(['b', 'd', 'f'])];
    const keys = merged(cursors)[Symbol.iterator]();
    expect(String(keys.next().value)).toBe('a');
    expect(cursors.reduce((sum, cursor) => sum + cursor.steps, 0)).toBeLessThanOrEqual(3);
  });

  test('whoever leaves it half-way lets go of every cursor', () => {
    const cursors = [new Fake(['a', 'c']), new Fake(['b', 'd']), new Fake(['x'])];
    for (const key of merged(cursors)) if (String(key) === 'b') break;
    expect(cursors.map(cursor => cursor.isLeft)).toEqual([true, true, true]);
  });

  test('cursors of a database are such cursors', () => {
    for (const key of ['a:1', 'b:1', 'c:1', 'b:2']) db.put(key, '');
    const cursors = [db.keys({ prefix: 'c' }), db.keys({ prefix: 'a' }), db.keys({ lt: 'c' })];
    expect(Array.from(merged(cursors), String)).toEqual(['a:1', 'b:1', 'b:2', 'c:1']);
  });
});
