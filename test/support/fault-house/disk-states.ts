/**
 * Disk states: everything that may be found on the disk when the program is killed, or the power fails, at some call.
 *
 * After a kill the machine goes on: all that was written is there, and a write that was under way has put down the first
 * part of its bytes. After a power cut:
 *   - each file has, of the bytes not synced, any sectors of 512 bytes or none, whatever other files have; its size may be
 *     the old one, the new one or one between, and where the size is there and the bytes are not, zeroes are read;
 *   - of the changes of names not synced, any may be missing; but one that stands on another (the same name, earlier) is
 *     not there without it, and a rename is there with both of its names or not at all.
 * There are too many states to open all. `legalDiskStates` gives the plain ones first (all lost, all kept, each file and
 * each name alone lost or kept, torn in some ways) and then as many drawn at random from a seed as were asked for.
 */
import type { DiskFile, FileBytes } from './disk-file.ts';
import { seeded } from './seeded.ts';
import {
  applyNameChange,
  diskFrom,
  type NameChange,
  type RecordedCall,
  SECTOR,
  SimulatedDisk,
  type Snapshot,
  settled,
  tornContent,
} from './simulated-disk.ts';

/** What is on the disk of a file that was not synced: all of it, nothing new, a first part, or some sectors. */
export type Fate = 'kept' | 'lost' | { readonly first: number } | { readonly sectors: ReadonlySet<number> };

/** What happened: a kill, in the middle of a write perhaps, or a power cut. */
export type DiskState =
  | { readonly kind: 'kill'; readonly written?: { readonly file: DiskFile; readonly bytes: Buffer } }
  | {
      readonly kind: 'power cut';
      /** Files that are not here are kept. */
      readonly fates: ReadonlyMap<DiskFile, Fate>;
      readonly lostNames: ReadonlySet<NameChange>;
    };

type PowerCut = Extract<DiskState, { kind: 'power cut' }>;

/** How many states to give for one call, and where their choice begins. */
export interface StateLimits {
  /** At most so many states of a power cut for one call. Default: 40. */
  readonly states?: number;
  readonly seed?: number;
}

/** What a program has done to a disk: its calls, each with the disk as it was before, and the disk in the end. */
export interface Recording {
  readonly calls: readonly RecordedCall[];
  readonly end: Snapshot;
}

/** The recording of all that has been done to this disk since its `record()`. */
export const recordingOf = (disk: SimulatedDisk): Recording => ({ calls: [...disk.recorded], end: disk.snapshot });

/** The disk before call number `atCall`; in the end, for the number behind the last. */
export const snapshotAt = ({ calls, end }: Recording, atCall: number): Snapshot => calls[atCall]?.before ?? end;

/** What may be found when call number `atCall` has begun and has not ended; the simplest states first. */
export function* legalDiskStates(recording: Recording, atCall: number, limits: StateLimits = {}): Generator<DiskState> {
  const snapshot = snapshotAt(recording, atCall);
  yield { kind: 'kill' };
  yield* killsInWrite(recording, atCall);
  let left = limits.states ?? 40;
  for (const state of powerCuts(snapshot, (limits.seed ?? 1) * 7919 + atCall)) {
    if (left-- === 0) return;
    yield state;
  }
}

/** The disk that is found in this state, as if it stood in `root`. */
export function diskIn(state: DiskState, snapshot: Snapshot, root: string): SimulatedDisk {
  if (state.kind === 'kill') {
    const { written } = state;
    return diskFrom(snapshot, root, (file, bytes) =>
      file === written?.file ? { ...bytes, content: written.bytes } : bytes,
    );
  }
  const names = new Map(snapshot.namesOnDisk);
  for (const change of snapshot.nameChanges) if (!state.lostNames.has(change)) applyNameChange(names, change);
  const files = new Map<DiskFile, DiskFile>();
  for (const [file, bytes] of snapshot.bytes) {
    files.set(file, settled(contentIn(state.fates.get(file) ?? 'kept', bytes), file.isDirectory));
  }
  const there = [...names].filter(([name]) => isReachable(name, names));
  return SimulatedDisk.from(
    root,
    there.map(([name, file]) => [name, files.get(file)!]),
  );
}

/** Whether every folder above a name is there too. */
function isReachable(name: string, names: ReadonlyMap<string, DiskFile>): boolean {
  const end = name.lastIndexOf('/');
  return end < 0 || (names.has(name.slice(0, end)) && isReachable(name.slice(0, end), names));
}

// -------------------------------------------------------------------------------------------------------------- kills

/** A write that a kill has stopped: after its first byte, in the middle, before its last. */
function* killsInWrite(recording: Recording, atCall: number): Generator<DiskState> {
  const call = recording.calls[atCall];
  if (call?.operation !== 'write' || call.size === undefined) return;
  const file = call.before.names.get(call.file);
  if (file === undefined) return;
  const before = call.before.bytes.get(file)!.content;
  const after = snapshotAt(recording, atCall + 1).bytes.get(file)?.content;
  if (after === undefined) return;
  for (const size of new Set([1, Math.floor(call.size / 2), call.size - 1])) {
    if (size <= 0 || size >= call.size) continue;
    const end = call.position! + size;
    const bytes = Buffer.concat([before], Math.max(before.length, end));
    after.copy(bytes, call.position!, call.position!, end);
    yield { kind: 'kill', written: { file, bytes } };
  }
}

// --------------------------------------------------------------------------------------------------------- power cuts

function* powerCuts(snapshot: Snapshot, seed: number): Generator<PowerCut> {
  const unsynced = [...snapshot.bytes].filter(([, { content, onDisk }]) => !content.equals(onDisk));
  const cut = (fates: ReadonlyMap<DiskFile, Fate>, lostNames: ReadonlySet<NameChange>): PowerCut => {
    return { kind: 'power cut', fates, lostNames };
  };
  const kept: ReadonlyMap<DiskFile, Fate> = new Map();
  const lost = allLost(unsynced);
  const names = [...lostNamesOf(snapshot.nameChanges)];
  const [none, all] = [names[0]!, names.at(-1)!];
  yield cut(kept, none);
  if (unsynced.length > 0) yield cut(lost, none);
  if (names.length > 1) yield cut(kept, all);
  if (unsynced.length > 0 && names.length > 1) yield cut(lost, all);
  for (const lostNames of names.slice(1, -1)) yield cut(kept, lostNames);
  for (const fates of oneByOne(unsynced)) yield cut(fates, none);
  for (const fates of tornOneByOne(unsynced)) yield cut(fates, none);
  if (unsynced.length === 0) return;
  const random = seeded(seed);
  for (;;) yield cut(randomFates(unsynced, random), names[random(names.length)]!);
}

type Unsynced = readonly (readonly [DiskFile, FileBytes])[];

const allLost = (unsynced: Unsynced): ReadonlyMap<DiskFile, Fate> => new Map(unsynced.map(([file]) => [file, 'lost']));

/** Each file alone lost, and each alone kept. */
function* oneByOne(unsynced: Unsynced): Generator<ReadonlyMap<DiskFile, Fate>> {
  if (unsynced.length === 1) return;
  for (const [file] of unsynced) {
    yield new Map([[file, 'lost']]);
    yield new Map([...allLost(unsynced)].filter(([other]) => other !== file));
  }
}

/** Each file alone torn, in some ways. */
function* tornOneByOne(unsynced: Unsynced): Generator<ReadonlyMap<DiskFile, Fate>> {
  for (const [file, bytes] of unsynced) for (const fate of tornFates(bytes)) yield new Map([[file, fate]]);
}

/** The plain ways in which one file can be torn. */
function tornFates(bytes: FileBytes): Fate[] {
  const changed = changedSectors(bytes);
  const last = changed.at(-1);
  const fates: Fate[] = [{ sectors: new Set() }];
  if (last === undefined || changed.length === 1) return fates;
  fates.push({ sectors: new Set(changed.filter((_, i) => i % 2 === 0)) });
  fates.push({ sectors: new Set(changed.filter((_, i) => i % 2 === 1)) });
  fates.push({ sectors: new Set([last]) });
  fates.push({ first: last * SECTOR });
  return fates;
}

function randomFates(unsynced: Unsynced, random: (below: number) => number): ReadonlyMap<DiskFile, Fate> {
  const fates = new Map<DiskFile, Fate>();
  for (const [file, bytes] of unsynced) {
    const sectors = changedSectors(bytes);
    const kind = random(4);
    if (kind === 1) fates.set(file, 'lost');
    if (kind === 2) fates.set(file, { first: sectors[random(sectors.length)]! * SECTOR });
    if (kind === 3) fates.set(file, { sectors: new Set(sectors.filter(() => random(2) === 0)) });
  }
  return fates;
}

/** The sectors in which memory and disk differ; those of a file that has become shorter are at its end. */
function changedSectors({ content, onDisk }: FileBytes): number[] {
  const sectors: number[] = [];
  for (let at = 0; at < Math.max(content.length, onDisk.length); at += SECTOR) {
    const [now, before] = [content.subarray(at, at + SECTOR), onDisk.subarray(at, at + SECTOR)];
    if (!now.equals(before)) sectors.push(at / SECTOR);
  }
  return sectors;
}

function contentIn(fate: Fate, bytes: FileBytes): Buffer {
  if (fate === 'kept') return bytes.content;
  if (fate === 'lost') return bytes.onDisk;
  if ('sectors' in fate) return tornContent(bytes, sector => fate.sectors.has(sector));
  const end = Math.min(fate.first, bytes.content.length);
  return end <= bytes.onDisk.length ? bytes.onDisk : bytes.content.subarray(0, end);
}

/** Sets of name changes that may be missing together: none, each alone with what stands on it, all but each, all. */
function* lostNamesOf(changes: readonly NameChange[]): Generator<ReadonlySet<NameChange>> {
  yield new Set();
  for (const change of changes) yield withDependents(change, changes);
  for (const change of changes) {
    const kept = withPrerequisites(change, changes);
    yield new Set(changes.filter(each => !kept.has(each)));
  }
  if (changes.length > 0) yield new Set(changes);
}

function withDependents(change: NameChange, changes: readonly NameChange[]): ReadonlySet<NameChange> {
  const lost = new Set([change]);
  for (const later of changes.slice(changes.indexOf(change) + 1)) {
    if ([...lost].some(earlier => shareName(earlier, later))) lost.add(later);
  }
  return lost;
}

function withPrerequisites(change: NameChange, changes: readonly NameChange[]): ReadonlySet<NameChange> {
  const kept = new Set([change]);
  for (const earlier of changes.slice(0, changes.indexOf(change)).reverse()) {
    if ([...kept].some(later => shareName(earlier, later))) kept.add(earlier);
  }
  return kept;
}

function shareName(a: NameChange, b: NameChange): boolean {
  const names = [a.from, a.to].filter(name => name !== undefined);
  return names.some(name => name === b.from || name === b.to);
}
