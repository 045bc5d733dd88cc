/** Challenge: a file is replaced so that any end leaves the old one or the new one, whole. */
import { describe, expect, test } from 'vitest';
import type { FileSystem, OpenFile, OpenMode } from '#engine/disk/file-system.ts';
import { writeFileAtomically } from '#sketch/atomic-write.ts';

interface Bytes {
  cached: Buffer;
  onDisk: Buffer;
}

class PowerFails extends Error {}

/** A disk whose power fails before call number `last`, and that takes at most 4 bytes in one write. */
class Disk implements FileSystem {
  calls = 0;
  last = Number.POSITIVE_INFINITY;
  names = new Map<string, Bytes>();
  namesOnDisk = new Map<string, Bytes>();

  #count(): void {
    if (this.calls++ >= this.last) throw new PowerFails();
  }

  /** What is in the file after the power has failed, and after a kill. */
  found(path: string): (string | undefined)[] {
    return [this.namesOnDisk.get(path)?.onDisk.toString(), this.names.get(path)?.cached.toString()];
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#count();
    if (mode === 'create') {
      if (this.names.has(path)) throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' });
      this.names.set(path, { cached: Buffer.alloc(0), onDisk: Buffer.alloc(0) });
    }
    const bytes = this.names.get(path);
    if (bytes === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    return {
      read: (target, start, size, position) => bytes.cached.copy(target as Buffer, start, position, position + size),
      write: (source, start, size, position) => {
        this.#count();
        const taken = Math.min(4, size);
        const grown = Buffer.concat([bytes.cached], Math.max(bytes.cached.length, position + taken));
        grown.set(source.subarray(start, start + taken), position);
        bytes.cached = grown;
        return taken;
      },
      truncate: size => {
        this.#count();
        bytes.cached = Buffer.concat([bytes.cached], size);
      },
      syncData: () => {
        this.#count();
        bytes.onDisk = bytes.cached;
      },
      syncDataLater: async () => {
        this.#count();
        bytes.onDisk = bytes.cached;
      },
      size: () => bytes.cached.length,
      close: () => {},
    };
  }

  list(): string[] {
    return [...this.names.keys()];
  }

  rename(from: string, to: string): void {
    this.#count();
    const bytes = this.names.get(from);
    if (bytes === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    this.names.set(to, bytes);
    this.names.delete(from);
  }

  remove(path: string): void {
    this.#count();
    if (!this.names.delete(path)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  }

  makeDirectory(): void {}

  syncDirectory(): void {
    this.#count();
    this.namesOnDisk = new Map(this.names);
  }

  changeMode(): void {}
}

const OLD = 'the old file, of some length';
const NEW = 'and the new file, which is a bit longer than the old one';

function diskWithOld(): Disk {
  const disk = new Disk();
  const bytes = { cached: Buffer.from(OLD), onDisk: Buffer.from(OLD) };
  disk.names.set('/d/file', bytes);
  disk.namesOnDisk.set('/d/file', bytes);
  return disk;
}

describe('Old or new, never half', () => {
  test('what was written is there, whole, though the disk takes a few bytes at a time', () => {
    const disk = diskWithOld();
    writeFileAtomically(disk, '/d/file', Buffer.from(NEW));
    expect(disk.found('/d/file')[1]).toBe(NEW);
    writeFileAtomically(disk, '/d/other', Buffer.alloc(0));
    expect(disk.found('/d/other')).toEqual(['', '']);
  });

  test('when it has returned, a power cut leaves the new one', () => {
    const disk = diskWithOld();
    writeFileAtomically(disk, '/d/file', Buffer.from(NEW));
    expect(disk.found('/d/file')[0]).toBe(NEW);
  });

  test('whatever the last call was: the old one or the new one, after a kill and after a power cut', () => {
    const whole = diskWithOld();
    writeFileAtomically(whole, '/d/file', Buffer.from(NEW));
    for (let last = 0; last < whole.calls; last++) {
      const disk = diskWithOld();
      disk.last = last;
      expect(() => writeFileAtomically(disk, '/d/file', Buffer.from(NEW))).toThrow(PowerFails);
      for (const found of disk.found('/d/file')) expect([OLD, NEW], `stopped before call ${last}`).toContain(found);
    }
    expect(whole.calls).toBeGreaterThan(4);
  });

  test('what somebody left behind who did not come to the end is no obstacle', () => {
    const whole = diskWithOld();
    writeFileAtomically(whole, '/d/file', Buffer.from(NEW));
    for (let last = 0; last < whole.calls; last++) {
      const disk = diskWithOld();
      disk.last = last;
      try {
        writeFileAtomically(disk, '/d/file', Buffer.from('of this length there is not much to write'));
      } catch {}
      disk.last = Number.POSITIVE_INFINITY;
      writeFileAtomically(disk, '/d/file', Buffer.from(NEW));
      expect(disk.found('/d/file')).toEqual([NEW, NEW]);
      expect(disk.list()).toEqual(['/d/file']);
    }
  });
});
