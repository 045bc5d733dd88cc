/** What must hold at the end of chapter 11: what is dead makes room, what is live stays, and nobody notices. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Clock } from '#engine/clock.ts';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { dataFileName, type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile, type OpenMode } from '#engine/disk/file-system.ts';
import { FileUsage } from '#engine/disk/file-usage.ts';
import { HintBuilder, readHint } from '#engine/disk/hint-file.ts';
import { crc32 } from '#engine/format/crc32.ts';
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import {
  type DecodedHintRecord,
  type HintRecord,
  readHintRecord,
  writeHintRecord,
} from '#engine/format/hint-record.ts';
import {
  decodeRecord,
  encodeRecord,
  FLAG_BATCH,
  KIND_BATCH_END,
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_RANGE_DELETE,
  KIND_SPACE_CREATE,
  KIND_SPACE_DROP,
  KIND_TOMBSTONE,
  type LogRecord,
  type RecordFields,
} from '#engine/format/record.ts';
import { ExpiryQueue } from '#engine/keydir/expiry-queue.ts';
import { type Entry, toKeyString } from '#engine/keydir/keydir.ts';
import { chooseFiles } from '#engine/merge/choose-files.ts';
import { copyLiveRecords } from '#engine/merge/copy-live-records.ts';
import type { MergeJob } from '#engine/merge/merge-job.ts';
import type { DatabaseOptions } from '#engine/options.ts';

let parent = '';
let directory = '';
let opened: Database[] = [];

beforeEach(() => {
  parent = nodeFs.mkdtempSync(join(tmpdir(), 'checkpoint-11-'));
  directory = join(parent, 'db');
});

afterEach(async () => {
  vi.useRealTimers();
  for (const db of opened) await db.close();
  opened = [];
  nodeFs.rmSync(parent, { recursive: true, force: true });
});

/** A store of small files that merges only when it is told to. */
const SMALL: DatabaseOptions = { maxDataFileSize: 1000, merge: { auto: false } };

async function open(options: DatabaseOptions = SMALL, where: string = directory): Promise<Database> {
  const db = await Database.open(where, options);
  opened.push(db);
  return db;
}

async function reopen(db: Database, options: DatabaseOptions = SMALL): Promise<Database> {
  await db.close();
  return open(options, db.directory);
}

/** All keys and values, as text. */
const contents = (store: Pick<Database, 'entries'>): Record<string, string> =>
  Object.fromEntries(Array.from(store.entries(), ([key, value]) => [String(key), String(value)]));
const keysOf = (store: Pick<Database, 'keys'>): string[] => Array.from(store.keys(), String);
const failsWith = (code: string) => expect.objectContaining({ code });

/** Wait, turn by turn of the event loop, until it is so; at most three seconds. */
async function until(what: () => boolean): Promise<boolean> {
  const endMs = performance.now() + 3000;
  while (!what() && performance.now() < endMs) await turn();
  return what();
}

// ------------------------------------------------------------------------------------------------ what lies on the disk

const dataFiles = (): string[] =>
  nodeFs
    .readdirSync(directory)
    .filter(name => parseDataFileName(name) !== undefined)
    .sort();

/** The data files that the manifest lists; only those that do not grow any more. */
function listedFiles(onlySealed = false): string[] {
  const [line] = nodeFs.readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n');
  const { files } = JSON.parse(line!) as { files: { id: number; sealedSize: number | null }[] };
  const found = onlySealed ? files.filter(({ sealedSize }) => sealedSize !== null) : files;
  return found.map(({ id }) => `${String(id).padStart(10, '0')}.data`);
}

type Found = Pick<LogRecord, 'kind' | 'space' | 'seq' | 'size'> & { readonly file: string; readonly key: string };

/** Every record of these files, decoded by chapter 03 and nothing else. */
function recordsIn(files: readonly string[]): Found[] {
  return files.flatMap(file => {
    const bytes = nodeFs.readFileSync(join(directory, file));
    const header = decodeFileHeader(bytes);
    if (typeof header === 'string') throw new Error(`the header of ${file} is ${header}`);
    const found: Found[] = [];
    for (let offset = FILE_HEADER_SIZE; offset < bytes.length; ) {
      const record = decodeRecord(bytes, offset, header.salt, offset);
      if (typeof record === 'string') throw new Error(`${file} is ${record} at offset ${offset}`);
      const { kind, space, seq, key, size } = record;
      found.push({ file, kind, space, seq, key: String(key), size });
      offset += size;
    }
    return found;
  });
}

/** Bytes of the puts that are the newest of their key, counted without the engine's help. */
function liveBytesOnDisk(db: Pick<Database, 'has'>): number {
  const newest = new Map<string, Found>();
  for (const record of recordsIn(listedFiles())) {
    if (record.kind === KIND_PUT && record.seq >= (newest.get(record.key)?.seq ?? 0)) newest.set(record.key, record);
  }
  return Array.from(newest.values()).reduce((sum, { key, size }) => sum + (db.has(key) ? size : 0), 0);
}

/** What the store says of live and dead bytes is what a count of its records says. */
async function expectRightCounts(db: Database): Promise<void> {
  await db.sync();
  const { liveBytes, deadBytes, dataBytes, dataFiles: count } = db.stats;
  expect(liveBytes, 'live bytes').toBe(liveBytesOnDisk(db));
  expect(liveBytes + deadBytes + count * FILE_HEADER_SIZE, 'live, dead and header bytes together').toBe(dataBytes);
}

/** The store as it would be found if the process were killed now: a copy of its directory, without the lock. */
function afterKill(name: string): string {
  const copy = join(parent, name);
  nodeFs.cpSync(directory, copy, { recursive: true, filter: path => basename(path) !== 'LOCK' });
  return copy;
}

/** A directory with data files made by chapters 03 and 04, and no manifest. */
function writeFiles(...files: readonly (readonly Partial<RecordFields>[])[]): void {
  nodeFs.mkdirSync(directory, { recursive: true });
  for (const [n, records] of files.entries()) {
    const file = DataFile.create(nodeFileSystem, directory, (n + 1) as FileId, 0x5eed_0000 + n);
    for (const given of records) {
      const record = { kind: KIND_PUT, seq: 1, key: Buffer.alloc(0), value: Buffer.alloc(0), ...given };
      file.append(encodeRecord(record, file.salt, file.size));
    }
    file.close();
  }
}

const put = (seq: number, key: string, value: string): Partial<RecordFields> => ({
  seq,
  key: Buffer.from(key),
  value: Buffer.from(value),
});

// ------------------------------------------------------------------------------------------- a disk that the power fails

interface Node {
  bytes: Buffer;
  synced: Buffer;
}

/** What of a disk the power left: only what was synced; the names, and not the bytes behind them; one name of several. */
type Cut = 'all unsynced lost' | 'unsynced bytes lost' | 'only the last name kept';
const CUTS: readonly Cut[] = ['all unsynced lost', 'unsynced bytes lost', 'only the last name kept'];

/** A disk in memory that knows what of it would be left. `beforeCall` sees each call that changes names or syncs. */
class Disk implements FileSystem {
  names = new Map<string, Node>();
  #durable = new Map<string, Node>();
  #pending: ((names: Map<string, Node>) => void)[] = [];
  beforeCall: (what: string) => void = () => {};

  open(path: string, mode: OpenMode): OpenFile {
    let node = this.names.get(path);
    if ((node !== undefined) === (mode === 'create')) throw noEntry(path, mode === 'create' ? 'EEXIST' : 'ENOENT');
    if (node === undefined) {
      const made: Node = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) };
      node = made;
      this.#change(names => names.set(path, made));
    }
    return this.#fileOf(node, path);
  }

  #fileOf(node: Node, path: string): OpenFile {
    const sync = (): void => {
      this.beforeCall(`sync ${basename(path)}`);
      node.synced = node.bytes;
    };
    return {
      read: (target, start, size, position) =>
        node.bytes.copy(target as Buffer, start, position, Math.min(position + size, node.bytes.length)),
      write: (bytes, start, size, position) => {
        const grown = Buffer.alloc(Math.max(node.bytes.length, position + size));
        node.bytes.copy(grown);
        grown.set(bytes.subarray(start, start + size), position);
        node.bytes = grown;
        return size;
      },
      truncate: size => {
        node.bytes = Buffer.from(node.bytes.subarray(0, size));
      },
      syncData: sync,
      syncDataLater: async () => {
        await turn();
        sync();
      },
      size: () => node.bytes.length,
      close: () => {},
    };
  }

  list(path: string): string[] {
    return Array.from(this.names.keys())
      .filter(name => dirname(name) === path)
      .map(name => basename(name));
  }

  rename(from: string, to: string): void {
    this.beforeCall(`rename ${basename(from)} to ${basename(to)}`);
    const node = this.names.get(from);
    if (node === undefined) throw noEntry(from, 'ENOENT');
    this.#change(names => {
      names.delete(from);
      names.set(to, node);
    });
  }

  remove(path: string): void {
    this.beforeCall(`remove ${basename(path)}`);
    if (!this.names.has(path)) throw noEntry(path, 'ENOENT');
    this.#change(names => names.delete(path));
  }

  syncDirectory(): void {
    this.beforeCall('sync the directory');
    this.#durable = new Map(this.names);
    this.#pending = [];
  }

  makeDirectory(): void {}
  changeMode(): void {}

  #change(change: (names: Map<string, Node>) => void): void {
    change(this.names);
    this.#pending.push(change);
  }

  /** This disk as it is found when the power comes back. */
  after(cut: Cut): Disk {
    const found = new Disk();
    const names = new Map(cut === 'unsynced bytes lost' ? this.names : this.#durable);
    if (cut === 'only the last name kept') this.#pending.at(-1)?.(names);
    for (const [path, { synced }] of names) found.names.set(path, { bytes: synced, synced });
    found.#durable = new Map(found.names);
    return found;
  }
}

const noEntry = (path: string, code: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/** Run `work`, and hold every disk that a power cut could leave, before each call and at the end, against `judge`. */
async function cutPowerDuring(
  disk: Disk,
  work: () => Promise<unknown>,
  judge: (found: Record<string, string>, where: string) => void,
): Promise<void> {
  const found: { where: string; disk: Disk }[] = [];
  const keep = (call: string): void => {
    if (/^(rename|remove|sync the directory)/.test(call)) {
      for (const cut of CUTS) found.push({ where: `before: ${call} (${cut})`, disk: disk.after(cut) });
    }
  };
  disk.beforeCall = keep;
  await work();
  disk.beforeCall = () => {};
  for (const cut of CUTS) found.push({ where: `at the end (${cut})`, disk: disk.after(cut) });
  const place = join(parent, 'after');
  nodeFs.mkdirSync(place, { recursive: true });
  const seen = new Set<string>();
  for (const { where, disk: left } of found) {
    const print = JSON.stringify(
      Array.from(left.names, ([name, { bytes }]) => [name, bytes.toString('base64')]).sort(),
    );
    if (seen.has(print)) continue;
    seen.add(print);
    const moved = new Disk();
    for (const [name, node] of left.names) moved.names.set(join(place, basename(name)), node);
    const db = await Database.open(place, { ...SMALL, fs: moved });
    judge(contents(db), where);
    await db.close();
  }
}

// -------------------------------------------------------------------------------------------------- merging by itself

const realTimeout = setTimeout;

/** Have all timers stand still, but for {@link letTimePass}. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}

/** So much time passes for timers; the disk gets some time of the real kind to go along. */
async function letTimePass(ms: number, until: () => boolean = () => false): Promise<void> {
  const endMs = performance.now() + 3000;
  for (let passed = 0; passed < ms && performance.now() < endMs && !until(); passed += 500) {
    vi.advanceTimersByTime(500);
    await new Promise(resolve => realTimeout(resolve, 4));
  }
}

/** The same, as much as it takes. */
const letTimePassUntil = (what: () => boolean): Promise<void> => letTimePass(Number.POSITIVE_INFINITY, what);

describe('The index', () => {
  test('live bytes are counted per file, and a file without any is forgotten', () => {
    const usage = new FileUsage();
    const [one, two] = [1 as FileId, 2 as FileId];
    usage.add({ fileId: one, recordSize: 100 });
    usage.add({ fileId: two, recordSize: 30 });
    usage.add({ fileId: two, recordSize: 12 });
    usage.free({ fileId: two, recordSize: 30 });
    expect([usage.liveBytes(one), usage.liveBytes(two), usage.total]).toEqual([100, 12, 112]);
    usage.free({ fileId: one, recordSize: 100 });
    expect([...usage.entries()]).toEqual([[2, 12]]);
  });

  const expiring = (key: string, expiresAtMs: number): Entry => ({
    key: toKeyString(Buffer.from(key)),
    seq: 1,
    tag: 0,
    expiresAtMs,
    orderKey: undefined,
    valueSize: 0,
    fileId: 1 as FileId,
    recordOffset: 32,
    recordSize: 20,
    valueSeq: 1,
  });

  test('what expires comes soonest first, whatever the order in which it went in', () => {
    const queue = new ExpiryQueue(() => true);
    const times = Array.from({ length: 500 }, (_, n) => 1 + ((n * 7919) % 499));
    for (const ms of times) queue.add(expiring(`key ${ms}`, ms));
    expect(queue.due(250, 1000).map(({ expiresAtMs }) => expiresAtMs)).toEqual(
      times.filter(ms => ms <= 250).sort((a, b) => a - b),
    );
    expect(queue.due(250, 3).map(({ expiresAtMs }) => expiresAtMs)).toEqual([1, 1, 2]);
    expect(queue.nextDue(0)).toBeUndefined();
  });

  test('an entry that is not the newest of its key is never due, and does not stay for ever', () => {
    const newest = new Map<string, Entry>();
    const queue = new ExpiryQueue(entry => newest.get(entry.key) === entry);
    for (let n = 0; n < 10_000; n++) {
      const entry = expiring('key', 5000 + n);
      newest.set('key', entry);
      queue.add(entry);
    }
    expect(queue.nextDue(14_998)).toBeUndefined();
    expect(queue.nextDue(14_999)?.expiresAtMs).toBe(14_999);
    newest.clear();
    expect(queue.nextDue(20_000)).toBeUndefined();
    expect(queue.isEmpty).toBe(true);
  });

  test('a key that is renewed again and again leaves no trail of old entries, however far away their time is', async () => {
    let newest: Entry | undefined;
    const queue = new ExpiryQueue(entry => entry === newest);
    const added: WeakRef<Entry>[] = [];
    for (let n = 0; n < 10_000; n++) {
      newest = expiring('session', 5000 + n);
      added.push(new WeakRef(newest));
      queue.add(newest);
    }
    await collectGarbage();
    const held = added.filter(entry => entry.deref() !== undefined).length;
    expect(held, 'entries still in memory, of 10,000 of which one is live').toBeLessThan(2000);
    expect(queue.nextDue(20_000)).toBe(newest);
  });
});

/** Have whatever nobody holds leave the memory. */
async function collectGarbage(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 1)); // A WeakRef holds what it was made for until the turn is over.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Records as a hint has them: one of each form. */
const HINTS: readonly HintRecord[] = [
  {
    kind: KIND_PUT,
    space: 0,
    seq: 7,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    key: 'city',
    valueSize: 6,
    offset: 32,
    size: 21,
    value: Buffer.alloc(0),
  },
  {
    kind: KIND_PUT,
    space: 300,
    seq: 2 ** 40,
    tag: 255,
    expiresAtMs: 1_700_000_000_000,
    orderKey: Buffer.from('orderkey'),
    key: '\u00ff\u0000',
    valueSize: 2 ** 20,
    offset: 53,
    size: 2 ** 20 + 40,
    value: Buffer.alloc(0),
  },
  {
    kind: KIND_TOMBSTONE,
    space: 0,
    seq: 9,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    key: '',
    valueSize: 0,
    offset: 2_000_000,
    size: 11,
    value: Buffer.alloc(0),
  },
  {
    kind: KIND_RANGE_DELETE,
    space: 1,
    seq: 10,
    tag: 0,
    expiresAtMs: 0,
    orderKey: undefined,
    key: 'a',
    valueSize: 1,
    offset: 2_000_011,
    size: 13,
    value: Buffer.from('m'),
  },
];
const LIVE = { id: 3 as FileId, salt: 0x5eed, sealedSize: 2_000_024, minSeq: 7, maxSeq: 2 ** 40 };

describe('Hint records', () => {
  test('a hint record says all that recovery needs, and no value of a put', () => {
    const bytes = Buffer.alloc(1000, 0xaa);
    for (const record of HINTS) {
      const end = writeHintRecord(bytes, 100, record);
      expect(readHintRecord(bytes, 100, end)).toEqual({ ...record, hintSize: end - 100 });
      for (let cut = 100; cut < end; cut++) expect(readHintRecord(bytes, 100, cut)).toBeUndefined();
    }
    expect(writeHintRecord(bytes, 0, HINTS[1]!)).toBeLessThan(50); // Of a record of a megabyte.
  });

  test('what was read of a hint record stays when the bytes that it was read from are used again', () => {
    const bytes = Buffer.alloc(1000);
    const records = HINTS.map(record => {
      const end = writeHintRecord(bytes, 0, record);
      const read = readHintRecord(bytes, 0, end)!;
      bytes.fill(0xaa);
      const { hintSize: _, ...rest } = read;
      return rest;
    });
    expect(records).toEqual(HINTS);
  });

  /** Writes the hint, with these records too; returns its path. */
  function written(...more: HintRecord[]): string {
    nodeFs.mkdirSync(directory, { recursive: true });
    const builder = new HintBuilder();
    for (const record of [...HINTS, ...more]) builder.add(record);
    builder.write(nodeFileSystem, directory, LIVE);
    return join(directory, '0000000003.hint');
  }

  /** The records of the hint; why there are none. */
  function found(live = LIVE): HintRecord[] | string | undefined {
    const hint = readHint(nodeFileSystem, directory, live);
    if (hint === undefined || typeof hint === 'string') return hint;
    const records: HintRecord[] = [];
    for (let record = hint.next(); record !== 'end'; record = hint.next()) {
      const { hintSize: _, ...rest } = record as DecodedHintRecord;
      records.push(rest);
    }
    return records;
  }

  test('what was written is read again, in the same order', () => {
    expect(found()).toBeUndefined();
    written();
    expect(found()).toEqual(HINTS);
  });

  test('a hint counts only for the data file with its number, salt and size', () => {
    written();
    expect(found({ ...LIVE, salt: 0x5eee })).toBeTypeOf('string');
    expect(found({ ...LIVE, sealedSize: LIVE.sealedSize + 1 })).toBeTypeOf('string');
    nodeFs.renameSync(join(directory, '0000000003.hint'), join(directory, '0000000004.hint'));
    expect(found({ ...LIVE, id: 4 as FileId })).toBeTypeOf('string');
  });

  test('a hint with a record that cannot be one of its data file is no hint, whatever its checksum says', () => {
    written({ ...HINTS[0]!, offset: LIVE.sealedSize, size: 13 });
    expect(found()).toBeTypeOf('string');
  });

  /** The hint with a change that its checksum knows of. */
  function rewritten(change: (bytes: Buffer) => void): ReturnType<typeof found> {
    const path = written();
    const bytes = nodeFs.readFileSync(path);
    change(bytes);
    bytes.writeUInt32LE(crc32(bytes, 0, bytes.length - 4), bytes.length - 4);
    nodeFs.writeFileSync(path, bytes);
    return found();
  }

  test('a hint with another number of records than its header says is no hint', () => {
    const countAt = 28;
    expect(rewritten(bytes => bytes.writeUInt32LE(HINTS.length, countAt))).toEqual(HINTS);
    expect(rewritten(bytes => bytes.writeUInt32LE(HINTS.length + 1, countAt))).toBeTypeOf('string');
    expect(rewritten(bytes => bytes.writeUInt32LE(HINTS.length - 1, countAt))).toBeTypeOf('string');
  });

  test('a hint of a later version is read when its header allows it, and else is none', () => {
    const [versionAt, minReaderAt] = [8, 10];
    expect(rewritten(bytes => bytes.writeUInt16LE(2, versionAt))).toEqual(HINTS);
    expect(rewritten(bytes => bytes.writeUInt16LE(2, minReaderAt))).toBeTypeOf('string');
  });

  test('a hint that the disk has no room for is none, and nobody is bothered with it', () => {
    nodeFs.mkdirSync(directory, { recursive: true });
    const full = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    const builder = new HintBuilder();
    for (const record of HINTS) builder.add(record);
    builder.write({ ...nodeFileSystem, open: full }, directory, LIVE);
    expect(found()).toBeUndefined();
  });

  test('a hint with any bit flipped, or cut anywhere, is no hint', () => {
    const path = written();
    const bytes = nodeFs.readFileSync(path);
    for (let n = 0; n < bytes.length; n++) {
      const bad = Buffer.from(bytes);
      bad[n]! ^= 1 << (n % 8);
      nodeFs.writeFileSync(path, bad);
      expect(found(), `bit ${n % 8} of byte ${n}`).toBeTypeOf('string');
      nodeFs.writeFileSync(path, bytes.subarray(0, n));
      expect(found(), `cut to ${n} bytes`).toBeTypeOf('string');
    }
  });
});

describe('Copy', () => {
  /** A job for the files that `writeFiles` has made; nothing is live, and nothing else needed. */
  function jobOf(files: number, given: Partial<MergeJob> = {}): MergeJob {
    const inputs = Array.from({ length: files }, (_, n) => {
      const id = (n + 1) as FileId;
      const { size } = nodeFs.statSync(join(directory, dataFileName(id)));
      return {
        live: { id, salt: 0x5eed_0000 + n, sealedSize: size, minSeq: 1, maxSeq: 100 },
        offsets: Float64Array.from([]),
      };
    });
    return {
      kind: 'merge',
      directory,
      inputs,
      patchSeqs: Float64Array.from([]),
      spaceIds: [0],
      lowestSeqOutside: Number.POSITIVE_INFINITY,
      firstFileId: files + 1,
      maxDataFileSize: 1_000_000,
      ...given,
    };
  }

  /** The same with these records live, by their numbers in the order of the files. */
  function withLive(job: MergeJob, ...numbers: readonly number[]): MergeJob {
    let number = 0;
    const inputs = job.inputs.map(input => {
      const offsets = offsetsIn(dataFileName(input.live.id)).filter(() => numbers.includes(number++));
      return { ...input, offsets: Float64Array.from(offsets.reverse()) }; // In any order.
    });
    return { ...job, inputs };
  }

  function offsetsIn(file: string): number[] {
    const offsets = [FILE_HEADER_SIZE];
    for (const { size } of recordsIn([file])) offsets.push(offsets.at(-1)! + size);
    return offsets.slice(0, -1);
  }

  const copy = (job: MergeJob) => copyLiveRecords(nodeFileSystem, job, async () => {});

  /** The files that the copy has made, by the name of files that do not count yet. */
  function made(): string[] {
    const names = nodeFs.readdirSync(directory).filter(name => name.endsWith('.merging'));
    expect(names, 'files named NNNNNNNNNN.merging in the directory').not.toEqual([]);
    return names.sort();
  }

  test('a put is copied when an entry points to it; all it says stays, and where it lies is told', async () => {
    const full = { tag: 9, expiresAtMs: 5000, orderKey: Buffer.from('orderkey'), space: 3, syncedTo: 2 };
    writeFiles([put(1, 'dead', 'x'), { ...put(4, 'live', 'value'), ...full }], [put(5, 'last', 'y')]);
    const { outputs, moved } = await copy(withLive(jobOf(2), 1, 2));
    expect(recordsIn(made())).toMatchObject([
      { key: 'live', seq: 4, space: 3 },
      { key: 'last', seq: 5, space: 0 },
    ]);
    const bytes = nodeFs.readFileSync(join(directory, made()[0]!));
    const { live } = outputs[0]!;
    for (const [n, key] of ['live', 'last'].entries()) {
      const { fileIds, offsets, sizes } = moved[n]!;
      expect([fileIds[0], live.id]).toEqual([3, 3]);
      const record = decodeRecord(bytes, offsets[0]!, live.salt, offsets[0]!);
      expect(record).toMatchObject({ key: Buffer.from(key), size: sizes[0], batch: false, syncedTo: 0 });
      if (key === 'live') expect(record).toMatchObject({ ...full, syncedTo: 0, value: Buffer.from('value') });
    }
    expect(live).toMatchObject({ sealedSize: bytes.length, minSeq: 4, maxSeq: 5 });
  });

  test('what deletes goes when no record outside can be older, and stays when one can', async () => {
    const deletes = [KIND_TOMBSTONE, KIND_RANGE_DELETE, KIND_SPACE_DROP].map((kind, n) => ({
      ...put(20 + n, 'k', ''),
      kind,
      space: n,
    }));
    writeFiles(deletes);
    expect((await copy(jobOf(1, { lowestSeqOutside: 23 }))).outputs).toEqual([]);
    const { outputs } = await copy(jobOf(1, { lowestSeqOutside: 21 }));
    const kept = recordsIn(made()).map(({ seq }) => seq);
    expect(kept, 'seqs of what deletes, in the new file').toEqual([21, 22]);
    expect(outputs[0]!.live).toMatchObject({ minSeq: 21, maxSeq: 22 });
  });

  test('a change of expiry and a space go when they do not hold any more', async () => {
    const patch = (seq: number) => ({ ...put(seq, 'k', '\u0001'), kind: KIND_EXPIRY_PATCH, expiresAtMs: 9 });
    const create = (seq: number, space: number) => ({ ...put(seq, '', '\u0001'), kind: KIND_SPACE_CREATE, space });
    writeFiles([patch(2), patch(3), create(4, 7), create(5, 8)]);
    await copy(jobOf(1, { patchSeqs: Float64Array.of(3), spaceIds: [0, 8] }));
    const kept = recordsIn(made()).map(({ seq }) => seq);
    expect(kept, 'seqs of changes of expiry and spaces, in the new file').toEqual([3, 5]);
  });

  test('members of a batch become records of their own, and its end goes', async () => {
    writeFiles([
      { ...put(1, 'a', '1'), batch: true },
      { ...put(2, 'b', '2'), batch: true },
      { ...put(2, '', 'end'), kind: KIND_BATCH_END },
    ]);
    await copy(withLive(jobOf(1), 0, 1));
    const [file] = made();
    expect(recordsIn([file!]).map(({ kind, key }) => [kind, key])).toEqual([
      [KIND_PUT, 'a'],
      [KIND_PUT, 'b'],
    ]);
    const flagsAt = FILE_HEADER_SIZE + 5;
    const flags = nodeFs.readFileSync(join(directory, file!))[flagsAt]!;
    expect(flags & FLAG_BATCH, 'the BATCH flag of the first copied record').toBe(0);
  });

  test('where a record lies is told in the order in which its input was asked about', async () => {
    writeFiles([put(1, 'a', '1'), put(2, 'b', '22'), put(3, 'dead', 'x'), put(4, 'c', '333'), put(5, 'd', '4444')]);
    const [a, b, , c, d] = offsetsIn('0000000001.data');
    const job = jobOf(1);
    const asked = [c!, a!, d!, b!];
    const inputs = [{ ...job.inputs[0]!, offsets: Float64Array.from(asked) }];
    const { outputs, moved } = await copy({ ...job, inputs });
    const bytes = nodeFs.readFileSync(join(directory, made()[0]!));
    const { salt } = outputs[0]!.live;
    const keys = Array.from(moved[0]!.offsets, offset => {
      const record = decodeRecord(bytes, offset, salt, offset);
      return typeof record === 'string' ? record : String(record.key);
    });
    expect(keys, 'keys of the records at moved[0].offsets').toEqual(['c', 'a', 'd', 'b']);
  });

  test('a place at which no record begins ends it: an entry points to nothing', async () => {
    writeFiles([put(1, 'a', '1'), put(2, 'b', '2')]);
    const job = withLive(jobOf(1), 0, 1);
    for (const wrong of [FILE_HEADER_SIZE + 1, job.inputs[0]!.live.sealedSize!]) {
      const offsets = Float64Array.from([...job.inputs[0]!.offsets, wrong]);
      const asked = { ...job, inputs: [{ ...job.inputs[0]!, offsets }], firstFileId: wrong };
      await expect(copy(asked), `asked for offset ${wrong}`).rejects.toMatchObject({ code: 'CORRUPT' });
    }
  });

  test('of an input only what the manifest lists is read: this file, up to this size', async () => {
    writeFiles([put(1, 'a', '1'), put(2, 'b', '2')]);
    const job = withLive(jobOf(1), 0, 1);
    const [{ live, offsets }] = job.inputs as [MergeJob['inputs'][number]];
    const path = join(directory, '0000000001.data');
    nodeFs.chmodSync(path, 0o644);
    nodeFs.appendFileSync(path, 'bytes of a write that the disk had no room for');
    await copy(job);
    expect(recordsIn(made()).map(({ key }) => key)).toEqual(['a', 'b']);
    const ofAnother = { ...job, inputs: [{ live: { ...live, salt: live.salt + 1 }, offsets }], firstFileId: 10 };
    await expect(copy(ofAnother), 'a file with another salt').rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('it says now and then how many bytes it has read', async () => {
    const puts = Array.from({ length: 30 }, (_, n) => put(n + 1, `key ${n}`, 'v'.repeat(10_000)));
    writeFiles(puts.slice(0, 15), puts.slice(15));
    const told: number[] = [];
    await copyLiveRecords(nodeFileSystem, jobOf(2), async bytesRead => {
      told.push(bytesRead);
    });
    expect(told.length, 'calls of pace while 300,000 bytes are read').toBeGreaterThan(1);
    const ascending = [...told].sort((a, b) => a - b);
    expect(told, 'bytes read, as they were told').toEqual(ascending);
    expect(told.at(-1), 'bytes read in both files').toBeGreaterThan(150_000);
    expect(told.at(-1), 'bytes read in both files').toBeLessThan(310_000);
  });

  test('damage in an input ends it, with file and offset, and no new data file is there', async () => {
    writeFiles([put(1, 'a', '1'), put(2, 'b', '2'), put(3, 'c', '3')]);
    const [, second] = offsetsIn('0000000001.data');
    const job = withLive(jobOf(1), 0, 2);
    const path = join(directory, '0000000001.data');
    const bytes = nodeFs.readFileSync(path);
    bytes[second! + 12]! ^= 4;
    nodeFs.writeFileSync(path, bytes);
    await expect(copy(job)).rejects.toMatchObject({ code: 'CORRUPT', file: '0000000001.data', offset: second });
    expect(dataFiles()).toEqual(['0000000001.data']);
  });

  test('a file that is full is followed by another, and each is on the disk at the end', async () => {
    const disk = new Disk();
    const file = disk.open(join(directory, '0000000001.data'), 'create');
    let bytes = encodeFileHeader({ fileId: 1, salt: 7 });
    const offsets: number[] = [];
    for (let seq = 1; seq <= 9; seq++) {
      offsets.push(bytes.length);
      const record = { kind: KIND_PUT, seq, key: Buffer.from(`k${seq}`), value: Buffer.alloc(40, 'v') };
      bytes = Buffer.concat([bytes, encodeRecord(record, 7, bytes.length)]);
    }
    file.write(bytes, 0, bytes.length, 0);
    const live = { id: 1 as FileId, salt: 7, sealedSize: bytes.length, minSeq: 1, maxSeq: 9 };
    const job: MergeJob = {
      ...{ kind: 'merge', directory, inputs: [{ live, offsets: Float64Array.from(offsets) }], spaceIds: [0] },
      ...{ patchSeqs: Float64Array.of(), lowestSeqOutside: 100, firstFileId: 5, maxDataFileSize: 200 },
    };
    const { outputs } = await copyLiveRecords(disk, job, async () => {});
    expect(outputs.length).toBeGreaterThan(1);
    for (const { live: output } of outputs) {
      const node = disk.names.get(join(directory, `${String(output.id).padStart(10, '0')}.merging`))!;
      expect(node.synced.length, `bytes of file ${output.id} that are synced at the end`).toBe(output.sealedSize);
    }
  });
});

describe('Which files', () => {
  test('the files with the largest dead share are chosen, and none when there is little to win', () => {
    const file = (id: number, sealedSize: number, deadBytes: number) => ({
      live: { id: id as FileId, salt: id, sealedSize: sealedSize + FILE_HEADER_SIZE, minSeq: id, maxSeq: id },
      deadBytes,
    });
    const files = [file(1, 1000, 500), file(2, 1000, 900), file(3, 1000, 499), file(4, 4000, 3000), file(5, 1000, 0)];
    const chosen = (minDeadBytes: number, deadShare = 0.5): number[] =>
      chooseFiles(files, { deadShare, minDeadBytes }).map(({ id }) => id);
    expect(chosen(1000)).toEqual([2, 4, 1]);
    expect(chosen(4400)).toEqual([2, 4, 1]);
    expect(chosen(4401)).toEqual([]);
    expect(chosen(1, 0.8)).toEqual([2]);
  });
});

describe('What is dead', () => {
  test('live and dead bytes are what a count of the records says, after puts, deletes and batches', async () => {
    const db = await open();
    for (let n = 0; n < 30; n++) db.put(`key ${n}`, `value ${n}`);
    await expectRightCounts(db);
    for (let n = 0; n < 30; n += 2) db.put(`key ${n}`, `another value ${n}`);
    await expectRightCounts(db);
    for (let n = 0; n < 30; n += 3) db.delete(`key ${n}`);
    await expectRightCounts(db);
    db.batch().put('key 1', 'in a batch').put('key 0', 'in a batch').delete('key 2').commit();
    await expectRightCounts(db);
    for (const key of keysOf(db)) db.delete(key);
    expect(db.stats.liveBytes).toBe(0);
  });

  test('an overwrite leaves as many live bytes and more dead ones', async () => {
    const db = await open();
    db.put('key', 'first');
    const { liveBytes } = db.stats;
    db.put('key', 'later');
    expect(db.stats).toMatchObject({ liveBytes, deadBytes: liveBytes });
    db.delete('key');
    expect(db.stats.liveBytes).toBe(0);
  });

  test('recovery counts anew and comes to the same', async () => {
    const db = await open();
    for (let n = 0; n < 60; n++) db.put(`key ${n % 20}`, `value ${n}`);
    for (let n = 0; n < 5; n++) db.delete(`key ${n}`);
    const { liveBytes, deadBytes } = db.stats;
    expect((await reopen(db)).stats).toMatchObject({ liveBytes, deadBytes });
  });
});

describe('Spaces', () => {
  test('the same key in two spaces is two keys, also after a reopen', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    db.put('k', 'of the default space');
    space.put('k', 'of the other');
    space.put('l', 'only here');
    const again = await reopen(db);
    expect([String(again.get('k')), again.has('l')]).toEqual(['of the default space', false]);
    expect(String(again.space(space.id)!.get('k'))).toBe('of the other');
    expect(again.spaces().map(({ id, order, size }) => [id, order, size])).toEqual([
      [0, 'key', 1],
      [1, 'hash', 2],
    ]);
  });

  test('to drop a space is one record, and its id is never used again', async () => {
    let db = await open();
    const space = db.createSpace({ order: 'key' });
    for (let n = 0; n < 20; n++) space.put(`key ${n}`, 'value');
    const { position } = db;
    expect(db.dropSpace(space.id)).toBe(position + 1);
    expect(() => space.get('key 1')).toThrow(failsWith('NO_SPACE_WITH_ID'));
    expect(() => db.dropSpace(0)).toThrow(failsWith('INVALID_ARGUMENT'));
    expect([db.space(space.id), db.stats.liveBytes]).toEqual([undefined, 0]);
    db = await reopen(db);
    await db.merge();
    db = await reopen(db);
    expect(db.spaces().map(({ id }) => id)).toEqual([0]);
    expect(db.createSpace({ order: 'hash' }).id).toBe(space.id + 1);
  });

  test('a space of order hash lists all keys once, in an order that a reopen keeps, and knows no ranges', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    const keys = Array.from({ length: 300 }, (_, n) => `key ${n}`);
    for (const key of keys) space.put(key, '');
    for (const key of keys.splice(100, 150)) space.delete(key);
    const listed = keysOf(space);
    expect([...listed].sort()).toEqual([...keys].sort());
    expect(listed).not.toEqual([...keys].sort());
    expect(() => space.keys({ gte: 'key' })).toThrow(failsWith('UNSUPPORTED'));
    expect(keysOf((await reopen(db)).space(space.id)!)).toEqual(listed);
  });

  test('one batch over two spaces is all or none', async () => {
    const db = await open();
    const { id } = db.createSpace({ order: 'key' });
    db.batch().put('a', '1').put('a', '2', { space: id }).commit();
    const batch = db.batch().put('a', '3').put('b', '4', { space: id });
    db.dropSpace(id);
    expect(() => batch.commit()).toThrow(failsWith('NO_SPACE_WITH_ID'));
    expect(contents(db)).toEqual({ a: '1' });
  });

  test('a snapshot still reads a space that has been dropped', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'key' });
    space.put('k', 'v');
    const snapshot = db.snapshot();
    db.dropSpace(space.id);
    expect(String(snapshot.space(space.id)!.get('k'))).toBe('v');
    snapshot.close();
  });

  test('the record that drops a space counts whichever file is read first', async () => {
    const space = 3;
    writeFiles(
      [{ kind: KIND_SPACE_DROP, space, seq: 9 }],
      [{ ...put(5, 'k', 'v'), space }],
      [{ kind: KIND_SPACE_CREATE, space, seq: 4, value: Buffer.of(1) }, put(10, 'a', '1')],
    );
    const db = await open();
    expect([db.spaces().length, contents(db)]).toEqual([1, { a: '1' }]);
    expect(db.createSpace({ order: 'key' }).id).toBe(4);
  });

  test('a key of a space that nothing has made is damage', async () => {
    writeFiles([{ ...put(1, 'k', 'v'), space: 3 }]);
    await expect(open()).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('verify names a space that nothing has made, and repair makes it', async () => {
    const db = await open();
    db.createSpace({ order: 'hash' }).put('k', 'v');
    expect((await db.verify()).problems, 'in an open store that is whole').toEqual([]);
    await db.close();
    expect((await Database.verify(directory)).problems, 'in a closed store that is whole').toEqual([]);
    directory = join(parent, 'without its space');
    writeFiles([{ ...put(1, 'k', 'v'), space: 3 }, put(2, 'a', '1')]);
    const { problems } = await Database.verify(directory);
    expect(problems.map(({ code }) => code)).toContain('SPACE');
    await Database.repair(directory, { spaceOrder: 'hash' });
    const repaired = await open();
    expect([contents(repaired), repaired.space(3)?.order]).toEqual([{ a: '1' }, 'hash']);
    expect(contents(repaired.space(3)!)).toEqual({ k: 'v' });
  });
});

describe('Expiry', () => {
  let nowMs = 0;
  const timed: DatabaseOptions = { ...SMALL, now: () => nowMs };
  beforeEach(() => {
    nowMs = 1_000_000;
    stopTime(); // The store looks for due keys now and then: only when a test says so.
  });

  test('a key is absent from its time on, whoever asks and however', async () => {
    const db = await open(timed);
    for (const key of ['get', 'has', 'entry', 'delete', 'expire', 'list']) db.put(key, 'v', { expiresAtMs: 1_000_500 });
    db.put('stays', 'v');
    nowMs = 1_000_499;
    expect(db.has('get')).toBe(true);
    nowMs = 1_000_500;
    expect([db.get('get'), db.has('has'), db.getEntry('entry')]).toEqual([undefined, false, undefined]);
    expect([db.delete('delete'), db.expire('expire', 100)]).toEqual([undefined, undefined]);
    expect([keysOf(db), db.size]).toEqual([['stays'], 1]);
  });

  test('the first to see that a key is due writes its tombstone: a clock set back revives nothing', async () => {
    let db = await open(timed);
    db.put('seen', 'v', { expiresAtMs: 1_000_500 });
    db.put('unseen', 'v', { expiresAtMs: 1_000_500 });
    nowMs = 1_000_500;
    expect(db.has('seen')).toBe(false);
    await db.sync();
    expect(recordsIn(listedFiles()).filter(({ kind }) => kind === KIND_TOMBSTONE)).toMatchObject([{ key: 'seen' }]);
    nowMs = 1_000_000;
    db = await reopen(db, timed);
    expect([db.has('seen'), db.has('unseen')]).toEqual([false, true]);
  });

  test('the clock stands still while that of the system is behind', () => {
    let now = 500;
    const clock = new Clock(() => now);
    const seen = [500, 700, 100, 699, 701].map(ms => {
      now = ms;
      return clock.now();
    });
    expect(seen).toEqual([500, 700, 700, 700, 701]);
  });

  test('expireAt changes when a key goes without writing its value again', async () => {
    let db = await open(timed);
    const value = 'v'.repeat(5000);
    db.put('sooner', value, { tag: 5 });
    db.put('stays', value, { expiresAtMs: 1_000_100 });
    const { dataBytes, liveBytes } = db.stats;
    expect([db.expireAt('sooner', 1_000_300), db.expireAt('stays', undefined)]).toEqual([3, 4]);
    expect(db.stats.dataBytes - dataBytes).toBeLessThan(120);
    expect(db.stats.liveBytes).toBe(liveBytes);
    db = await reopen(db, timed);
    expect(db.getEntry('sooner')).toEqual({ value: Buffer.from(value), seq: 3, tag: 5, expiresAtMs: 1_000_300 });
    nowMs = 1_000_300;
    expect(keysOf(db)).toEqual(['stays']);
  });

  test('a change of expiry belongs to one value, whichever file is read first', async () => {
    const expiry = { kind: KIND_EXPIRY_PATCH, expiresAtMs: 1_000_100, value: Buffer.of(2) };
    writeFiles(
      [
        { ...expiry, seq: 6, key: Buffer.from('of an older value') },
        { ...expiry, seq: 7, key: Buffer.from('of this value') },
      ],
      [put(5, 'of this value', '2'), put(8, 'of an older value', '2')],
      [put(4, 'of an older value', '1')],
    );
    const db = await open(timed);
    expect(db.getEntry('of an older value')).toEqual({ value: Buffer.from('2'), seq: 8, tag: 0 });
    expect(db.getEntry('of this value')).toMatchObject({ seq: 7, expiresAtMs: 1_000_100 });
  });

  test('ttl, expire and persist', async () => {
    const db = await open(timed);
    db.put('a', '1');
    expect([db.ttl('a'), db.ttl('absent')]).toEqual([Number.POSITIVE_INFINITY, undefined]);
    expect([db.expire('a', 100), db.expire('absent', 100)]).toEqual([2, undefined]);
    nowMs += 40;
    expect(db.ttl('a')).toBe(60);
    expect([db.persist('a'), db.persist('a')]).toEqual([3, undefined]);
    nowMs += 1000;
    expect(db.has('a')).toBe(true);
  });

  test('a snapshot judges by the time at which it was made', async () => {
    const db = await open(timed);
    db.put('k', 'v', { expiresAtMs: 1_000_500 });
    const snapshot = db.snapshot();
    nowMs = 1_000_500;
    expect([db.has('k'), String(snapshot.get('k'))]).toEqual([false, 'v']);
    snapshot.close();
  });

  test('keys that nobody asks for go as well, when others are put', async () => {
    const db = await open(timed);
    for (let n = 0; n < 8; n++) db.put(`due ${n}`, 'v', { expiresAtMs: 1_000_500 });
    nowMs = 1_000_500;
    for (let n = 0; n < 8; n++) db.put(`key ${n}`, 'v');
    await db.sync();
    expect(recordsIn(listedFiles()).filter(({ kind }) => kind === KIND_TOMBSTONE)).toHaveLength(8);
  });

  test('keys that nobody asks for go in the end, when nothing else happens', async () => {
    const db = await open(timed);
    for (let n = 0; n < 8; n++) db.put(`due ${n}`, 'v', { expiresAtMs: 1_000_500 });
    nowMs = 1_000_500;
    await letTimePassUntil(() => db.stats.keys === 0);
    await db.sync();
    expect(recordsIn(listedFiles()).filter(({ kind }) => kind === KIND_TOMBSTONE)).toHaveLength(8);
  });

  test('a merge keeps changes of expiry, and spaces with all that their records say', async () => {
    const db = await open(timed);
    overwrite(db, 3);
    const { id } = db.createSpace({ order: 'hash' });
    db.space(id)!.put('k', 'v', { tag: 7, expiresAtMs: 5_000_000, orderKey: Buffer.from('orderkey') });
    db.put('patched', '2');
    db.expireAt('patched', 9_000_000);
    const seen = (store: Database) => [store.space(id)?.getEntry('k'), store.getEntry('patched')];
    const before = seen(db);
    expect((await db.merge()).files).toBeGreaterThan(1);
    expect(seen(db)).toEqual(before);
    expect(seen(await reopen(db, timed))).toEqual(before);
  });

  test('a key whose expiry is changed while a merge runs is found where the merge has put it', async () => {
    vi.useRealTimers();
    const disk = new Disk();
    nodeFs.mkdirSync(directory);
    const db = await open({ ...timed, fs: disk });
    overwrite(db, 4);
    let isChanged = false;
    disk.beforeCall = call => {
      if (isChanged || !/^sync .*\.merging/.test(call)) return;
      isChanged = true; // The copy is made, and nothing points to it yet.
      for (let n = 0; n < 10; n++) db.expireAt(`key ${n}`, 2_000_000);
    };
    const before = contents(db);
    await db.merge();
    for (let n = 0; n < 20; n++) await turn(); // The old files go.
    expect([isChanged, contents(db)]).toEqual([true, before]);
    expect(db.getEntry('key 3')).toMatchObject({ expiresAtMs: 2_000_000 });
    expect(contents(await reopen(db, { ...timed, fs: disk }))).toEqual(before);
  });

  test('where expiry is left to the caller, a key that is due is there until he removes it', async () => {
    const db = await open({ ...timed, expiry: 'caller' });
    const space = db.createSpace({ order: 'hash' });
    for (const [key, ms] of [
      ['b', 200],
      ['a', 100],
      ['c', 300],
    ] as const)
      space.put(key, 'v', { expiresAtMs: 1_000_000 + ms });
    nowMs = 1_000_250;
    expect([space.size, String(space.get('a'))]).toEqual([3, 'v']);
    expect(space.due(nowMs, 10).map(({ key }) => key)).toEqual(['a', 'b']);
    space.delete('a');
    space.expireAt('b', 2_000_000);
    expect(space.due(nowMs, 10)).toEqual([]);
  });
});

describe('Ranges', () => {
  const KEYS = ['', 'a', 'ab', 'b', 'ba', 'c', '\u00ff'];

  test('deleteRange removes what the range holds and nothing else, with one record', async () => {
    for (const [range, left] of [
      [{ gte: 'ab', lt: 'ba' }, ['', 'a', 'ba', 'c', '\u00ff']],
      [{ gt: 'ab', lte: 'ba' }, ['', 'a', 'ab', 'c', '\u00ff']],
      [{ prefix: 'a' }, ['', 'b', 'ba', 'c', '\u00ff']],
      [{ gte: 'b' }, ['', 'a', 'ab']],
      [{}, []],
    ] as const) {
      directory = join(parent, JSON.stringify(range).replace(/\W/g, '_'));
      const db = await open();
      for (const key of KEYS) db.put(key, 'v');
      expect(db.deleteRange(range)).toBe(KEYS.length + 1);
      expect([keysOf(db), db.size]).toEqual([left, left.length]);
      await db.sync();
      expect(recordsIn(listedFiles()).filter(({ kind }) => kind !== KIND_PUT)).toMatchObject([
        { kind: KIND_RANGE_DELETE },
      ]);
      expect(keysOf(await reopen(db))).toEqual(left);
    }
  });

  test('where no key is, nothing is written', async () => {
    const db = await open();
    db.put('a', '1');
    db.put('c', '3');
    for (const range of [{ gt: 'a', lt: 'c' }, { prefix: 'b' }, { gte: 'c', lt: 'a' }]) {
      expect(db.deleteRange(range)).toBeUndefined();
    }
    expect([db.position, db.clear(), db.clear()]).toEqual([2, 3, undefined]);
  });

  test('what is put later stays, and what was put earlier goes, whichever file is read first', async () => {
    const range = (seq: number, from: string, to: string) => ({ ...put(seq, from, to), kind: KIND_RANGE_DELETE });
    writeFiles(
      [range(20, 'b', 'd'), range(12, 'c', '')],
      [put(5, 'a', 'older'), put(6, 'b', 'older'), put(7, 'c', 'older'), put(8, 'd', 'older'), put(11, 'e', 'older')],
      [put(21, 'b', 'newer'), put(19, 'c', 'older'), put(13, 'e', 'newer')],
    );
    expect(contents(await open())).toEqual({ a: 'older', b: 'newer', e: 'newer' });
  });

  test('a batch, a write and a transaction remove ranges with all else that they do', async () => {
    const db = await open();
    const fill = (): void => {
      for (const key of KEYS) db.put(key, 'v');
    };
    const left = ['', 'b', 'ba', 'c', '\u00ff'];
    fill();
    db.batch().put('aa', '1').deleteRange({ prefix: 'a' }).put('b', '2').commit();
    expect(keysOf(db), 'after a batch').toEqual(left);
    fill();
    await db.write([{ type: 'deleteRange', prefix: 'a' }]);
    expect(keysOf(db), 'after a write').toEqual(left);
    fill();
    const isRemoved = db.transaction(tx => {
      tx.put('aa', '1');
      const removed = [tx.deleteRange({ prefix: 'a' }), tx.deleteRange({ prefix: 'a' })];
      expect(keysOf(tx), 'within the transaction').toEqual(left);
      tx.put('a', 'since');
      return removed;
    });
    expect(isRemoved, 'whether there was a key in the range').toEqual([true, false]);
    expect(contents(db), 'after a transaction').toMatchObject({ a: 'since', b: 'v' });
    expect(keysOf(db), 'after a transaction').toEqual(['', 'a', 'b', 'ba', 'c', '\u00ff']);
    const failing = (): void =>
      db.transaction(tx => {
        tx.clear();
        throw new Error('changed my mind');
      });
    expect(failing).toThrow('changed my mind');
    const before = contents(db);
    expect(contents(await reopen(db))).toEqual(before);
  });

  test('an optimistic transaction that has read a key of a range runs again when that range is removed meanwhile', async () => {
    const db = await open();
    db.put('a', '1');
    let attempts = 0;
    await db.optimistic(async tx => {
      const isThere = tx.has('a');
      await turn();
      if (++attempts === 1) db.deleteRange({ prefix: 'a' });
      tx.put('seen', isThere ? 'there' : 'gone');
    });
    expect([attempts, contents(db)]).toEqual([2, { seen: 'gone' }]);
  });

  test('live and dead bytes are what a count of the records says, after ranges too', async () => {
    const db = await open();
    for (let n = 0; n < 30; n++) db.put(`key ${n}`, `value ${n}`);
    db.deleteRange({ gte: 'key 2', lt: 'key 4' });
    await expectRightCounts(db);
    db.clear();
    expect(db.stats.liveBytes).toBe(0);
    await expectRightCounts(db);
  });

  test('a merge of everything that ranges and a dropped space have removed leaves nothing', async () => {
    const db = await open();
    overwrite(db, 2);
    const space = db.createSpace({ order: 'key' });
    space.put('k', 'v');
    db.dropSpace(space.id);
    db.clear();
    const { position } = db;
    expect(await db.merge()).toMatchObject({ bytesAfter: 0 });
    const again = await reopen(db);
    expect([again.size, again.spaces().length]).toEqual([0, 1]);
    expect(again.put('first', 'since')).toBeGreaterThan(position);
  });

  test('a space of order hash can be cleared, and only as a whole', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    db.put('a', '1');
    space.put('a', '1');
    space.put('b', '2');
    expect(() => space.deleteRange({ gte: 'a' })).toThrow(failsWith('UNSUPPORTED'));
    expect(space.clear()).toBe(db.position);
    const again = await reopen(db);
    expect([keysOf(again), keysOf(again.space(1)!)]).toEqual([['a'], []]);
  });
});

/** Ten rounds over fifty keys: of ten records, nine are dead. */
function overwrite(db: Pick<Database, 'put'>, rounds = 10): void {
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 20; n++) db.put(`key ${n}`, `value ${n} of round ${round}`);
  }
}

describe('Merge', () => {
  test('after a merge everything is there, in as much room as that takes, also after a reopen', async () => {
    const db = await open();
    overwrite(db);
    const before = contents(db);
    const { liveBytes } = db.stats;
    const report = await db.merge();
    expect(report.bytesBefore).toBeGreaterThan(8 * report.bytesAfter);
    expect(db.stats).toMatchObject({ liveBytes, deadBytes: 0 });
    expect(contents(db)).toEqual(before);
    const again = await reopen(db);
    expect(contents(again)).toEqual(before);
    expect(again.stats).toMatchObject({ liveBytes, deadBytes: 0 });
  });

  test('the old files are gone, and where nothing is dead nothing is done', async () => {
    const db = await open();
    overwrite(db);
    const [first] = dataFiles();
    await db.merge();
    expect(await until(() => dataFiles().length === listedFiles().length)).toBe(true);
    const after = dataFiles();
    expect(after).toEqual([...listedFiles()].sort());
    expect(after).not.toContain(first);
    expect(await db.merge()).toMatchObject({ files: 0 });
    expect(dataFiles()).toEqual(after);
  });

  test('a record keeps its seq, tag, expiry and order key', async () => {
    const options: DatabaseOptions = { ...SMALL, now: () => 1000 };
    const db = await open(options);
    overwrite(db, 3);
    db.put('k', 'v', { tag: 7, expiresAtMs: 5000, orderKey: Buffer.from('orderkey') });
    db.batch().put('in a batch', '1').put('beside it', '2', { tag: 8 }).commit();
    const seen = (store: Database) => ['k', 'in a batch', 'beside it', 'key 3'].map(key => store.getEntry(key));
    const before = seen(db);
    expect((await db.merge()).files).toBeGreaterThan(1);
    expect(seen(db)).toEqual(before);
    expect(seen(await reopen(db, options))).toEqual(before);
  });

  test('a merge drops nothing by the clock', async () => {
    const options: DatabaseOptions = { ...SMALL, now: () => 1000 }; // 1970: for the system, all of this is long due.
    let db = await open(options);
    db.put('expires', 'later', { expiresAtMs: 2000 });
    overwrite(db, 3);
    await db.merge();
    expect(String(db.get('expires'))).toBe('later');
    db = await reopen(db, options);
    expect(String(db.get('expires'))).toBe('later');
  });

  test('what is changed while a merge runs stays changed', async () => {
    const disk = new Disk();
    nodeFs.mkdirSync(directory);
    const db = await open({ ...SMALL, fs: disk });
    overwrite(db);
    const model = contents(db);
    let isChanged = false;
    disk.beforeCall = call => {
      if (isChanged || !/^sync .*\.merging/.test(call)) return;
      isChanged = true; // The copy is made, and nothing points to it yet.
      for (let n = 0; n < 12; n++) {
        db.put(`key ${n}`, 'put meanwhile');
        model[`key ${n}`] = 'put meanwhile';
      }
      for (let n = 16; n < 20; n++) {
        db.delete(`key ${n}`);
        delete model[`key ${n}`];
      }
    };
    await db.merge();
    expect([isChanged, contents(db)]).toEqual([true, model]);
    await db.merge();
    expect(contents(db)).toEqual(model);
    expect(contents(await reopen(db, { ...SMALL, fs: disk }))).toEqual(model);
  });

  test('a snapshot and a cursor read on, and the files they read go when they are done', async () => {
    const db = await open();
    overwrite(db);
    const model = contents(db);
    const [snapshot, cursor] = [db.snapshot(), db.entries()];
    cursor.next();
    overwrite(db, 11);
    const before = dataFiles();
    await db.merge();
    await turn();
    expect(contents(snapshot)).toEqual(model);
    expect(Array.from(cursor, ([, value]) => String(value))).toEqual(Object.values(model).slice(1));
    expect(dataFiles()).toEqual(expect.arrayContaining(before));
    snapshot.close();
    expect(await until(() => dataFiles().length === listedFiles().length)).toBe(true);
  });

  test('a merge of everything that is deleted leaves nothing', async () => {
    const db = await open();
    overwrite(db, 2);
    for (const key of keysOf(db)) db.delete(key);
    const { position } = db;
    expect(await db.merge()).toMatchObject({ bytesAfter: 0 });
    const again = await reopen(db);
    expect(again.size).toBe(0);
    expect(again.put('first', 'since')).toBeGreaterThan(position);
  });

  test('a merge may drop the last record of all: what is put after it outlives a kill', async () => {
    const db = await open();
    db.put('a', '1');
    db.delete('a');
    await db.merge();
    db.put('b', '2');
    await db.sync();
    const killed = await open(SMALL, afterKill('killed'));
    expect([contents(killed), killed.position]).toEqual([{ b: '2' }, 3]);
  });

  test('a merge says how far it is, and is no faster than it may be', async () => {
    const db = await open({ ...SMALL, maxDataFileSize: 1_000_000 });
    for (let n = 0; n < 40; n++) db.put(`key ${n % 30}`, 'v'.repeat(8000));
    const told: { bytesRead: number; bytesTotal: number }[] = [];
    const beganMs = performance.now();
    const { bytesBefore } = await db.merge({
      bytesPerSecond: 2_000_000,
      onProgress: progress => void told.push({ ...progress }),
    });
    const tookMs = performance.now() - beganMs;
    expect(told.length, 'calls of onProgress').toBeGreaterThan(0);
    expect(told.map(({ bytesTotal }) => bytesTotal)).toEqual(told.map(() => bytesBefore));
    for (const { bytesRead } of told) expect(bytesRead).toBeLessThanOrEqual(bytesBefore);
    expect(tookMs, 'milliseconds for 320,000 bytes at 2,000,000 in a second').toBeGreaterThan(60);
  });

  test('a tombstone stays while a replaced file with what it deletes cannot be removed', async () => {
    const remove = (path: string): void => {
      const isHeld = path.endsWith('0000000001.data');
      if (isHeld) throw Object.assign(new Error('EBUSY: a virus scanner has it'), { code: 'EBUSY' });
      nodeFileSystem.remove(path);
    };
    const db = await open({ ...SMALL, fs: { ...nodeFileSystem, remove } });
    db.put('city', 'Bonn');
    overwrite(db, 3);
    await db.merge(); // File 1 does not count any more, and is still there.
    db.delete('city');
    overwrite(db, 2);
    await db.merge();
    for (let n = 0; n < 20; n++) await turn();
    const killed = afterKill('without manifests'); // Then every data file counts that is there.
    for (const name of ['MANIFEST', 'MANIFEST.previous']) nodeFs.rmSync(join(killed, name), { force: true });
    const found = await open(SMALL, killed);
    expect([found.has('city'), String(found.get('key 7'))]).toEqual([false, 'value 7 of round 1']);
  });

  test('when the manifest can no longer be read, the one before it lists no file that has gone', async () => {
    const db = await open();
    overwrite(db);
    const before = contents(db);
    await db.merge();
    expect(await until(() => dataFiles().length === listedFiles().length)).toBe(true);
    const damaged = afterKill('with a damaged manifest');
    nodeFs.writeFileSync(join(damaged, 'MANIFEST'), 'rubbish');
    expect(contents(await open(SMALL, damaged))).toEqual(before);
  });

  test('a merge that finds damage says so, and changes nothing', async () => {
    const db = await open();
    overwrite(db);
    await db.sync();
    const name = dataFiles()[1]!;
    const path = join(directory, name);
    nodeFs.chmodSync(path, 0o644);
    const bytes = nodeFs.readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    nodeFs.writeFileSync(path, bytes);
    const files = dataFiles();
    await expect(db.merge()).rejects.toMatchObject({ code: 'CORRUPT', file: name });
    expect(dataFiles()).toEqual(files);
    expect(String(db.get('key 3'))).toBe('value 3 of round 9');
  });

  test('a merge can be given up, and the store can be closed while one runs', async () => {
    const db = await open();
    overwrite(db, 40);
    const before = contents(db);
    const controller = new AbortController();
    const merge = db.merge({ signal: controller.signal });
    const reason = new Error('given up');
    controller.abort(reason);
    await expect(merge).rejects.toBe(reason);
    const second = db.merge();
    await Promise.all([expect(second).rejects.toMatchObject({ code: 'CLOSED' }), db.close()]);
    expect(contents(await open())).toEqual(before);
    expect(dataFiles()).toEqual([...listedFiles()].sort());
    expect(nodeFs.readdirSync(directory).filter(name => name.endsWith('.merging'))).toEqual([]);
  });
});

describe('When the power goes', () => {
  /** A store on a disk of which everything is synced: `old` values, deleted keys, and overwritten ones. */
  async function startOn(disk: Disk): Promise<Database> {
    nodeFs.mkdirSync(directory);
    const db = await open({ ...SMALL, fs: disk, maxDataFileSize: 400 });
    for (const key of ['a', 'b', 'c', 'd']) db.put(key, `old ${key}`.padEnd(150, '.'));
    for (const key of ['a', 'b', 'e']) db.put(key, `new ${key}`);
    db.delete('c');
    await db.sync();
    return db;
  }
  const KEPT = { a: 'new a', b: 'new b', d: 'old d'.padEnd(150, '.'), e: 'new e' };

  test('before any call of a merge, everything that was synced is found, and nothing that was deleted', async () => {
    const disk = new Disk();
    const db = await startOn(disk);
    let calls = 0;
    const work = async (): Promise<void> => {
      await db.merge();
      for (let n = 0; n < 20; n++) await turn();
    };
    await cutPowerDuring(disk, work, (found, where) => {
      calls++;
      expect(found, where).toEqual(KEPT);
    });
    expect(calls).toBeGreaterThan(4);
  });

  test('a merge drops no synced value whose newer one is not synced yet', async () => {
    const disk = new Disk();
    const db = await reopen(await startOn(disk), { ...SMALL, fs: disk });
    db.put('d', 'newer d'); // Level 'os': the operating system has it, the disk does not.
    const work = async (): Promise<void> => {
      await db.merge();
      for (let n = 0; n < 20; n++) await turn();
    };
    await cutPowerDuring(disk, work, (found, where) => {
      const allowed = [KEPT, { ...KEPT, d: 'newer d' }];
      expect(allowed, `${where}: ${JSON.stringify(found)}`).toContainEqual(found);
    });
  });

  test('a merge by itself drops no such value either', async () => {
    const disk = new Disk();
    const first = await startOn(disk);
    await first.close();
    stopTime();
    const eager = { auto: true, deadShare: 0.5, minDeadBytes: 100 };
    const db = await open({ ...SMALL, fs: disk, merge: eager });
    db.put('d', 'newer d');
    const { dataBytes } = db.stats;
    const work = async (): Promise<void> => {
      await letTimePassUntil(() => db.stats.dataBytes < dataBytes);
      vi.useRealTimers();
      for (let n = 0; n < 20; n++) await turn();
      expect(db.stats.dataBytes, 'bytes of data after the merge').toBeLessThan(dataBytes);
    };
    await cutPowerDuring(disk, work, (found, where) => {
      const allowed = [KEPT, { ...KEPT, d: 'newer d' }];
      expect(allowed, `${where}: ${JSON.stringify(found)}`).toContainEqual(found);
    });
  });

  test('the old files go in such an order that what is left tells no lies, should both manifests be lost', async () => {
    const disk = new Disk();
    const db = await startOn(disk);
    const left: { where: string; disk: Disk }[] = [];
    disk.beforeCall = call => {
      if (!/^remove .*\.data$/.test(call)) return;
      left.push({ where: `before: ${call}`, disk: disk.after('unsynced bytes lost') });
    };
    await db.merge();
    await until(() => left.length > 1);
    for (let n = 0; n < 20; n++) await turn();
    disk.beforeCall = () => {};
    expect(left.length, 'files removed').toBeGreaterThan(1);
    for (const { where, disk: found } of left) {
      for (const name of ['MANIFEST', 'MANIFEST.previous']) found.names.delete(join(directory, name));
      const place = join(parent, 'after');
      nodeFs.mkdirSync(place, { recursive: true });
      const moved = new Disk();
      for (const [name, node] of found.names) moved.names.set(join(place, basename(name)), node);
      const again = await Database.open(place, { ...SMALL, fs: moved });
      expect(contents(again), where).toEqual(KEPT);
      await again.close();
    }
  });

  test('what a merge has left behind is swept away by the next open', async () => {
    const db = await open();
    overwrite(db);
    const before = contents(db);
    await db.close();
    const [name] = dataFiles();
    nodeFs.writeFileSync(join(directory, '0000009999.merging'), 'half a file');
    nodeFs.copyFileSync(join(directory, name!), join(directory, '0000009998.data'));
    expect(contents(await open())).toEqual(before);
    expect(nodeFs.readdirSync(directory).filter(found => /999[89]/.test(found))).toEqual([]);
  });
});

describe('By itself', () => {
  const AUTO: DatabaseOptions = {
    maxDataFileSize: 2000,
    merge: { auto: true, deadShare: 0.5, minDeadBytes: 1500 },
  };

  /** File 1 holds an old value of `city`, and is live but for that. */
  async function withMostlyLiveFile(options: DatabaseOptions): Promise<Database> {
    const db = await open(options);
    db.put('city', 'Bonn');
    for (let n = 0; n < 20; n++) db.put(`stays ${n}`, 'live '.repeat(18));
    expect(dataFiles().length).toBeGreaterThan(1);
    return db;
  }

  test('a store that is overwritten again and again stays small, without being told', async () => {
    stopTime();
    const db = await open(AUTO);
    for (let round = 0; round < 8; round++) {
      overwrite(db, 6);
      await letTimePassUntil(() => db.stats.dataBytes < 8000);
    }
    expect(db.stats.dataBytes).toBeLessThan(8000);
    expect(contents(db)['key 7']).toBe('value 7 of round 5');
  });

  test('a file that is mostly live is left alone', async () => {
    stopTime();
    const db = await withMostlyLiveFile(AUTO);
    const [first] = dataFiles();
    overwrite(db, 8);
    await letTimePassUntil(() => db.stats.deadBytes < 3000);
    await letTimePass(2000);
    expect(db.stats.deadBytes).toBeLessThan(3000);
    expect(dataFiles()).toContain(first);
  });

  test('a deleted key stays deleted when the file with its tombstone is merged and that with its value is not', async () => {
    stopTime();
    const db = await withMostlyLiveFile(AUTO);
    const [first] = dataFiles();
    overwrite(db, 4);
    db.delete('city');
    overwrite(db, 8);
    const tombstone = (): Found | undefined => recordsIn(listedFiles()).find(({ kind }) => kind === KIND_TOMBSTONE);
    await db.sync();
    const before = tombstone()!;
    await letTimePassUntil(() => !dataFiles().includes(before.file));
    expect(dataFiles()).toContain(first);
    expect(dataFiles()).not.toContain(before.file);
    expect(tombstone(), 'the tombstone of city, in the files that the manifest lists').toBeDefined();
    expect(tombstone()).toMatchObject({ key: 'city', seq: before.seq });
    vi.useRealTimers();
    let again = await reopen(db);
    expect(again.has('city')).toBe(false);
    await again.merge(); // Now the value goes, and the tombstone with it.
    expect(tombstone()).toBeUndefined();
    again = await reopen(again);
    expect(again.has('city')).toBe(false);
  });

  test('tombstones that have to stay are not merged again and again', async () => {
    stopTime();
    const db = await open({ ...AUTO, maxDataFileSize: 10_000 });
    const long = (n: number): string => `deleted later ${n} `.padEnd(100, '.');
    for (let n = 0; n < 20; n++) db.put(long(n), '');
    for (let n = 0; n < 70; n++) db.put(`stays ${n}`, 'live '.repeat(20));
    for (let n = 0; n < 20; n++) db.delete(long(n));
    overwrite(db, 20);
    const written = listedFiles();
    await letTimePass(6000);
    const before = listedFiles();
    expect(before, 'files after six seconds').not.toEqual(written);
    await letTimePass(4000);
    expect(listedFiles(), 'files of a store that nobody has changed').toEqual(before);
    vi.useRealTimers();
    expect(keysOf(await reopen(db)).filter(key => key.startsWith('deleted'))).toEqual([]);
  });

  test('merge: { auto: false } leaves all of it to the caller', async () => {
    stopTime();
    const db = await open({ ...AUTO, merge: { auto: false, minDeadBytes: 1000 } });
    overwrite(db, 12);
    const before = dataFiles();
    await letTimePass(3000);
    expect(dataFiles()).toEqual(before);
    expect((await db.merge()).files).toBeGreaterThan(1);
  });
});

describe('Hint files', () => {
  const hintFiles = (): string[] =>
    nodeFs
      .readdirSync(directory)
      .filter(name => name.endsWith('.hint'))
      .sort();

  /** A store with puts, tombstones and a batch in many files, closed. */
  async function closedStore(): Promise<unknown> {
    const db = await open();
    overwrite(db, 3);
    db.put('k', 'v', { tag: 7, expiresAtMs: 4_000_000_000_000, orderKey: Buffer.from('orderkey') });
    db.batch().put('key 2', 'in a batch').delete('key 3').commit();
    db.delete('key 1');
    const before = all(db);
    await db.close();
    return before;
  }

  /** All that can be known of the keys of a store. */
  const all = (db: Pick<Database, 'keys' | 'getEntry'>): unknown =>
    Array.from(db.keys(), key => [String(key), db.getEntry(key)]);

  /** Opens the closed store without hints, with those written meanwhile, and without again: it always holds this. */
  async function openInEveryWay(holds: (db: Database) => unknown, before: unknown): Promise<void> {
    let db = await open(); // Writes the hints that are missing.
    expect(holds(db), 'opened without hints').toEqual(before);
    await db.close();
    expect(hintFiles(), 'hints').toHaveLength(listedFiles().length);
    db = await open();
    expect([holds(db), db.report.warnings], 'opened with hints').toEqual([before, []]);
    await db.close();
    for (const name of hintFiles()) nodeFs.rmSync(join(directory, name));
    expect(holds(await open()), 'opened without hints again').toEqual(before);
  }

  test('an open that finds hints comes to the same as one that reads every file', async () => {
    await openInEveryWay(all, await closedStore());
  });

  test('hints tell of spaces, ranges and changes of expiry too', async () => {
    const db = await open();
    const space = db.createSpace({ order: 'hash' });
    overwrite(db, 3);
    for (let n = 0; n < 10; n++)
      space.put(`key ${n}`, `in the space ${n}`, { tag: n, orderKey: Buffer.from('orderkey') });
    db.put('expires', 'later', { expiresAtMs: 4_000_000_000_000 });
    db.expireAt('key 5', 4_000_000_000_001);
    db.delete('key 1');
    db.deleteRange({ gte: 'key 10', lt: 'key 12' });
    db.dropSpace(db.createSpace({ order: 'key' }).id);
    const holds = (store: Database): unknown =>
      store.spaces().map(({ id, order }) => ({ id, order, keys: all(store.space(id)!) }));
    const before = holds(db);
    await db.close();
    await openInEveryWay(holds, before);
  });

  test('with hints, no value is read', async () => {
    const big = { ...SMALL, maxDataFileSize: 300_000 };
    let db = await open(big);
    for (let n = 0; n < 40; n++) db.put(`key ${n}`, 'v'.repeat(50_000));
    await db.close();
    await (await open(big)).close();
    let bytesRead = 0;
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: (path, mode) => {
        const file = nodeFileSystem.open(path, mode);
        return {
          read: (...args) => {
            const count = file.read(...args);
            bytesRead += count;
            return count;
          },
          write: (...args) => file.write(...args),
          truncate: size => file.truncate(size),
          syncData: () => file.syncData(),
          syncDataLater: () => file.syncDataLater(),
          size: () => file.size(),
          close: () => file.close(),
        };
      },
    };
    db = await open({ ...big, fs });
    expect([db.size, bytesRead < 20_000]).toEqual([40, true]);
    expect(String(db.get('key 39'))).toBe('v'.repeat(50_000));
  });

  test('a hint that is damaged, foreign or of another size is a warning, and is written again', async () => {
    const before = await closedStore();
    await (await open()).close();
    const [first, second, third] = hintFiles().map(name => join(directory, name));
    const bytes = nodeFs.readFileSync(first!);
    bytes[40]! ^= 1;
    nodeFs.writeFileSync(first!, bytes);
    nodeFs.copyFileSync(third!, second!);
    nodeFs.writeFileSync(third!, '');
    let db = await open();
    expect([all(db), db.report.warnings.length]).toEqual([before, 3]);
    await db.close();
    db = await open();
    expect([all(db), db.report.warnings]).toEqual([before, []]);
  });

  test('a hint stands for no data file that is not there', async () => {
    await closedStore();
    await (await open()).close();
    expect(hintFiles(), 'hints').not.toEqual([]);
    nodeFs.rmSync(join(directory, listedFiles()[0]!));
    await expect(open()).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('a merge writes the hints of its files, and those of the old ones go', async () => {
    let db = await open();
    overwrite(db);
    await db.merge();
    const numbers = (names: readonly string[]): string[] => names.map(name => name.slice(0, 10));
    expect(listedFiles(true)).not.toEqual([]);
    expect(numbers(hintFiles()), 'hints when the merge has ended').toEqual(
      expect.arrayContaining(numbers(listedFiles(true))),
    );
    const model = contents(db);
    await until(() => dataFiles().length === listedFiles().length);
    await db.close();
    db = await open();
    expect(contents(db)).toEqual(model);
    await db.close();
    expect(numbers(hintFiles())).toEqual(numbers(listedFiles().sort()));
  });
});
