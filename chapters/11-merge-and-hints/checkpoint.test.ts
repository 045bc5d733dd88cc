/** What must hold at the end of chapter 11: what is dead makes room, what is live stays, and nobody notices. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Clock } from '#engine/clock.ts';
import { Database } from '#engine/database.ts';
import { DataFile } from '#engine/disk/data-file.ts';
import { dataFileName, type FileId, parseDataFileName } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenFile, type OpenMode } from '#engine/disk/file-system.ts';
import { FileUsage } from '#engine/disk/file-usage.ts';
import { HintBuilder, readHint } from '#engine/disk/hint-file.ts';
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

/** The data files that the manifest lists. */
function listedFiles(): string[] {
  const [line] = nodeFs.readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n');
  const { files } = JSON.parse(line!) as { files: { id: number }[] };
  return files.map(({ id }) => `${String(id).padStart(10, '0')}.data`);
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
function liveBytesOnDisk(db: Database): number {
  const stores = [{ id: 0, has: (key: string) => db.has(key) }, ...db.spaces().filter(({ id }) => id > 0)];
  let bytes = 0;
  for (const { id, has } of stores.map(store => ({ id: store.id, has: (key: string) => store.has(key) }))) {
    const newest = new Map<string, Found>();
    for (const record of recordsIn(listedFiles())) {
      if (record.kind === KIND_PUT && record.space === id && record.seq >= (newest.get(record.key)?.seq ?? 0)) {
        newest.set(record.key, record);
      }
    }
    for (const [key, { size }] of newest) if (has(key)) bytes += size;
  }
  return bytes;
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
});

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
  const made = (): string[] =>
    nodeFs
      .readdirSync(directory)
      .filter(name => name.endsWith('.merging'))
      .sort();

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
    expect(recordsIn(made()).map(({ seq }) => seq)).toEqual([21, 22]);
    expect(outputs[0]!.live).toMatchObject({ minSeq: 21, maxSeq: 22 });
  });

  test('a change of expiry and a space go when they do not hold any more', async () => {
    const patch = (seq: number) => ({ ...put(seq, 'k', '\u0001'), kind: KIND_EXPIRY_PATCH, expiresAtMs: 9 });
    const create = (seq: number, space: number) => ({ ...put(seq, '', '\u0001'), kind: KIND_SPACE_CREATE, space });
    writeFiles([patch(2), patch(3), create(4, 7), create(5, 8)]);
    await copy(jobOf(1, { patchSeqs: Float64Array.of(3), spaceIds: [0, 8] }));
    expect(recordsIn(made()).map(({ seq }) => seq)).toEqual([3, 5]);
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
    expect(nodeFs.readFileSync(join(directory, file!))[flagsAt]! & FLAG_BATCH).toBe(0);
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
      expect(node.synced.length).toBe(output.sealedSize);
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
  test('live and dead bytes are what a count of the records says, after every kind of change', async () => {
    const db = await open();
    const check = async (): Promise<void> => {
      await db.sync();
      const { liveBytes, deadBytes, dataBytes, dataFiles: count } = db.stats;
      expect(liveBytes).toBe(liveBytesOnDisk(db));
      expect(liveBytes + deadBytes + count * FILE_HEADER_SIZE).toBe(dataBytes);
    };
    for (let n = 0; n < 30; n++) db.put(`key ${n}`, `value ${n}`);
    await check();
    for (let n = 0; n < 30; n += 2) db.put(`key ${n}`, `another value ${n}`);
    await check();
    for (let n = 0; n < 30; n += 3) db.delete(`key ${n}`);
    await check();
    db.batch().put('key 1', 'in a batch').put('key 0', 'in a batch').delete('key 2').commit();
    await check();
    db.deleteRange({ gte: 'key 2', lt: 'key 4' });
    await check();
    db.clear();
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

  test('a record keeps its seq, tag, expiry, order key and space', async () => {
    const options: DatabaseOptions = { ...SMALL, now: () => 1000 };
    const db = await open(options);
    overwrite(db, 3);
    const { id } = db.createSpace({ order: 'hash' });
    db.space(id)!.put('k', 'v', { tag: 7, expiresAtMs: 5000, orderKey: Buffer.from('orderkey') });
    db.batch().put('in a batch', '1').put('patched', '2').commit();
    db.expireAt('patched', 9000);
    const seen = (store: Database) => [
      store.space(id)!.getEntry('k'),
      store.getEntry('in a batch'),
      store.getEntry('patched'),
    ];
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
    const space = db.createSpace({ order: 'key' });
    space.put('k', 'v');
    db.dropSpace(space.id);
    db.delete('key 1');
    db.clear();
    const { position } = db;
    expect(await db.merge()).toMatchObject({ bytesAfter: 0 });
    const again = await reopen(db);
    expect([again.size, again.spaces().length]).toEqual([0, 1]);
    expect(again.put('first', 'since')).toBeGreaterThan(position);
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
    expect(tombstone()).toMatchObject({ key: 'city', seq: before.seq });
    vi.useRealTimers();
    let again = await reopen(db);
    expect(again.has('city')).toBe(false);
    await again.merge(); // Now the value goes, and the tombstone with it.
    expect(tombstone()).toBeUndefined();
    again = await reopen(again);
    expect(again.has('city')).toBe(false);
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

  /** A store with every kind of record in many files, closed. */
  async function closedStore(options: DatabaseOptions = SMALL): Promise<unknown> {
    const db = await open(options);
    const space = db.createSpace({ order: 'hash' });
    overwrite(db, 3);
    for (let n = 0; n < 10; n++)
      space.put(`key ${n}`, `in the space ${n}`, { tag: n, orderKey: Buffer.from('orderkey') });
    db.put('expires', 'later', { expiresAtMs: 4_000_000_000_000 });
    db.expireAt('key 5', 4_000_000_000_001);
    db.delete('key 1');
    db.deleteRange({ gte: 'key 10', lt: 'key 12' });
    db.dropSpace(db.createSpace({ order: 'key' }).id);
    const before = all(db);
    await db.close();
    return before;
  }

  /** All that can be known of a store. */
  const all = (db: Database): unknown =>
    db.spaces().map(({ id, order }) => ({
      id,
      order,
      keys: Array.from(db.space(id)!.keys(), key => [String(key), db.space(id)!.getEntry(key)]),
    }));

  test('an open that finds hints comes to the same as one that reads every file', async () => {
    const before = await closedStore();
    let db = await open(); // Writes the hints that are missing.
    expect(all(db)).toEqual(before);
    await db.close();
    expect(hintFiles()).toHaveLength(listedFiles().length);
    db = await open();
    expect([all(db), db.report.warnings]).toEqual([before, []]);
    await db.close();
    for (const name of hintFiles()) nodeFs.rmSync(join(directory, name));
    expect(all(await open())).toEqual(before);
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
    nodeFs.rmSync(join(directory, listedFiles()[0]!));
    await expect(open()).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('a merge writes the hints of its files, and those of the old ones go', async () => {
    let db = await open();
    overwrite(db);
    await db.merge();
    const model = contents(db);
    await until(() => dataFiles().length === listedFiles().length);
    await db.close();
    db = await open();
    expect(contents(db)).toEqual(model);
    await db.close();
    expect(hintFiles().map(name => name.slice(0, 10))).toEqual(
      [...listedFiles()].sort().map(name => name.slice(0, 10)),
    );
  });
});
