/**
 * MiniCask: the Bitcask paper in sixty lines. A log on disk that only grows, and in memory a Map, the keydir, that says
 * where in the log the newest value of each key lies.
 *
 *        OFFSET  SIZE       FIELD        MEANING                    (integers are little-endian)
 *             0  4          keySize      bytes of the key
 *             4  4          valueSize    bytes of the value, or TOMBSTONE (0xffffffff)
 *             8  keySize    key
 *     8+keySize  valueSize  value        a tombstone has none
 *
 * Invariants: (1) a record is never changed; (2) the newest record of a key is the truth about it;
 *             (3) the keydir holds what reading the log from its first byte to its last would put there.
 * Left out on purpose, and missed at the end of the chapter: a checksum, torn tails, fsync.
 */
import * as nodeFs from 'node:fs';

/** The calls that a log needs. `node:fs` has them all; so has the disk in this chapter that can lose its power. */
export interface Disk {
  openSync(path: string, flags: string): number;
  fstatSync(fd: number): { size: number };
  readSync(fd: number, target: Buffer, at: number, size: number, position: number): number;
  writeSync(fd: number, bytes: Buffer): number;
  fsyncSync(fd: number): void;
  closeSync(fd: number): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { force: boolean }): void;
}

const HEADER_SIZE = 4 + 4;
const TOMBSTONE = 0xffff_ffff;

/** A record as it stands in the log. No value: a tombstone. */
function encode(key: Buffer, value?: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(key.length, 0);
  header.writeUInt32LE(value?.length ?? TOMBSTONE, 4);
  return Buffer.concat([header, key, value ?? Buffer.alloc(0)]);
}

/** Where a value lies in the log. */
interface Place {
  offset: number;
  size: number;
}

/**
 * A log and its keydir. Of its disk it asks openSync(path, flags), fstatSync(fd), readSync(fd, target, at, size, position),
 * writeSync(fd, bytes), fsyncSync(fd), closeSync(fd), renameSync(from, to) and rmSync(path, { force }), and nothing else.
 */
export class MiniCask {
  readonly #path: string;
  readonly #disk: Disk;
  #keydir = new Map<string, Place>();
  #fd: number;
  #end: number;

  /** A store that knows none of the keys in its log yet: `open` is the way in for everybody else. */
  constructor(path: string, disk: Disk = nodeFs) {
    this.#path = path;
    this.#disk = disk;
    this.#fd = disk.openSync(path, 'a+');
    this.#end = disk.fstatSync(this.#fd).size;
  }

  /** Up to `size` bytes from `offset`; fewer where the log ends before that. */
  #read(offset: number, size: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, Math.min(size, this.#end - offset)));
    this.#disk.readSync(this.#fd, bytes, 0, bytes.length, offset);
    return bytes;
  }

  /** Let the keydir follow the record at `offset`. The answer is the offset behind that record. */
  #index(offset: number, key: Buffer, valueSize: number): number {
    const place = { offset: offset + HEADER_SIZE + key.length, size: valueSize };
    if (valueSize === TOMBSTONE) this.#keydir.delete(key.toString());
    else this.#keydir.set(key.toString(), place);
    return place.offset + (valueSize === TOMBSTONE ? 0 : valueSize);
  }

  /** The record first, the keydir after it. */
  #append(key: Buffer, value?: Buffer): void {
    this.#disk.writeSync(this.#fd, encode(key, value));
    this.#end = this.#index(this.#end, key, value?.length ?? TOMBSTONE);
  }

  /** Store `value` under `key`: one write at the end of the log. */
  put(key: string, value: string): void {
    this.#append(Buffer.from(key), Buffer.from(value));
  }

  /** The value of `key`, or undefined: one look into memory, one read of the value and nothing else. */
  get(key: string): string | undefined {
    const place = this.#keydir.get(key);
    return place && this.#read(place.offset, place.size).toString();
  }

  close(): void {
    this.#disk.closeSync(this.#fd);
  }

  /** Open the log at `path`, or begin one. Every header and key is read once, from the first record to the last. */
  static open(path: string, disk: Disk = nodeFs): MiniCask {
    const store = new MiniCask(path, disk);
    for (let offset = 0; offset < store.#end; ) {
      const header = store.#read(offset, HEADER_SIZE);
      const key = store.#read(offset + HEADER_SIZE, header.readUInt32LE(0));
      offset = store.#index(offset, key, header.readUInt32LE(4));
    }
    return store;
  }

  /** Remove `key`: one tombstone at the end of the log, and nothing where there is nothing to remove. */
  delete(key: string): void {
    if (this.#keydir.has(key)) this.#append(Buffer.from(key));
  }

  /** Copy what is alive into a new log and let it take the old one's name. The paper calls this merge. */
  compact(): void {
    const path = `${this.#path}.new`;
    this.#disk.rmSync(path, { force: true });
    const fresh = new MiniCask(path, this.#disk);
    for (const key of this.#keydir.keys()) fresh.put(key, this.get(key)!);
    for (const store of [this, fresh]) store.close();
    this.#disk.renameSync(path, this.#path);
    this.#fd = this.#disk.openSync(this.#path, 'a+');
    [this.#keydir, this.#end] = [fresh.#keydir, fresh.#end];
  }
}
