/** Challenge: the different beginnings of all keys, without a look at all keys. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { groups } from '#sketch/groups.ts';

let directory = '';
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'groups-'));
  db = await Database.open(directory, { durability: 'memory' });
});
afterEach(async () => {
  await db.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The database, which counts the items that its cursors give. */
function counted(): { db: Database; given: () => number } {
  let given = 0;
  const watched = new Proxy(db, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const result = member.apply(target, args) as { next?: () => { done: boolean } };
        const next = result?.next;
        if (typeof next === 'function') {
          result.next = () => {
            const item = next.call(result);
            if (!item.done) given++;
            return item;
          };
        }
        return result;
      };
    },
  });
  return { db: watched, given: () => given };
}

describe('Skip scan', () => {
  test('each beginning stands once, in order', () => {
    for (const key of ['user:1', 'order:1', 'order:2', 'user:2', 'city:berlin', 'order:10']) db.put(key, '');
    expect(groups(db, ':')).toEqual(['city', 'order', 'user']);
  });

  test('keys without the separator are groups of their own, and one beginning may begin with another', () => {
    for (const key of ['a', 'a:1', 'ab:1', 'ab', 'a;', 'b']) db.put(key, '');
    expect(groups(db, ':')).toEqual(['a', 'a;', 'ab', 'b']);
  });

  test('an empty database has none, and the empty beginning is one', () => {
    expect(groups(db, ':')).toEqual([]);
    db.put(':x', '');
    db.put('', '');
    expect(groups(db, ':')).toEqual(['']);
  });

  test('ten thousand orders are passed over in one step', () => {
    for (let n = 0; n < 10_000; n++) db.put(`order:${n}`, '');
    for (let n = 0; n < 100; n++) db.put(`user${n}:name`, '');
    const watched = counted();
    expect(groups(watched.db, ':').length).toBe(101);
    expect(watched.given(), 'keys given').toBeLessThan(500);
  });
});
