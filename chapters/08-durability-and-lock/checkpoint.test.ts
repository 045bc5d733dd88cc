/** What must hold at the end of chapter 08: each level keeps what it promises, one waits for many, a disk that failed is not believed, and one Database at a time has a directory. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Database } from '#engine/database.ts';
import type { FileSystem, OpenFile, OpenMode } from '#engine/disk/file-system.ts';
import { toEngineError } from '#engine/disk/io-error.ts';
import { LOCK_NAME, type Lock, lockDirectory } from '#engine/disk/lock-file.ts';
import { EngineError } from '#engine/errors.ts';
import type { onExit } from '#engine/log/exit-hook.ts';
import { POISONED_NAME } from '#engine/log/log-writer.ts';
import { WaitList } from '#engine/log/sync-queue.ts';
import { checkDurability, type DatabaseOptions, type Durability, resolveOptions } from '#engine/options.ts';

let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-08-'));
});

afterEach(async () => {
  for (const db of opened) await db.close().catch(() => {});
  opened = [];
  nodeFs.rmSync(directory, { recursive: true, force: true });
});

/** Call `work` with an engine that has just been loaded; returns the exit listeners that came with it. */
async function exitListenersOf(
  work: (engine: { onExit: typeof onExit; Database: typeof Database }) => void | Promise<void>,
): Promise<(() => void)[]> {
  vi.resetModules(); // What ran before in this process may have made the engine listen already.
  const others = process.listeners('exit');
  const [hook, database] = await Promise.all([import('#engine/log/exit-hook.ts'), import('#engine/database.ts')]);
  await work({ ...hook, ...database });
  const ours = process.listeners('exit').filter(listener => !others.includes(listener));
  for (const listener of ours) process.off('exit', listener);
  return ours.map(listener => () => listener.call(process, 0));
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
/** Wait until this holds, but not for ever: then the test goes on, and says what does not hold. */
async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 500 && !holds(); n++) await sleep(10);
}

const endOfTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const hasFlock = spawnSync('flock', ['--version']).error === undefined;

/** What the operating system has of a file, and what the disk has. */
interface Bytes {
  cached: Buffer;
  onDisk: Buffer;
  /** A sync of it has failed: what was not on the disk then never gets there, and nobody says so. */
  isLost: boolean;
}

const diskError = (code: string): Error => Object.assign(new Error(`${code}, says the disk of the test`), { code });

/** A disk that forgets whatever was not synced, and fails when a test says so. */
class TestDisk implements FileSystem {
  readonly calls: string[] = [];
  /** How long a sync in the background takes. */
  syncMs = 0;
  /** The code of the error with which the next writes, or syncs, of data files fail. */
  failWrites: string | undefined;
  failSyncs: string | undefined;
  /** The code of the error with which the next sync of a data file fails, and no other. */
  failNextSync: string | undefined;
  failTruncates = false;
  /** How many files were closed before a sync of them in the background had ended. */
  closedUnderSync = 0;
  #names = new Map<string, Bytes>();
  #namesOnDisk = new Map<string, Bytes>();

  afterKill(): TestDisk {
    return this.#copy(this.#names, this.#names);
  }

  afterPowerCut(): TestDisk {
    const after = this.#copy(this.#namesOnDisk, this.#namesOnDisk);
    for (const bytes of after.#names.values()) bytes.cached = bytes.onDisk;
    return after;
  }

  #copy(names: Map<string, Bytes>, onDisk: Map<string, Bytes>): TestDisk {
    const copies = new Map<Bytes, Bytes>();
    const copyOf = (bytes: Bytes): Bytes => {
      const copy = copies.get(bytes) ?? { ...bytes };
      copies.set(bytes, copy);
      return copy;
    };
    const after = new TestDisk();
    for (const [name, bytes] of names) after.#names.set(name, copyOf(bytes));
    for (const [name, bytes] of onDisk) after.#namesOnDisk.set(name, copyOf(bytes));
    return after;
  }

  /** How often this call was made for a data file. */
  count(call: string): number {
    return this.calls.filter(each => each === `${call} .data`).length;
  }

  /** Whether some data file has bytes that the disk has not. */
  get hasUnsynced(): boolean {
    const data = [...this.#names].filter(([name]) => name.endsWith('.data'));
    return data.some(([, bytes]) => !bytes.cached.equals(bytes.onDisk));
  }

  open(path: string, mode: OpenMode): OpenFile {
    if (mode === 'create') {
      if (this.#names.has(path)) throw diskError('EEXIST');
      this.#names.set(path, { cached: Buffer.alloc(0), onDisk: Buffer.alloc(0), isLost: false });
    }
    const bytes = this.#names.get(path);
    if (bytes === undefined) throw diskError('ENOENT');
    const isData = path.endsWith('.data');
    let underWay = 0;
    const note = (call: string): void => void this.calls.push(`${call} ${isData ? '.data' : path}`);
    return {
      read: (target, start, size, position) => bytes.cached.copy(target as Buffer, start, position, position + size),
      write: (source, start, size, position) => {
        note('write');
        const taken = isData && this.failWrites !== undefined ? Math.min(3, size) : size;
        const grown = Buffer.concat([bytes.cached], Math.max(bytes.cached.length, position + taken));
        grown.set(source.subarray(start, start + taken), position);
        bytes.cached = grown;
        if (isData && this.failWrites !== undefined) throw diskError(this.failWrites);
        return size;
      },
      truncate: size => {
        if (this.failTruncates) throw diskError('EIO');
        bytes.cached = Buffer.concat([bytes.cached], size);
      },
      syncData: () => {
        note('sync');
        this.#failSync(bytes, isData);
        if (!bytes.isLost) bytes.onDisk = bytes.cached;
      },
      syncDataLater: async () => {
        note('sync');
        const covered = bytes.cached;
        underWay++;
        await sleep(this.syncMs);
        underWay--;
        this.#failSync(bytes, isData);
        if (!bytes.isLost && covered.length >= bytes.onDisk.length) bytes.onDisk = covered;
      },
      size: () => bytes.cached.length,
      close: () => {
        if (underWay > 0) this.closedUnderSync++;
      },
    };
  }

  #failSync(bytes: Bytes, isData: boolean): void {
    const code = this.failNextSync ?? this.failSyncs;
    if (!isData || code === undefined) return;
    this.failNextSync = undefined;
    bytes.isLost = true;
    throw diskError(code);
  }

  list(folder: string): string[] {
    const paths = [...this.#names.keys()].filter(path => dirname(path) === folder);
    return paths.map(path => path.slice(folder.length + 1));
  }

  rename(from: string, to: string): void {
    const bytes = this.#names.get(from);
    if (bytes === undefined) throw diskError('ENOENT');
    this.calls.push(`rename to ${to}`);
    this.#names.set(to, bytes);
    this.#names.delete(from);
  }

  remove(path: string): void {
    if (!this.#names.delete(path)) throw diskError('ENOENT');
    this.calls.push(`remove ${path}`);
  }

  makeDirectory(): void {}

  syncDirectory(): void {
    this.#namesOnDisk = new Map(this.#names);
  }

  changeMode(): void {}
}

async function open(fs: FileSystem, options: DatabaseOptions = {}): Promise<Database> {
  const db = await Database.open(directory, { fs, ...options });
  opened.push(db);
  return db;
}

/** A database with one key that is on the disk, so that the file is there. */
async function openWithBase(fs: FileSystem, options: DatabaseOptions = {}): Promise<Database> {
  const db = await open(fs, options);
  db.put('base', 'v');
  await db.sync();
  return db;
}

const KEYS = ['base', ...Array.from('abcdefgh')];

/** Which of the keys are there when this disk is opened in another place. */
async function keysOn(fs: TestDisk): Promise<string[]> {
  const held = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-08-'));
  try {
    const db = await Database.open(held, { fs: moved(fs, held) });
    const keys = KEYS.filter(key => db.has(key));
    await db.close();
    return keys;
  } finally {
    nodeFs.rmSync(held, { recursive: true, force: true });
  }
}

/** The same disk, as if it stood in another directory: the one of the test may still be locked. */
function moved(fs: TestDisk, to: string): FileSystem {
  const back = (path: string): string => directory + path.slice(to.length);
  return {
    open: (path, mode) => fs.open(back(path), mode),
    list: path => fs.list(back(path)),
    rename: (from, target) => fs.rename(back(from), back(target)),
    remove: path => fs.remove(back(path)),
    makeDirectory: () => {},
    syncDirectory: () => fs.syncDirectory(),
    changeMode: () => {},
  };
}

describe('Levels and errors', () => {
  test('the level is os when none is chosen, and any of the four may be', () => {
    expect(resolveOptions().durability).toBe('os');
    for (const durability of ['memory', 'os', 'disk', { intervalMs: 0 }, { intervalMs: 1000 }] as const) {
      expect(resolveOptions({ durability }).durability).toEqual(durability);
      checkDurability(durability);
    }
    expect(resolveOptions().lockTimeoutMs).toBe(0);
  });

  test('a level that makes no sense is refused by name', () => {
    for (const level of ['fast', 'DISK', 5, null, {}, { intervalMs: -1 }, { intervalMs: Number.NaN }]) {
      const refused = expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('durability'),
      });
      expect(() => checkDurability(level as Durability), JSON.stringify(level)).toThrow(refused);
      expect(() => resolveOptions({ durability: level as Durability })).toThrow(refused);
    }
    expect(() => resolveOptions({ lockTimeoutMs: -1 })).toThrow('lockTimeoutMs');
  });

  test('a call that asks for a level that makes no sense is refused too, and changes nothing', async () => {
    const db = await open(new TestDisk());
    const options = { durability: 'fast' as Durability };
    expect(() => db.put('a', '1', options)).toThrow('durability');
    expect(db.has('a')).toBe(false);
  });

  test('what the system says becomes an error of ours that says what to do, and keeps the cause', () => {
    for (const [code, ours] of [
      ['ENOSPC', 'DISK_FULL'],
      ['EDQUOT', 'DISK_FULL'],
      ['EIO', 'IO'],
      ['EACCES', 'IO'],
    ] as const) {
      const cause = diskError(code);
      const error = toEngineError(cause, 'append to the log');
      expect(error).toBeInstanceOf(EngineError);
      expect([error.code, error.cause]).toEqual([ours, cause]);
      expect(error.message).toContain('append to the log');
    }
    const own = new EngineError('LOCKED', 'as it is');
    expect(toEngineError(own, 'open')).toBe(own);
  });

  test('an exit hook runs when the process ends, and not once it has been taken back', async () => {
    const ran: string[] = [];
    const ours = await exitListenersOf(engine => {
      const takeBack = engine.onExit(() => ran.push('first'));
      engine.onExit(() => ran.push('second'));
      takeBack();
    });
    expect(ours.length).toBeLessThanOrEqual(1);
    for (const listener of ours) listener();
    expect(ran).toEqual(['second']);
  });
});

describe('The lock', () => {
  const locked = expect.objectContaining({ code: 'LOCKED' });
  let held: Lock[] = [];

  const lock = async (timeoutMs = 0): Promise<Lock> => {
    const got = await lockDirectory(directory, timeoutMs);
    let isHeld = true; // To let go of a descriptor twice would close somebody else's file.
    const once: Lock = {
      release: () => {
        if (isHeld) got.release();
        isHeld = false;
      },
    };
    held.push(once);
    return once;
  };

  afterEach(() => {
    for (const each of held) each.release();
    held = [];
  });

  /** Run something in a world without flock(1). */
  async function withoutFlock(work: () => Promise<void>): Promise<void> {
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      await work();
    } finally {
      process.env['PATH'] = path;
    }
  }

  test('a directory that somebody has is LOCKED, and is free again when he lets go', async () => {
    const mine = await lock();
    await expect(lock()).rejects.toThrow(locked);
    await expect(lock()).rejects.toThrow(String(process.pid));
    mine.release();
    held = [];
    await lock();
  });

  test('the same holds where there is no flock(1)', async () => {
    await withoutFlock(async () => {
      const mine = await lock();
      await expect(lock()).rejects.toThrow(locked);
      mine.release();
      held = [];
      await lock();
    });
  });

  test('who has flock(1) and who has not keep each other out', async () => {
    const mine = await lock();
    await withoutFlock(async () => {
      await expect(lock()).rejects.toThrow(locked);
    });
    mine.release();
    held = [];
    await withoutFlock(async () => void (await lock()));
    await expect(lock()).rejects.toThrow(locked);
  });

  test('the lock is waited for as long as the caller says', async () => {
    const mine = await lock();
    held = [];
    setTimeout(() => mine.release(), 60);
    await lock(10_000);
  });

  test.skipIf(!hasFlock)('the lock of a process that was killed is free, with nobody there to clean up', async () => {
    const path = join(directory, LOCK_NAME);
    const script = 'exec 9>>"$0"; flock -xn 9 && echo locked && exec sleep 60';
    const other = spawn('/bin/sh', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await expect(lock()).rejects.toThrow(locked);
    other.kill('SIGKILL');
    await once(other, 'exit');
    await lock();
  });

  test('what a dead process has left in LOCK keeps nobody out, nor does garbage', async () => {
    const boot = nodeFs.existsSync('/proc/sys/kernel/random/boot_id')
      ? nodeFs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      : 'unknown';
    // The last one is a process that runs, with an id that somebody else had before: it began at another time.
    for (const text of ['', 'garbage\n', '0 0 0\n', `999999999 ${boot} 1\n`, `${process.pid} ${boot} 1\n`]) {
      nodeFs.writeFileSync(join(directory, LOCK_NAME), text);
      (await lock()).release();
      nodeFs.writeFileSync(join(directory, LOCK_NAME), text);
      await withoutFlock(async () => (await lock()).release());
    }
    held = [];
  });

  test('a database that is open has the lock; an opening that fails, and a close, let go of it', async () => {
    const db = await Database.open(directory);
    await expect(Database.open(directory)).rejects.toThrow(locked);
    db.put('city', 'Berlin');
    await db.close();
    const file = join(directory, '0000000001.data');
    const bytes = nodeFs.readFileSync(file);
    nodeFs.chmodSync(file, 0o644);
    nodeFs.writeFileSync(file, bytes.subarray(0, 20));
    await expect(Database.open(directory)).rejects.toMatchObject({ code: 'CORRUPT' });
    nodeFs.writeFileSync(file, bytes);
    await (await Database.open(directory)).close();
  });
});

describe('Bytes that wait', () => {
  test('at memory a change is visible at once, and is written at the end of the turn, with all others in one write', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    const writes = disk.count('write');
    db.put('a', '1');
    db.put('b', '2');
    db.put('a', '3');
    db.delete('b');
    const seen = { a: db.get('a')?.toString(), hasB: db.has('b'), writes: disk.count('write') - writes };
    expect(seen, 'before the turn has ended').toEqual({ a: '3', hasB: false, writes: 0 });
    db.get('a')!.fill(0); // A value belongs to whoever has asked for it.
    expect(db.get('a')?.toString(), 'a, after somebody has overwritten the bytes that get gave him').toBe('3');
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base']);
    await endOfTurn();
    expect(disk.count('write') - writes).toBe(1);
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a']);
    expect(db.get('a')?.toString()).toBe('3');
  });

  test('at memory no more than 64 KiB and one record wait', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    const writes = disk.count('write');
    for (let n = 0; n < 20; n++) db.put(`k${n}`, 'x'.repeat(16 * 1024));
    expect(disk.count('write') - writes).toBeGreaterThanOrEqual(3);
    expect(disk.count('write') - writes).toBeLessThan(20);
    for (let n = 0; n < 20; n++) expect(db.get(`k${n}`)?.length).toBe(16 * 1024);
  });

  test('at os each change is one write, and a kill loses none', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    for (const [n, key] of ['a', 'b', 'c'].entries()) {
      const [writes, syncs] = [disk.count('write'), disk.count('sync')];
      db.put(key, 'v');
      const made = { writes: disk.count('write') - writes, fdatasyncs: disk.count('sync') - syncs };
      expect(made, 'for one put').toEqual({ writes: 1, fdatasyncs: 0 });
      expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(KEYS.slice(0, n + 2));
      expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base']);
    }
  });

  test('one call may be of another level than the store, and takes those before it along', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    db.put('a', '1');
    db.put('b', '2', { durability: 'os' });
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a', 'b']);
    db.delete('a', { durability: 'disk' });
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'b']);
  });

  test('a full disk: the change throws DISK_FULL and has left nothing; reads go on; later it works again', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    db.put('a', '1');
    disk.failWrites = 'ENOSPC';
    for (let n = 0; n < 3; n++) expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(() => db.delete('a')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect({ a: db.get('a')?.toString(), hasB: db.has('b') }).toEqual({ a: '1', hasB: false });
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a']);
    disk.failWrites = undefined;
    db.put('c', '3');
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a', 'c']);
  });

  test('a full disk at memory: what was accepted stays, new changes are refused, and it is written when there is space', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    disk.failWrites = 'ENOSPC';
    db.put('a', '1');
    await endOfTurn();
    expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    await expect(db.sync()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect({ a: db.get('a')?.toString(), hasB: db.has('b') }).toEqual({ a: '1', hasB: false });
    disk.failWrites = undefined;
    db.put('c', '3');
    await endOfTurn();
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a', 'c']);
  });

  test('a change that fails takes nothing along that was accepted before it', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    db.put('a', '1');
    disk.failWrites = 'ENOSPC';
    expect(() => db.put('b', '2', { durability: 'os' })).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect({ a: db.get('a')?.toString(), hasB: db.has('b') }).toEqual({ a: '1', hasB: false });
    disk.failWrites = undefined;
    await db.sync();
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a']);
  });

  test('bytes that are stuck are tried again without anybody asking', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'memory' });
    disk.failWrites = 'ENOSPC';
    db.put('a', '1');
    await endOfTurn();
    disk.failWrites = undefined;
    const writes = disk.count('write');
    await until(() => disk.count('write') > writes);
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a']);
  });

  test('what waits is handed over when the process ends', async () => {
    const disk = new TestDisk();
    const ours = await exitListenersOf(async engine => {
      const db = await engine.Database.open(directory, { fs: disk, durability: 'memory' });
      opened.push(db);
      db.put('base', 'v');
      await db.sync();
      db.put('a', '1');
    });
    for (const listener of ours) listener();
    expect(await keysOn(disk.afterKill()), 'keys after a kill').toEqual(['base', 'a']);
  });
});

describe('Waiting for the disk', () => {
  test('at disk each change outlives a power cut from its return on', async () => {
    const disk = new TestDisk();
    const db = await open(disk, { durability: 'disk', maxDataFileSize: 100 });
    for (const [n, key] of Array.from('abc').entries()) {
      db.put(key, 'x'.repeat(40));
      expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(KEYS.slice(1, n + 2));
    }
    for (const key of 'defg') db.put(key, 'x'.repeat(40), { durability: 'os' });
    db.put('h', 'v'); // And all before it, in whatever file.
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(KEYS.slice(1));
  });

  test('sync covers every file that was written to', async () => {
    const disk = new TestDisk();
    const db = await open(disk, { maxDataFileSize: 100 });
    for (const key of 'abcdef') db.put(key, 'x'.repeat(40));
    await db.sync();
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(KEYS.slice(1, 7));
    const syncs = disk.count('sync');
    await db.sync(); // Nothing is left to do.
    expect(disk.count('sync')).toBe(syncs);
  });

  test('a file that is full is sealed only after a sync that covers all of it', async () => {
    const disk = new TestDisk();
    disk.syncMs = 20;
    const db = await open(disk, { maxDataFileSize: 100 });
    for (const key of 'abcdefgh') db.put(key, 'x'.repeat(40)); // Files are left behind while the first is being synced.
    const cuts: TestDisk[] = [];
    for (let n = 0; n < 10; n++) {
      await sleep(7);
      cuts.push(disk.afterPowerCut());
    }
    expect(disk.count('sync')).toBeGreaterThan(0); // Nobody has asked for it.
    for (const cut of cuts) await keysOn(cut); // Throws where a sealed file is shorter than it should be.
    await db.close();
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(KEYS.slice(1, 9));
  });

  test('many who wait share one fdatasync', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'disk' });
    const [writes, syncs] = [disk.count('write'), disk.count('sync')];
    const waits = Array.from('abcdefgh', key => db.durable(db.put(key, 'v', { durability: 'memory' })));
    await Promise.all(waits);
    const made = { writes: disk.count('write') - writes, fdatasyncs: disk.count('sync') - syncs };
    expect(made, 'for eight who wait').toEqual({ writes: 1, fdatasyncs: 1 });
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(KEYS);
  });

  test('who waits for bytes that are not written yet begins no fdatasync: it would not cover them', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'disk' });
    db.put('a', '1', { durability: 'os' });
    const syncs = disk.count('sync');
    await db.durable(db.put('b', '2', { durability: 'memory' }));
    expect(disk.count('sync') - syncs, 'fdatasyncs for one waiter').toBe(1);
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a', 'b']);
  });

  test('a waiter is released only by a sync that began after its write', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    disk.syncMs = 50;
    db.put('a', '1');
    const syncs = disk.count('sync');
    const first = db.sync();
    await until(() => disk.count('sync') > syncs); // Its fdatasync is under way now.
    db.put('b', '2');
    const second = db.sync();
    await first;
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a']);
    await second;
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a', 'b']);
  });

  test('isDurable and durable follow the level of the store, which may be changed at any time', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    const a = db.put('a', '1');
    expect({ isDurable: db.isDurable(a), position: db.position }).toEqual({ isDurable: true, position: a });
    db.durability = 'disk';
    expect({ level: db.durability, isDurable: db.isDurable(a) }).toEqual({ level: 'disk', isDurable: false });
    await db.durable(a);
    expect(db.isDurable(a)).toBe(true);
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a']);
    db.durability = 'memory';
    expect(db.isDurable(db.put('b', '2'))).toBe(true);
    expect(() => {
      db.durability = 'safe' as Durability;
    }).toThrow('durability');
  });

  test('an interval counts from the oldest change that is not on the disk', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: { intervalMs: 50 } });
    for (let tries = 1; ; tries++) {
      const syncs = disk.count('sync');
      const startMs = performance.now();
      let [lastMs, longestGapMs] = [startMs, 0];
      while (lastMs < startMs + 120) {
        db.put('a', String(lastMs));
        await sleep(2);
        longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
        lastMs = performance.now();
      }
      if (longestGapMs > 40 && tries < 20) continue; // The machine is busy: such a gap would end the interval by itself.
      const made = disk.count('sync') - syncs;
      expect(made, 'fdatasyncs while somebody writes all the time').toBeGreaterThanOrEqual(1);
      expect(made, 'fdatasyncs, one for each 50 ms').toBeLessThanOrEqual((lastMs - startMs) / 50 + 1);
      break;
    }
    await until(() => !disk.hasUnsynced);
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a']);
  });

  test('a shorter interval is not made to wait for a longer one', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: { intervalMs: 60_000 } });
    db.put('a', '1');
    db.put('b', '2', { durability: { intervalMs: 5 } });
    await until(() => !disk.hasUnsynced);
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a', 'b']);
  });

  test('close has everything on the disk, and is the same close when it is called again', async () => {
    for (const durability of ['memory', 'os', { intervalMs: 60_000 }, 'disk'] as const) {
      const disk = new TestDisk();
      const db = await open(disk, { durability });
      db.put('a', '1');
      await Promise.all([db.close(), db.close()]);
      expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['a']);
      expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
      await expect(db.sync()).rejects.toMatchObject({ code: 'CLOSED' });
    }
  });

  test('a second close waits for the first, and no file is closed under a sync that is under way', async () => {
    const disk = new TestDisk();
    disk.syncMs = 30;
    const db = await openWithBase(disk);
    db.put('a', '1');
    const sync = db.sync();
    await sleep(5);
    void db.close();
    await db.close();
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a']);
    expect(disk.closedUnderSync, 'files that were closed while a sync of them was under way').toBe(0);
    await sync;
    await open(disk); // The lock is free.
  });

  test('a list of waiters releases those whose seq has been reached, and rejects those that are left', async () => {
    const list = new WaitList();
    const outcomes: string[] = [];
    const waits = [3, 1, 2].map(seq =>
      list.add(seq).then(
        () => outcomes.push(`${seq} done`),
        (error: Error) => outcomes.push(`${seq} ${error.message}`),
      ),
    );
    expect({ isEmpty: list.isEmpty, lowest: list.lowest }).toEqual({ isEmpty: false, lowest: 1 });
    list.release(2);
    expect(list.lowest).toBe(3);
    list.reject(new Error('gone'));
    await Promise.all(waits);
    expect(outcomes.sort()).toEqual(['1 done', '2 done', '3 gone']);
    expect({ isEmpty: list.isEmpty, lowest: list.lowest }).toEqual({ isEmpty: true, lowest: Number.POSITIVE_INFINITY });
  });
});

describe('When the disk fails', () => {
  const poisoned = expect.objectContaining({ code: 'POISONED' });

  test('after a failed sync nobody is told that all is well: waiters reject, changes throw, reads go on', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    db.put('a', '1');
    disk.failSyncs = 'EIO';
    const waits = [db.sync(), db.sync()];
    for (const wait of waits) await expect(wait).rejects.toThrow(poisoned);
    disk.failSyncs = undefined; // The next fdatasync would say that all is well. It must not be asked.
    await expect(db.sync()).rejects.toThrow(poisoned);
    for (const durability of ['memory', 'os', 'disk'] as const) {
      expect(() => db.put('b', '2', { durability }), `put at ${durability}`).toThrow(poisoned);
    }
    expect(() => db.delete('a')).toThrow(poisoned);
    expect(db.get('a')?.toString()).toBe('1');
  });

  test('a put at disk whose sync fails throws, and is not visible', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk, { durability: 'disk' });
    db.put('a', 'old');
    disk.failSyncs = 'EIO';
    expect(() => db.put('a', 'new')).toThrow(poisoned);
    expect(db.get('a')?.toString()).toBe('old');
  });

  test('a sync that failed is not called once more: the second call would say that all is well', async () => {
    const background = new TestDisk();
    const db = await openWithBase(background);
    db.put('a', '1');
    let syncs = background.count('sync');
    background.failNextSync = 'EIO';
    await expect(db.sync()).rejects.toThrow(poisoned);
    expect(background.count('sync') - syncs, 'fdatasyncs for db.sync(), of which the first failed').toBe(1);

    const disk = new TestDisk();
    const other = await Database.open(nodeFs.mkdtempSync(join(directory, 'other-')), { fs: disk });
    opened.push(other);
    other.put('base', 'v', { durability: 'disk' });
    syncs = disk.count('sync');
    disk.failNextSync = 'EIO';
    expect(() => other.put('a', '1', { durability: 'disk' })).toThrow(poisoned);
    expect(disk.count('sync') - syncs, "fdatasyncs for a put at 'disk', of which the first failed").toBe(1);
  });

  test('a sync that was under way when another one failed is the last: nothing is written or synced after it', async () => {
    const disk = new TestDisk();
    disk.syncMs = 20;
    const db = await open(disk, { maxDataFileSize: 100 });
    for (const key of 'abc') db.put(key, 'x'.repeat(40)); // The first file is full, and a sync of it has begun.
    const waits = [db.sync(), db.sync()];
    db.put('d', 'v');
    waits.push(db.sync()); // This one asks for a second round.
    const outcomes = Promise.allSettled(waits);
    disk.failNextSync = 'EIO';
    expect(() => db.put('e', 'v', { durability: 'disk' })).toThrow(poisoned);
    const before = disk.calls.length;
    await outcomes;
    await sleep(80);
    expect(
      (await outcomes).map(({ status }) => status),
      'what became of three who called sync',
    ).toEqual(['rejected', 'rejected', 'rejected']);
    expect(disk.calls.slice(before), 'what was done to files after the sync that failed').toEqual([]);
  });

  test('a failed write that can not be cut back poisons too', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    disk.failWrites = 'EIO';
    disk.failTruncates = true;
    expect(() => db.put('a', '1')).toThrow(poisoned);
    disk.failWrites = undefined;
    expect(() => db.put('b', '2')).toThrow(poisoned);
    expect(db.get('base')?.toString()).toBe('v');
  });

  test('the next opening writes anew what may not be on the disk, and only then believes it', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    db.put('a', '1');
    disk.failSyncs = 'EIO';
    await expect(db.sync()).rejects.toThrow(poisoned);
    disk.failSyncs = undefined;
    await db.close(); // Whoever had to know has been told: closing does not throw it once more.
    expect(disk.list(directory)).toContain(POISONED_NAME);
    const before = disk.calls.length;
    const again = await open(disk);
    const since = disk.calls.slice(before);
    const [commit, unmark] = [`rename to ${join(directory, 'MANIFEST')}`, `remove ${join(directory, POISONED_NAME)}`];
    expect(since, 'a new manifest').toContain(commit);
    expect(since.slice(0, since.indexOf(commit)), 'before the new manifest: the mark stays').not.toContain(unmark);
    const found = { base: again.has('base'), a: again.has('a'), warnings: again.report.warnings.length };
    expect(found).toEqual({ base: true, a: true, warnings: 1 });
    expect(disk.list(directory)).not.toContain(POISONED_NAME);
    expect(await keysOn(disk.afterPowerCut()), 'keys after a power cut').toEqual(['base', 'a']);
    await again.close();
    expect((await open(disk)).report.warnings).toEqual([]);
  });

  test('closing after a failed sync lets go of the directory', async () => {
    const disk = new TestDisk();
    const db = await openWithBase(disk);
    db.put('a', '1');
    disk.failSyncs = 'EIO';
    await expect(db.close()).rejects.toThrow(poisoned);
    disk.failSyncs = undefined;
    await open(disk);
  });
});
