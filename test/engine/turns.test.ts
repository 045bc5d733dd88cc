import { describe, expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const full = expect.objectContaining({ code: 'DISK_FULL' });
const poisoned = expect.objectContaining({ code: 'POISONED' });
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

async function openTurns(options: object = {}): Promise<{ db: Database; fs: FaultFileSystem }> {
  const fs = new FaultFileSystem();
  const db = await Database.open(temporaryDirectory(), { fs, commit: 'turn', ...options });
  db.put('first', 'v');
  db.commitTurn();
  return { db, fs };
}

async function keysAfterReopen(db: Database): Promise<string[]> {
  await db.close();
  const again = await Database.open(db.directory);
  const keys = Array.from(again.keys(), String);
  await again.close();
  return keys;
}

describe('a turn', () => {
  test('takes effect at once and is appended by commitTurn, in one write', async () => {
    const { db, fs } = await openTurns();
    const before = fs.calls.length;
    for (let i = 0; i < 10; i++) db.put(`k${i}`, `v${i}`);
    db.delete('k0');
    expect(fs.calls.length).toBe(before);
    expect(db.has('k0')).toBe(false);
    expect(String(db.get('k9'))).toBe('v9');
    expect(db.isDurable(db.position)).toBe(false);
    db.commitTurn();
    expect(fs.calls.slice(before).map(call => call.operation)).toEqual(['write']);
    expect(db.isDurable(db.position)).toBe(true);
    db.commitTurn();
    expect(fs.calls.length).toBe(before + 1);
    expect(String(db.get('k9'))).toBe('v9');
    await db.close();
  });

  test('that nobody ends is appended at the end of the turn of the event loop', async () => {
    const { db } = await openTurns();
    db.put('k', 'v');
    await turn();
    expect(db.isDurable(db.position)).toBe(true);
    expect(await keysAfterReopen(db)).toEqual(['first', 'k']);
  });

  test('may hold changes of several spaces, made and dropped in it', async () => {
    const { db } = await openTurns();
    const kept = db.createSpace({ order: 'hash' });
    const dropped = db.createSpace({ order: 'hash' });
    kept.put('k', 'v');
    dropped.put('k', 'v');
    db.dropSpace(dropped.id);
    await db.close();
    const again = await Database.open(db.directory);
    expect(again.spaces().map(({ id, size }) => ({ id, size }))).toEqual([
      { id: 0, size: 1 },
      { id: kept.id, size: 1 },
    ]);
    await again.close();
  });

  test('may be larger than the buffer and the cache', async () => {
    const { db } = await openTurns();
    for (let i = 0; i < 100; i++) db.put(`k${i}`, Buffer.alloc(100_000, i));
    for (let i = 0; i < 100; i++) expect(db.get(`k${i}`)!.equals(Buffer.alloc(100_000, i))).toBe(true);
    db.commitTurn();
    for (let i = 0; i < 100; i++) expect(db.get(`k${i}`)!.equals(Buffer.alloc(100_000, i))).toBe(true);
    expect((await keysAfterReopen(db)).length).toBe(101);
  });

  test('holds what write() was given, which resolves at its level', async () => {
    const { db, fs } = await openTurns();
    const before = fs.calls.length;
    const write = db.write([{ type: 'put', key: 'w', value: 'v' }], { durability: 'disk' });
    const batch = db.batch().put('b', 'v').commit();
    expect(db.has('w') && db.has('b')).toBe(true);
    await write;
    expect(fs.calls.slice(before).map(call => call.operation)).toEqual(['write', 'syncDataLater']);
    expect(db.isDurable(batch)).toBe(true);
    await db.close();
  });
});

describe('durable(position)', () => {
  test('at os resolves when the turn has been appended', async () => {
    const { db } = await openTurns();
    const position = db.put('k', 'v');
    const durable = db.durable(position);
    db.commitTurn();
    await durable;
    await db.durable(position);
    await db.close();
  });

  test('at disk resolves after a sync that began after the append', async () => {
    const { db, fs } = await openTurns({ durability: 'disk' });
    await db.durable(db.position);
    const before = fs.calls.length;
    const position = db.put('k', 'v');
    expect(db.isDurable(position)).toBe(false);
    db.commitTurn();
    expect(db.isDurable(position)).toBe(false);
    await db.durable(position);
    expect(db.isDurable(position)).toBe(true);
    expect(fs.calls.slice(before).map(call => call.operation)).toEqual(['write', 'syncDataLater']);
    await db.close();
  });

  test('at memory is always so', async () => {
    const { db } = await openTurns({ durability: 'memory' });
    expect(db.isDurable(db.put('k', 'v'))).toBe(true);
    await db.durable(db.position);
    await db.close();
  });

  test('follows the level, which may change while the database runs', async () => {
    const { db, fs } = await openTurns();
    const position = db.put('k', 'v');
    db.commitTurn();
    expect(db.isDurable(position)).toBe(true);
    db.durability = 'disk';
    expect(db.isDurable(position)).toBe(false);
    await db.durable(position);
    expect(fs.calls.at(-1)!.operation).toBe('syncDataLater');
    db.durability = 'os';
    db.put('k', '2');
    db.commitTurn();
    expect(db.isDurable(db.position)).toBe(true);
    expect(() => (db.durability = 'safe' as 'disk')).toThrow(/durability must be/);
    await db.close();
  });
});

describe('when the disk is full', () => {
  test('a turn stays in effect and pending, new changes are refused, and all goes on when there is space', async () => {
    const { db, fs } = await openTurns();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 10 } : undefined);
    const position = db.put('a', '1');
    db.put('b', '2');
    db.commitTurn();
    let isDurable = false;
    const durable = db.durable(position).then(() => (isDurable = true));
    expect(String(db.get('b'))).toBe('2');
    expect(() => db.put('c', '3')).toThrow(full);
    expect(() => db.delete('a')).toThrow(full);
    await expect(db.sync()).rejects.toThrow(full);
    await turn();
    expect(isDurable).toBe(false);
    expect(db.has('c')).toBe(false);

    fs.plan = () => undefined;
    await durable; // The engine tries again by itself.
    db.put('c', '3');
    expect(await keysAfterReopen(db)).toEqual(['a', 'b', 'c', 'first']);
  });

  test('a change that comes when there is space again is made at once', async () => {
    const { db, fs } = await openTurns();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    db.put('a', '1');
    db.commitTurn();
    expect(() => db.put('b', '2')).toThrow(full);
    fs.plan = () => undefined;
    db.put('b', '2');
    expect(await keysAfterReopen(db)).toEqual(['a', 'b', 'first']);
  });

  test('closing says that the pending turn is lost, and it is', async () => {
    const { db, fs } = await openTurns();
    fs.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    const position = db.put('a', '1');
    db.commitTurn();
    const durable = db.durable(position);
    const rejected = expect(durable).rejects.toThrow(full);
    await expect(db.close()).rejects.toThrow(full);
    await rejected;
    fs.plan = () => undefined;
    const again = await Database.open(db.directory);
    expect(Array.from(again.keys(), String)).toEqual(['first']);
    await again.close();
  });
});

describe('when a sync fails', () => {
  test('the store is poisoned: waiters are rejected, writes refused, reads go on', async () => {
    const { db, fs } = await openTurns({ durability: 'disk' });
    await db.durable(db.position);
    fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    const position = db.put('a', '1');
    db.commitTurn();
    await expect(db.durable(position)).rejects.toThrow(poisoned);
    fs.plan = () => undefined;
    expect(String(db.get('a'))).toBe('1');
    expect(() => db.put('b', '2')).toThrow(poisoned);
    await expect(db.durable(position)).rejects.toThrow(poisoned);
    await expect(db.sync()).rejects.toThrow(poisoned);
    db.commitTurn();
    await db.close();
  });
});
