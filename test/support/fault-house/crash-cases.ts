/**
 * Crash cases: run a workload once and record what it does to the disk; then, for each call and each moment at which
 * something was promised, open every state that the disk may be in if that was the last thing to happen, twice, and hold
 * what is found against what had been promised.
 *
 * The code under test is reached through two functions of the caller, `workload` and `reopen`; all it needs is that its
 * files go through a FileSystem. Recovery is code under test as well: with `recoveryEvery` it is crashed at its own calls.
 * Invariants: (1) a disk that has been opened before is not opened again, only judged again;
 *             (2) cases come in the order of the calls, the simplest disks first, so the first that fails is small.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { FileSystem } from '../../../engine/src/disk/file-system.ts';
import type { DiskFile } from './disk-file.ts';
import {
  type DiskState,
  diskIn,
  type Fate,
  legalDiskStates,
  type Recording,
  recordingOf,
  type StateLimits,
  snapshotAt,
} from './disk-states.ts';
import { SimulatedDisk, type Snapshot } from './simulated-disk.ts';
import { type Promises, Story, stateText } from './story.ts';

/** What a workload works with. The directory is a real one too, for locks; all else goes through `fs`. */
export interface World {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly story: Story;
}

/** What `reopen` works with. `opened` is to be called when the store is open: from then on what it holds is durable. */
export interface Afterwards {
  readonly fs: FileSystem;
  readonly directory: string;
  opened(): void;
}

/** What a store holds: keys and values as text. */
export type Found = ReadonlyMap<string, string>;

export interface CrashCasesOptions extends StateLimits {
  /** Use a new store; each change goes through the story. */
  workload(world: World): Promise<void>;
  /** What is there before the workload begins: files of a store, and what it holds. */
  readonly before?: { readonly disk: SimulatedDisk; readonly found: Found };
  /** Open the store, say what it holds, close it. */
  reopen(afterwards: Afterwards): Promise<Found>;
  /** Crash during recovery too, at every n-th of its calls. Default: 0, not at all. */
  readonly recoveryEvery?: number;
  /** How many disks to try for each such call. Default: 6. */
  readonly recoveryStates?: number;
  /** Whether to make the first failure smaller. Default: true. */
  readonly shrink?: boolean;
  /** Only crash at these calls of the workload. Default: at all. */
  readonly crashAt?: (call: number) => boolean;
}

/** Why a case has failed. */
export type Reason =
  /** Opening or reading has thrown. */
  | { readonly kind: 'threw'; readonly error: unknown; readonly opening: 1 | 2 }
  /** A change that was promised is not there. */
  | { readonly kind: 'lost'; readonly changes: readonly string[] }
  /** What is there is no moment of the history. */
  | { readonly kind: 'never was' }
  /** The second opening has found something else than the first. */
  | { readonly kind: 'not the same again'; readonly second: string }
  /** The store had been opened, and what it showed was gone after the next crash. */
  | { readonly kind: 'opened and lost'; readonly opened: string }
  /** The workload itself has thrown: no crash was needed. */
  | { readonly kind: 'workload threw'; readonly error: unknown };

/** One failing case, with all that is needed to show it. */
export interface CrashFailure {
  readonly story: Story;
  readonly recording: Recording;
  /** The call that was never made, or was under way. */
  readonly atCall: number;
  readonly state: DiskState;
  /** A second crash, in the recovery after the first. */
  readonly inRecovery?: { readonly recording: Recording; readonly atCall: number; readonly state: DiskState };
  readonly promises: Promises;
  /** What came back, as text. */
  readonly found: string | undefined;
  readonly reason: Reason;
}

/** What was tried. */
export interface CrashReport {
  /** Calls to the disk that the workload makes. */
  readonly calls: number;
  /** The same by step: the step's words up to the first space, and how many calls it made. */
  readonly callsByStep: ReadonlyMap<string, number>;
  /** The same by file: its name without the digits, such as `.data`, and how many calls were about it. */
  readonly callsByFile: ReadonlyMap<string, number>;
  /** Calls of recoveries at which there was a second crash. */
  readonly recoveryCalls: number;
  /** Different disks opened, each twice. */
  readonly states: number;
  /** Disks held against what was promised. */
  readonly cases: number;
  readonly failure: CrashFailure | undefined;
}

/** Try every case until one fails; that one is then made as small as it gets. */
export async function crashCases(options: CrashCasesOptions): Promise<CrashReport> {
  const houses: CrashRun[] = [];
  const run = async (leftOut: ReadonlySet<number>, endMs = Number.POSITIVE_INFINITY): Promise<CrashReport> => {
    const house = new CrashRun(options, leftOut, endMs);
    houses.push(house);
    return house.run();
  };
  try {
    let smallest = await run(new Set());
    if (smallest.failure !== undefined && options.shrink !== false) smallest = await withFewerSteps(smallest, run);
    return smallest;
  } finally {
    for (const house of houses) house.remove();
  }
}

/** How long, in milliseconds, a failure is made smaller: somebody waits to see it. */
const SHRINK_MS = 15_000;

/** Leave out each step in turn, the last first, when the same goes wrong without it. */
async function withFewerSteps(
  found: CrashReport,
  run: (leftOut: ReadonlySet<number>, endMs: number) => Promise<CrashReport>,
): Promise<CrashReport> {
  const endMs = performance.now() + SHRINK_MS;
  let smallest = found;
  const leftOut = new Set<number>();
  for (const { number } of found.failure!.story.steps.toReversed()) {
    if (performance.now() > endMs) break;
    const shorter = await run(new Set([...leftOut, number]), endMs);
    if (shorter.failure?.reason.kind !== smallest.failure!.reason.kind) continue;
    smallest = { ...found, failure: shorter.failure };
    leftOut.add(number);
  }
  return smallest;
}

/** What opening a disk twice has shown. */
interface Opened {
  readonly found: Found | undefined;
  readonly problem: Reason | undefined;
  /** The calls of the first opening, and the first of them after the store was open. */
  readonly recording: Recording;
  readonly openedAt: number;
}

const NOTHING_RECORDED: Recording = recordingOf(new SimulatedDisk('/'));

/** A moment at which something began or was promised: how many calls there had been, and the disk as it was. */
interface Moment {
  readonly atCall: number;
  readonly disk: Snapshot;
  readonly promises: Promises;
}

class CrashRun {
  readonly #options: CrashCasesOptions;
  readonly #leftOut: ReadonlySet<number>;
  readonly #endMs: number;
  readonly #directories: string[] = [];
  #directory = '';
  readonly #opened = new Map<string, Opened>();
  #cases = 0;
  #recoveryCalls = 0;
  #turn = 0;

  /** Gives up, without a failure, at `endMs`. */
  constructor(options: CrashCasesOptions, leftOut: ReadonlySet<number>, endMs: number) {
    this.#options = options;
    this.#leftOut = leftOut;
    this.#endMs = endMs;
  }

  async run(): Promise<CrashReport> {
    const root = this.#newDirectory();
    const disk = (this.#options.before?.disk.copy(root) ?? new SimulatedDisk(root)).record();
    const story = new Story(() => disk.recorded.length, this.#leftOut, this.#options.before?.found);
    const moments: Moment[] = [];
    story.onMark = promises => moments.push({ atCall: disk.recorded.length, disk: disk.snapshot, promises });
    let thrown: { readonly error: unknown } | undefined;
    try {
      await this.#options.workload({ fs: disk, directory: root, story });
    } catch (error) {
      thrown = { error };
    }
    this.#newDirectory();
    const recording = recordingOf(disk);
    const failure = thrown
      ? workloadThrew(story, recording, thrown.error)
      : await this.#crashEverywhere(story, recording, moments);
    const states = this.#opened.size;
    const calls = recording.calls.length;
    const callsByStep = countByStep(story, calls);
    const callsByFile = countByFile(recording);
    return { calls, callsByStep, callsByFile, recoveryCalls: this.#recoveryCalls, states, cases: this.#cases, failure };
  }

  remove(): void {
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }

  /** At every call, and at every moment at which something had been promised: a sync may end between two calls. */
  async #crashEverywhere(
    story: Story,
    recording: Recording,
    moments: readonly Moment[],
  ): Promise<CrashFailure | undefined> {
    const { crashAt = () => true } = this.#options;
    const points = recording.calls.map(({ index }) => ({
      atCall: index,
      recording,
      promises: story.promisesAt(index),
    }));
    const atMoments = moments.map(({ atCall, disk, promises }) => {
      return { atCall, recording: { calls: recording.calls.slice(0, atCall), end: disk }, promises };
    });
    const atCall = recording.calls.length;
    const atEnd = { atCall, recording, promises: story.promisesAt(atCall) };
    for (const point of [...atMoments, ...points, atEnd].sort((a, b) => a.atCall - b.atCall)) {
      if (!crashAt(point.atCall)) continue;
      if (performance.now() > this.#endMs) return undefined;
      for (const state of legalDiskStates(point.recording, point.atCall, this.#options)) {
        const failure = await this.#crash({ story, ...point, state });
        if (failure !== undefined) return this.#withSimplerDisk(failure);
      }
    }
    return undefined;
  }

  async #crash(crash: Omit<CrashFailure, 'found' | 'reason'>): Promise<CrashFailure | undefined> {
    const { story, recording, atCall, promises, state } = crash;
    const { opened, isNew } = await this.#open(diskIn(state, snapshotAt(recording, atCall), this.#directory));
    const reason = this.#judge(story, promises, state.kind, opened);
    if (reason !== undefined) return { ...crash, found: textOf(opened.found), reason };
    if (!isNew || !this.#options.recoveryEvery) return undefined;
    return this.#crashInRecovery(crash, opened);
  }

  /** A second crash, in the recovery after the first; there may be so many that only some are tried, others each time. */
  async #crashInRecovery(
    first: Omit<CrashFailure, 'found' | 'reason'>,
    opened: Opened,
  ): Promise<CrashFailure | undefined> {
    const { recording, openedAt } = opened;
    const every = this.#options.recoveryEvery!;
    const limits = { states: this.#options.recoveryStates ?? 6, seed: this.#turn };
    for (let atCall = this.#turn++ % every; atCall <= recording.calls.length; atCall += every) {
      this.#recoveryCalls++;
      for (const state of legalDiskStates(recording, atCall, limits)) {
        const again = await this.#open(diskIn(state, snapshotAt(recording, atCall), this.#directory));
        const kind = state.kind === 'kill' ? first.state.kind : 'power cut';
        const reason =
          this.#judge(first.story, first.promises, kind, again.opened) ??
          (atCall >= openedAt && !isDeepStrictEqual(again.opened.found, opened.found)
            ? ({ kind: 'opened and lost', opened: textOf(opened.found)! } as const)
            : undefined);
        if (reason === undefined) continue;
        return { ...first, inRecovery: { recording, atCall, state }, found: textOf(again.opened.found), reason };
      }
    }
    return undefined;
  }

  /** Hold what was found against what had been promised. */
  #judge(story: Story, promises: Promises, kind: DiskState['kind'], { found, problem }: Opened): Reason | undefined {
    this.#cases++;
    if (problem !== undefined) return problem;
    const promised = kind === 'kill' ? promises.returned : promises.synced;
    const text = textOf(found)!;
    if (story.states.slice(promised, promises.begun + 1).includes(text)) return undefined;
    const place = story.states.slice(0, promised).lastIndexOf(text);
    if (place < 0) return { kind: 'never was' };
    return { kind: 'lost', changes: story.changes.slice(place + 1, promised + 1) };
  }

  /** Open a disk twice, or remember what came of it when there was one like it. */
  async #open(disk: SimulatedDisk): Promise<{ opened: Opened; isNew: boolean }> {
    const print = fingerprint(disk.snapshot, this.#options.recoveryEvery !== undefined);
    const known = this.#opened.get(print);
    if (known !== undefined) return { opened: known, isNew: false };
    const opened = await this.#openTwice(disk);
    this.#opened.set(print, { ...opened, recording: NOTHING_RECORDED }); // Thousands of recordings would fill the memory.
    return { opened, isNew: true };
  }

  async #openTwice(disk: SimulatedDisk): Promise<Opened> {
    disk.record();
    let openedAt = Number.POSITIVE_INFINITY;
    const open = (opened: () => void): Promise<Found> =>
      this.#options.reopen({ fs: disk, directory: disk.root, opened });
    let found: Found | undefined;
    let recording: Recording = recordingOf(disk);
    try {
      found = await open(() => {
        openedAt = disk.recorded.length;
      });
      recording = recordingOf(disk);
      const second = await open(() => {});
      const differs = !isDeepStrictEqual(second, found);
      const problem = differs ? ({ kind: 'not the same again', second: textOf(second)! } as const) : undefined;
      return { found, problem, recording, openedAt };
    } catch (error) {
      this.#newDirectory(); // The store may still be open, and locked.
      return { found, problem: { kind: 'threw', error, opening: found === undefined ? 1 : 2 }, recording, openedAt };
    }
  }

  // ------------------------------------------------------------------------------------------------ a smaller failure

  /** Have the disk differ from what programs saw in as little as possible. */
  async #withSimplerDisk(failure: CrashFailure): Promise<CrashFailure> {
    if (failure.inRecovery !== undefined) return failure;
    let smallest = failure;
    for (const state of simplerStates(failure)) {
      const { story, recording, atCall, promises } = failure;
      const again = await this.#crash({ story, recording, atCall, promises, state: state(smallest.state) });
      if (again !== undefined && again.inRecovery === undefined) smallest = again;
    }
    return smallest;
  }

  #newDirectory(): string {
    this.#directory = mkdtempSync(join(tmpdir(), 'zerocask-house-'));
    this.#directories.push(this.#directory);
    return this.#directory;
  }
}

/** Ways to make a state simpler, each to be kept when the case still fails with it. */
function simplerStates({ state }: CrashFailure): ((state: DiskState) => DiskState)[] {
  if (state.kind === 'kill') return [];
  type PowerCut = typeof state;
  const keepFile = (file: DiskFile) => (now: DiskState) => {
    const fates = new Map<DiskFile, Fate>((now as PowerCut).fates);
    fates.delete(file);
    return { ...(now as PowerCut), fates };
  };
  const keepNames = (now: DiskState): DiskState => ({ ...(now as PowerCut), lostNames: new Set() });
  return [() => ({ kind: 'kill' }), keepNames, ...Array.from(state.fates.keys(), keepFile)];
}

function workloadThrew(story: Story, recording: Recording, error: unknown): CrashFailure {
  const atCall = recording.calls.length;
  const promises = story.promisesAt(atCall);
  const reason = { kind: 'workload threw', error } as const;
  return { story, recording, atCall, state: { kind: 'kill' }, promises, found: undefined, reason };
}

const textOf = (found: Found | undefined): string | undefined => found && stateText(found);

/** Calls by the first word of the step that made them; before the first step, and between steps: by `open`. */
function countByStep({ steps }: Story, calls: number): Map<string, number> {
  const counts = new Map<string, number>();
  let inSteps = 0;
  for (const { text, begunAt, returnedAt = calls } of steps) {
    const word = text.split(' ')[0]!;
    counts.set(word, (counts.get(word) ?? 0) + returnedAt - begunAt);
    inSteps += returnedAt - begunAt;
  }
  return counts.set('open', (counts.get('open') ?? 0) + Math.max(0, calls - inSteps));
}

function countByFile({ calls }: Recording): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { file } of calls) {
    const kind = file.replaceAll(/\d/g, '') || '(directory)';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Tells disks apart by what is on them, and, when a second crash is to come, by what of it is not safe. */
export function fingerprint({ names, namesOnDisk, bytes }: Snapshot, withUnsynced: boolean): string {
  const hash = createHash('sha1');
  const add = (kind: string, all: ReadonlyMap<string, DiskFile>, which: 'content' | 'onDisk'): void => {
    for (const [name, file] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const content = bytes.get(file)![which];
      hash.update(`${kind} ${name} ${content.length}\n`).update(content);
    }
  };
  add('has', names, 'content');
  if (withUnsynced) add('synced', names, 'onDisk');
  if (withUnsynced) add('named', namesOnDisk, 'onDisk');
  return hash.digest('base64');
}
