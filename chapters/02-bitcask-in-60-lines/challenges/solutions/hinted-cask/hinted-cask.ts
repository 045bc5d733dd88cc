/**
 * HintedCask: MiniCask that writes down its keydir when it compacts. The hint says how many bytes of the log it covers, and
 * what some of these bytes are; a hint whose checksum or whose bytes do not fit is ignored, and the log is read instead.
 */
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs';
import type { Disk } from './mini-cask.ts';

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

/** What a hint file holds. */
interface Hint {
  covered: number;
  sample: string;
  places: [key: string, offset: number, size: number][];
}

const SAMPLE_SIZE = 1024;

const digest = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** A log, its keydir, and the hint that saves the walk through the log. */
export class HintedCask {
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

  /** The value of `key`, or undefined: one look into memory, one read from the log. */
  get(key: string): string | undefined {
    const place = this.#keydir.get(key);
    return place && this.#read(place.offset, place.size).toString();
  }

  close(): void {
    this.#disk.closeSync(this.#fd);
  }

  /** Open the log at `path`, or begin one. Every header and key is read once, from the first record to the last. */
  static open(path: string, disk: Disk = nodeFs): HintedCask {
    const store = new HintedCask(path, disk);
    for (let offset = store.#useHint(); offset < store.#end; ) {
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
    const fresh = new HintedCask(path, this.#disk);
    for (const key of this.#keydir.keys()) fresh.put(key, this.get(key)!);
    for (const store of [this, fresh]) store.close();
    this.#disk.renameSync(path, this.#path);
    this.#fd = this.#disk.openSync(this.#path, 'a+');
    [this.#keydir, this.#end] = [fresh.#keydir, fresh.#end];
    this.#writeHint();
  }

  /** Take the keydir from the hint, if there is one that fits. The answer is where the rest of the log begins. */
  #useHint(): number {
    const hint = this.#readHint();
    if (hint === undefined || hint.covered > this.#end || hint.sample !== this.#sample(hint.covered)) return 0;
    for (const [key, offset, size] of hint.places) this.#keydir.set(key, { offset, size });
    return hint.covered;
  }

  #readHint(): Hint | undefined {
    const fd = this.#disk.openSync(`${this.#path}.hint`, 'a+');
    const bytes = Buffer.alloc(this.#disk.fstatSync(fd).size);
    this.#disk.readSync(fd, bytes, 0, bytes.length, 0);
    this.#disk.closeSync(fd);
    const [checksum, json] = bytes.toString().split('\n');
    return json !== undefined && checksum === digest(json) ? (JSON.parse(json) as Hint) : undefined;
  }

  /** A crash before the rename leaves the older hint, whose bytes do not fit the new log. */
  #writeHint(): void {
    const places = [...this.#keydir].map(([key, { offset, size }]): [string, number, number] => [key, offset, size]);
    const json = JSON.stringify({ covered: this.#end, sample: this.#sample(this.#end), places } satisfies Hint);
    const path = `${this.#path}.hint`;
    this.#disk.rmSync(`${path}.new`, { force: true });
    const fd = this.#disk.openSync(`${path}.new`, 'a+');
    this.#disk.writeSync(fd, Buffer.from(`${digest(json)}\n${json}`));
    this.#disk.fsyncSync(fd);
    this.#disk.closeSync(fd);
    this.#disk.renameSync(`${path}.new`, path);
  }

  /** The bytes at both ends of what a hint covers, as a fingerprint. */
  #sample(covered: number): string {
    const size = Math.min(SAMPLE_SIZE, covered);
    return digest(this.#read(0, size), this.#read(covered - size, size));
  }
}
