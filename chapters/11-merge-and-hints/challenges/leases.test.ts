/** Challenge: a lease has one owner at a time, and is lost when its time is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import { Leases } from '#sketch/leases.ts';

let directory = '';
let nowMs = 0;
let db: Database;
const open = (): Promise<Database> => Database.open(directory, { now: () => nowMs });
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'leases-'));
  nowMs = 1_000_000;
  db = await open();
});
afterEach(async () => {
  await db.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('A lease', () => {
  test('has one owner at a time', () => {
    const leases = new Leases(db, () => nowMs);
    expect(leases.acquire('printer', 'anna', 1000)).toBe(true);
    expect(leases.acquire('printer', 'bert', 1000)).toBe(false);
    expect(leases.acquire('scanner', 'bert', 1000)).toBe(true);
  });

  test('is free again when its time is over, and not a moment earlier', () => {
    const leases = new Leases(db, () => nowMs);
    leases.acquire('printer', 'anna', 1000);
    nowMs += 999;
    expect(leases.acquire('printer', 'bert', 1000)).toBe(false);
    nowMs += 1;
    expect(leases.acquire('printer', 'bert', 1000)).toBe(true);
    expect(leases.renew('printer', 'anna', 1000)).toBe(false);
  });

  test('can be renewed by its owner, with one small record', () => {
    const leases = new Leases(db, () => nowMs);
    leases.acquire('printer', 'anna', 1000);
    nowMs += 900;
    const { position } = db;
    expect([leases.renew('printer', 'bert', 1000), leases.renew('printer', 'anna', 1000)]).toEqual([false, true]);
    expect(db.position - position).toBe(1);
    nowMs += 900;
    expect(leases.acquire('printer', 'bert', 1000)).toBe(false);
  });

  test('is let go of by its owner and by nobody else', () => {
    const leases = new Leases(db, () => nowMs);
    leases.acquire('printer', 'anna', 1000);
    expect([leases.release('printer', 'bert'), leases.release('printer', 'anna')]).toEqual([false, true]);
    expect(leases.release('printer', 'anna')).toBe(false);
    expect(leases.acquire('printer', 'bert', 1000)).toBe(true);
  });

  test('outlives a restart, and ends on time after it', async () => {
    new Leases(db, () => nowMs).acquire('printer', 'anna', 1000);
    await db.close();
    db = await open();
    const leases = new Leases(db, () => nowMs);
    expect(leases.acquire('printer', 'bert', 1000)).toBe(false);
    nowMs += 1000;
    expect(leases.acquire('printer', 'bert', 1000)).toBe(true);
  });
});
