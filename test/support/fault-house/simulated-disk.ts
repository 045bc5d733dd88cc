/**
 * SimulatedDisk: a file system in memory that knows what of it is on the disk: which bytes were synced, and which names
 * (files made, renamed, removed) by a sync of their directory. What a power cut leaves is worked out in disk-states.ts.
 *
 * Invariants: (1) bytes get to the disk by a sync of their file only, names by a sync of their directory only;
 *             (2) with `record`, the state before each call is kept.
 * Left out: permissions, links, and directories that are themselves renamed or removed.
 */
import { dirname, relative } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../../../engine/src/disk/file-system.ts';
import { type Call, type Details, diskError, type Operation } from './calls.ts';
import { DiskFile, type FileBytes } from './disk-file.ts';

/** A change of names that is not on the disk yet. A rename is one change: both of its names, or neither. */
export interface NameChange {
  /** The name that goes away. */
  readonly from?: string;
  /** The name that from now on means `file`. */
  readonly to?: string;
  readonly file: DiskFile;
  /** The directories that still have to be synced. */
  readonly directories: readonly string[];
}

/** All of a disk at one moment. Names are paths below the root. */
export interface Snapshot {
  readonly names: ReadonlyMap<string, DiskFile>;
  readonly namesOnDisk: ReadonlyMap<string, DiskFile>;
  readonly nameChanges: readonly NameChange[];
  /** What was in each file that has a name, in memory or on the disk. */
  readonly bytes: ReadonlyMap<DiskFile, FileBytes>;
}

/** A call to the disk, and what was there before it. */
export interface RecordedCall extends Call {
  readonly before: Snapshot;
}

/** What becomes of bytes that were not synced, and of names that were not: the same for all files. */
export interface Cut {
  readonly bytes: 'lost' | 'kept' | 'torn';
  readonly names: 'lost' | 'kept';
  /** For torn bytes: whether the disk has a sector. Default: every other one. */
  readonly keepSector?: (sector: number) => boolean;
}

export const SECTOR = 512;

export class SimulatedDisk implements FileSystem {
  readonly root: string;
  #names = new Map<string, DiskFile>();
  #namesOnDisk = new Map<string, DiskFile>();
  #nameChanges: readonly NameChange[] = [];
  #recorded: RecordedCall[] | undefined;

  /** Files in `root` and below; `root` itself is there, and on the disk. */
  constructor(root: string) {
    this.root = root;
  }

  /** A disk that has in memory, and on the disk, what these say. */
  static from(
    root: string,
    names: Iterable<[string, DiskFile]>,
    namesOnDisk?: Iterable<[string, DiskFile]>,
    nameChanges: readonly NameChange[] = [],
  ): SimulatedDisk {
    const disk = new SimulatedDisk(root);
    disk.#names = new Map(names);
    disk.#namesOnDisk = new Map(namesOnDisk ?? disk.#names);
    disk.#nameChanges = nameChanges;
    return disk;
  }

  // ------------------------------------------------------------------------------------------------- looking at it

  /** Keep from now on each call and the state before it. */
  record(): this {
    this.#recorded = [];
    return this;
  }

  /** The calls since `record`. */
  get recorded(): readonly RecordedCall[] {
    return this.#recorded ?? [];
  }

  /** Everything, as of now. */
  get snapshot(): Snapshot {
    const bytes = new Map<DiskFile, FileBytes>();
    for (const file of [...this.#names.values(), ...this.#namesOnDisk.values()]) bytes.set(file, file.bytes);
    for (const { file } of this.#nameChanges) bytes.set(file, file.bytes);
    const [names, namesOnDisk] = [new Map(this.#names), new Map(this.#namesOnDisk)];
    return { names, namesOnDisk, nameChanges: this.#nameChanges, bytes };
  }

  /** The paths of all files, below the root. */
  get fileNames(): string[] {
    return Array.from(this.#names).flatMap(([name, file]) => (file.isDirectory ? [] : [name]));
  }

  /** The bytes of a file, by its path below the root. */
  bytesOf(name: string): Buffer {
    return this.#fileAt(name).content;
  }

  /** Change the bytes of a file behind the engine's back; a file that is not there is made. */
  change(name: string, change: (bytes: Buffer) => Buffer): void {
    const file = this.#names.get(name) ?? this.#bind(name, new DiskFile());
    file.replace(change(Buffer.from(file.content)));
  }

  /** The disk that a machine would find after a power cut now, as if it stood in `root`. */
  cutPower(cut: Cut, root: string): SimulatedDisk {
    const files = new Map<DiskFile, DiskFile>();
    const after = (file: DiskFile): DiskFile => {
      const bytes = files.get(file) ?? settled(contentAfter(cut, file.bytes), file.isDirectory);
      files.set(file, bytes);
      return bytes;
    };
    const names = cut.names === 'kept' ? this.#names : this.#namesOnDisk;
    return SimulatedDisk.from(
      root,
      Array.from(names, ([name, file]) => [name, after(file)]),
    );
  }

  /** A second disk with all that this one has now, as a process killed now would leave it. */
  copy(root: string): SimulatedDisk {
    return diskFrom(this.snapshot, root);
  }

  // ------------------------------------------------------------------------------------------------------ FileSystem

  open(path: string, mode: OpenMode): OpenFile {
    this.#note(mode, path);
    const name = this.#nameOf(path);
    const file = mode === 'create' ? this.#create(name) : this.#fileAt(name);
    return {
      read: (target, start, size, position) => {
        this.#note('read', path, { size, position });
        const bytes = file.content.subarray(position, position + size);
        target.set(bytes, start);
        return bytes.length;
      },
      write: (bytes, start, size, position) => {
        this.#note('write', path, { size, position });
        file.write(bytes.subarray(start, start + size), position);
        return size;
      },
      truncate: size => {
        this.#note('truncate', path, { size });
        file.truncate(size);
      },
      syncData: () => {
        this.#note('syncData', path);
        file.sync();
      },
      syncDataLater: async () => {
        this.#note('syncDataLater', path);
        const end = file.beginSync();
        await new Promise(setImmediate);
        end();
      },
      size: () => {
        this.#note('size', path);
        return file.content.length;
      },
      close: () => this.#note('close', path),
    };
  }

  /** Begin a sync of a file; what it returns ends it. For those who replay what another program has done. */
  beginSync(path: string): () => void {
    this.#note('syncDataLater', path);
    return this.#fileAt(this.#nameOf(path)).beginSync();
  }

  /** What a failed sync leaves behind: bytes that look clean, and are not on the disk. */
  failSync(path: string): void {
    this.#note('syncData', path, { failed: true });
    this.#fileAt(this.#nameOf(path)).failSync();
  }

  list(directory: string): string[] {
    this.#note('list', directory);
    const folder = this.#nameOf(directory);
    if (!this.#isDirectory(folder)) throw diskError('ENOENT');
    return [...this.#names.keys()].filter(name => folderOf(name) === folder).map(name => relative(folder, name));
  }

  rename(from: string, to: string): void {
    this.#note('rename', to, { from: relative(dirname(to), from) });
    const [before, after] = [this.#nameOf(from), this.#nameOf(to)];
    const file = this.#fileAt(before);
    if (!this.#isDirectory(folderOf(after))) throw diskError('ENOENT');
    this.#names.delete(before);
    this.#names.set(after, file);
    const directories = [...new Set([folderOf(before), folderOf(after)])];
    this.#nameChanges = [...this.#nameChanges, { from: before, to: after, file, directories }];
  }

  remove(path: string): void {
    this.#note('remove', path);
    const name = this.#nameOf(path);
    const file = this.#fileAt(name);
    this.#names.delete(name);
    this.#nameChanges = [...this.#nameChanges, { from: name, file, directories: [folderOf(name)] }];
  }

  makeDirectory(path: string): void {
    this.#note('makeDirectory', path);
    const name = this.#nameOf(path);
    if (this.#isDirectory(name)) return;
    if (!this.#isDirectory(folderOf(name))) this.makeDirectory(dirname(path));
    this.#bind(name, new DiskFile(undefined, true));
  }

  syncDirectory(path: string): void {
    this.#note('syncDirectory', path);
    const folder = this.#nameOf(path);
    if (!this.#isDirectory(folder)) throw diskError('ENOENT');
    const behind: NameChange[] = [];
    for (const change of this.#nameChanges) {
      const directories = change.directories.filter(directory => directory !== folder);
      if (directories.length > 0) behind.push({ ...change, directories });
      else applyNameChange(this.#namesOnDisk, change);
    }
    this.#nameChanges = behind;
  }

  changeMode(path: string): void {
    this.#note('changeMode', path);
  }

  // ----------------------------------------------------------------------------------------------------------- names

  #note(operation: Operation, path: string, details: Details = {}): void {
    const recorded = this.#recorded;
    if (recorded === undefined) return;
    recorded.push({ index: recorded.length, operation, file: this.#nameOf(path), ...details, before: this.snapshot });
  }

  #create(name: string): DiskFile {
    if (this.#names.has(name)) throw diskError('EEXIST');
    if (!this.#isDirectory(folderOf(name))) throw diskError('ENOENT');
    return this.#bind(name, new DiskFile());
  }

  #bind(name: string, file: DiskFile): DiskFile {
    this.#names.set(name, file);
    this.#nameChanges = [...this.#nameChanges, { to: name, file, directories: [folderOf(name)] }];
    return file;
  }

  #fileAt(name: string): DiskFile {
    const file = this.#names.get(name);
    if (file === undefined) throw diskError('ENOENT');
    return file;
  }

  #isDirectory(name: string): boolean {
    return name === '' || this.#names.get(name)?.isDirectory === true;
  }

  /** The path below the root; the root itself is ''. */
  #nameOf(path: string): string {
    return relative(this.root, path).replaceAll('\\', '/');
  }
}

/** The folder of a name, '' for the root. */
function folderOf(name: string): string {
  const folder = dirname(name);
  return folder === '.' ? '' : folder;
}

/** Have these names be as after the change. */
export function applyNameChange(names: Map<string, DiskFile>, { from, to, file }: NameChange): void {
  if (from !== undefined) names.delete(from);
  if (to !== undefined) names.set(to, file);
}

/** A file all of which is on the disk. */
export function settled(content: Buffer, isDirectory = false): DiskFile {
  return new DiskFile({ content, onDisk: content }, isDirectory);
}

/** A disk as it was at that moment: what was not synced then is not synced. */
export function diskFrom(
  snapshot: Snapshot,
  root: string,
  change = (_: DiskFile, bytes: FileBytes) => bytes,
): SimulatedDisk {
  const copies = new Map<DiskFile, DiskFile>();
  for (const [file, bytes] of snapshot.bytes) copies.set(file, new DiskFile(change(file, bytes), file.isDirectory));
  const copied = (names: ReadonlyMap<string, DiskFile>): [string, DiskFile][] =>
    Array.from(names, ([name, file]) => [name, copies.get(file)!]);
  const changes = snapshot.nameChanges.map(each => ({ ...each, file: copies.get(each.file)! }));
  return SimulatedDisk.from(root, copied(snapshot.names), copied(snapshot.namesOnDisk), changes);
}

function contentAfter({ bytes, keepSector = sector => sector % 2 === 0 }: Cut, { content, onDisk }: FileBytes): Buffer {
  if (bytes === 'lost') return onDisk;
  if (bytes === 'kept') return content;
  return tornContent({ content, onDisk }, keepSector);
}

/** A file whose size is on the disk, and of whose bytes only some sectors: the others read as what was there, or zero. */
export function tornContent({ content, onDisk }: FileBytes, keepSector: (sector: number) => boolean): Buffer {
  const torn = Buffer.alloc(content.length);
  onDisk.copy(torn);
  for (let at = 0; at < torn.length; at += SECTOR) {
    if (keepSector(at / SECTOR)) content.copy(torn, at, at, at + SECTOR);
  }
  return torn;
}
