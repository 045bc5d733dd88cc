/** Challenge: a disk on which a sync fails once, and then says that all is well; and the store that survives it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '#engine/database.ts';
import type { FileSystem, OpenFile, OpenMode } from '#engine/disk/file-system.ts';
import { LyingDisk } from '#sketch/lying-disk.ts';

interface Bytes {
  cached: Buffer;
  onDisk: Buffer;
}

/** A disk in memory with two copies of each file. */
class Disk implements FileSystem {
  readonly files = new Map<string, Bytes>();

  open(path: string, mode: OpenMode): OpenFile {
    if (mode === 'create') this.files.set(path, { cached: Buffer.alloc(0), onDisk: Buffer.alloc(0) });
    const bytes = this.files.get(path);
    if (bytes === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    return {
      read: (target, start, size, position) => bytes.cached.copy(target as Buffer, start, position, position + size),
      write: (source, start, size, position) => {
        const grown = Buffer.concat([bytes.cached], Math.max(bytes.cached.length, position + size));
        grown.set(source.subarray(start, start + size), position);
        bytes.cached = grown;
        return size;
      },
      truncate: size => {
        bytes.cached = Buffer.concat([bytes.cached], size);
      },
      syncData: () => {
        bytes.onDisk = bytes.cached;
      },
      syncDataLater: async () => {
        bytes.onDisk = bytes.cached;
      },
      size: () => bytes.cached.length,
      close: () => {},
    };
  }

  list(directory: string): string[] {
    const inside = [...this.files.keys()].filter(path => dirname(path) === directory);
    return inside.map(path => path.slice(directory.length + 1));
  }

  rename(from: string, to: string): void {
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  remove(path: string): void {
    if (!this.files.delete(path)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  }

  makeDirectory(): void {}
  syncDirectory(): void {}
  changeMode(): void {}

  cutPower(): void {
    for (const bytes of this.files.values()) bytes.cached = bytes.onDisk;
  }
}

const write = (file: OpenFile, text: string, at: number): number => file.write(Buffer.from(text), 0, text.length, at);
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lying-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('A disk that lies', () => {
  test('while nothing fails it is the disk under it', async () => {
    const disk = new Disk();
    const file = new LyingDisk(disk).open('/d/f', 'create');
    write(file, 'abc', 0);
    file.syncData();
    write(file, 'def', 3);
    await file.syncDataLater();
    expect(disk.files.get('/d/f')?.onDisk.toString()).toBe('abcdef');
  });

  for (const how of ['syncData', 'syncDataLater'] as const) {
    test(`a ${how} that fails throws EIO, once; later ones succeed, and the bytes never get to the disk`, async () => {
      const disk = new Disk();
      const lying = new LyingDisk(disk);
      const file = lying.open('/d/f', 'create');
      write(file, 'abc', 0);
      await file.syncDataLater();
      write(file, 'def', 3);
      lying.failNext = true;
      await expect((async () => file[how]())()).rejects.toMatchObject({ code: 'EIO' });
      file.syncData();
      await file.syncDataLater();
      lying.open('/d/f', 'write').syncData(); // Not by another descriptor either.
      expect(disk.files.get('/d/f')?.onDisk.toString()).toBe('abc');
      expect(disk.files.get('/d/f')?.cached.toString()).toBe('abcdef');
    });
  }

  test('other files are as they should be, those that are made or renamed later too', () => {
    const disk = new Disk();
    const lying = new LyingDisk(disk);
    lying.failNext = true;
    const first = lying.open('/d/f', 'create');
    write(first, 'abc', 0);
    expect(() => first.syncData()).toThrow();
    const second = lying.open('/d/g', 'create');
    write(second, 'def', 0);
    second.syncData();
    expect(disk.files.get('/d/g')?.onDisk.toString()).toBe('def');
    lying.remove('/d/f');
    const again = lying.open('/d/f', 'create');
    write(again, 'ghi', 0);
    again.syncData();
    expect(disk.files.get('/d/f')?.onDisk.toString()).toBe('ghi');
  });

  test('a name that lies has lost its bytes under its new name too', () => {
    const disk = new Disk();
    const lying = new LyingDisk(disk);
    const file = lying.open('/d/f', 'create');
    write(file, 'abc', 0);
    lying.failNext = true;
    expect(() => file.syncData()).toThrow();
    lying.rename('/d/f', '/d/g');
    lying.open('/d/g', 'write').syncData();
    expect(disk.files.get('/d/g')?.onDisk.toString()).toBe('');
  });

  test('your store survives it: what was synced before is there, and what the next opening showed stays', async () => {
    const disk = new Disk();
    const lying = new LyingDisk(disk);
    const db = await Database.open(directory, { fs: lying });
    db.put('synced', 'v');
    await db.sync();
    db.put('perhaps', 'v');
    lying.failNext = true;
    await expect(db.sync()).rejects.toMatchObject({ code: 'POISONED' });
    await db.close();
    const again = await Database.open(directory, { fs: lying });
    const shown = [again.has('synced'), again.has('perhaps')];
    await again.close();
    disk.cutPower();
    const last = await Database.open(directory, { fs: disk });
    expect([last.has('synced'), last.has('perhaps')]).toEqual(shown);
    expect(shown[0]).toBe(true);
    await last.close();
  });
});
