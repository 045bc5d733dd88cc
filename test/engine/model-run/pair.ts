/**
 * Pair: a store on a simulated disk and the model of it, side by side: opened, closed, crashed and compared together. What
 * is done to both in between is in operations.ts.
 */
import type { Cursor, DatabaseOptions, Durability, Snapshot, Space } from '../../../engine/src/index.ts';
import { Database } from '../../../engine/src/index.ts';
import {
  diskIn,
  type Fault,
  FaultFileSystem,
  isSync,
  isWrite,
  legalDiskStates,
  SimulatedDisk,
  seeded,
} from '../../support/fault-house/index.ts';
import { type Key, Keys } from './keys.ts';
import { fits, Model, type ModelSpace, type Shown, type Value, type Values, valueText } from './model.ts';
import { readAll, readSpace } from './store-reader.ts';

const KEYS = 400;

/** A snapshot of the store, and what each of its spaces must show. */
export interface OpenSnapshot {
  readonly snapshot: Snapshot;
  readonly spaces: ReadonlyMap<number, { readonly order: 'key' | 'hash'; readonly values: Values }>;
}

/** A walk that has begun, and the keys and values it has yet to give. */
export interface OpenCursor {
  readonly cursor: Cursor<[Buffer, Buffer]>;
  readonly left: [Key, Value][];
}

export class Pair {
  readonly random: (below: number) => number;
  readonly keys: Keys;
  readonly model: Model;
  snapshots: OpenSnapshot[] = [];
  cursors: OpenCursor[] = [];
  /** The system's clock; it may be set back. */
  nowMs = 1_000_000;
  db!: Database;
  level: Durability = 'os';
  commit: 'call' | 'turn' = 'call';
  /** A merge that runs while other operations go on. */
  merging: Promise<unknown> | undefined;
  readonly counts = new Map<string, number>();
  /** The clock stands at the beginning of time, so that the store shows what it has, due or not. */
  #isRevealing = false;
  readonly #root: string;
  #disk: SimulatedDisk;
  /** What writes and syncs come to instead, for a while. */
  #fault: { readonly calls: 'writes' | 'syncs'; readonly fault: Fault } | undefined;
  #seed: number;

  /** `root` has to be a directory: the engine puts its lock into it. */
  constructor(seed: number, root: string) {
    this.random = seeded(seed);
    this.keys = new Keys(seed, KEYS);
    this.model = new Model(KEYS);
    this.#root = root;
    this.#disk = new SimulatedDisk(root);
    this.#seed = seed;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  // ------------------------------------------------------------------------------------------------ opening, closing

  /** Open a new store. */
  async create(): Promise<void> {
    await this.#open();
    this.#isRevealing = false;
  }

  /** Open the store in some way; what it shows is compared by the caller. */
  async #open(): Promise<void> {
    this.#isRevealing = true;
    this.#fault = undefined;
    this.level = this.anyLevel();
    this.commit = this.random(3) === 0 ? 'turn' : 'call';
    const options: DatabaseOptions = {
      fs: this.#faultyDisk(),
      durability: this.level,
      commit: this.commit,
      maxDataFileSize: 4000 + this.random(30_000),
      merge: { auto: this.random(2) === 0, minDeadBytes: 5000 },
      cacheBytes: this.random(2) === 0 ? 0 : 20_000,
      now: () => {
        const now = this.#isRevealing ? 1 : this.nowMs;
        this.model.clockMs = Math.max(this.model.clockMs, now);
        return now;
      },
    };
    this.db = await Database.open(this.#root, options);
  }

  anyLevel(): Durability {
    return (['memory', 'os', 'os', 'disk', { intervalMs: 5 }] as const)[this.random(5)]!;
  }

  /** Close and open again; nothing may be lost, and the counts must be those of a full recount. */
  async reopen(): Promise<void> {
    this.letGo();
    if (this.random(2) === 0) await this.merging;
    const before = this.#countsNow();
    await this.db.close();
    await this.merging;
    this.merging = undefined;
    this.model.keptByKill();
    this.model.newProcess();
    await this.#open();
    this.compareAfterOpening('kill', 'reopening');
    const after = this.#countsNow();
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      throw new Error(`stats: ${JSON.stringify(before)} before closing, a recount gives ${JSON.stringify(after)}`);
    }
  }

  /** The process is killed, or the power fails; perhaps again right after the recovery. */
  async crash(kind: 'kill' | 'cut'): Promise<void> {
    this.letGo();
    for (let again = this.random(3); again >= 0; again--) {
      const left = kind === 'kill' ? this.#disk.copy(this.#root) : this.#afterCut();
      await this.db.close().catch(() => {}); // Frees the lock; what it does to the old disk nobody sees.
      this.merging = undefined;
      this.#disk = left;
      this.model.newProcess();
      await this.#open();
      this.count(`steps lost by a ${kind}`, this.compareAfterOpening(kind, `a ${kind}`));
    }
  }

  /** The disk, whose calls fail while {@link failing} says so. */
  #faultyDisk(): FaultFileSystem {
    const fs = new FaultFileSystem(this.#disk);
    fs.plan = call => {
      if (fs.calls.length > 1000) fs.calls.length = 0;
      const fails = this.#fault?.calls === 'writes' ? isWrite(call) : isSync(call) && call.file.endsWith('.data');
      return fails ? this.#fault?.fault : undefined;
    };
    return fs;
  }

  /** Have all writes, or all syncs of data, fail from now on; or none. */
  failing(calls: 'writes' | 'syncs' | undefined, fault?: Fault): void {
    this.#fault = calls && { calls, fault };
  }

  /** Begin a merge that goes on beside what comes next. A fault, or closing, may end it. */
  beginMerge(): void {
    this.merging = this.db.merge().catch((error: { code?: string }) => {
      if (!['CLOSED', 'DISK_FULL', 'POISONED', 'IO'].includes(error.code ?? '')) throw error;
      if (error.code !== 'CLOSED') this.count('merges that a fault has ended');
    });
    this.merging.catch(() => {}); // Whoever waits for it gets the error.
    this.count('merges');
  }

  /** Any of the disks that a power cut may leave now. */
  #afterCut(): SimulatedDisk {
    const snapshot = this.#disk.snapshot;
    const states = legalDiskStates({ calls: [], end: snapshot }, 0, {
      states: 1 + this.random(80),
      seed: this.#seed + this.random(1_000_000),
    });
    let last = { kind: 'kill' } as Parameters<typeof diskIn>[0];
    for (const state of states) last = state;
    return diskIn(last, snapshot, this.#root);
  }

  /** Close all snapshots and cursors. */
  letGo(): void {
    for (const { snapshot } of this.snapshots) snapshot.close();
    for (const { cursor } of this.cursors) cursor.return();
    this.snapshots = [];
    this.cursors = [];
  }

  // ------------------------------------------------------------------------------------------------------- comparing

  /** Some moment of the history must be what the store shows; answers how many steps are gone. */
  compareAfterOpening(crash: 'kill' | 'cut', what: string): number {
    const shown = readAll(this.db, this.keys);
    const gone = this.#goBack(shown, crash, what);
    this.#isRevealing = false;
    this.checkSizes();
    return gone;
  }

  #goBack(shown: Shown, crash: 'kill' | 'cut', what: string): number {
    try {
      return this.model.goBackTo(shown, crash);
    } catch (error) {
      throw new Error(`after ${what} (${JSON.stringify(this.db.report)}): ${(error as Error).message}`);
    }
  }

  /** All that the store shows must be what the model has, now. */
  checkAll(): void {
    const ids = this.db.spaces().map(({ id }) => id);
    const expected = [...this.model.spaces.keys()];
    if (ids.sort().join() !== expected.sort().join()) throw new Error(`spaces are ${ids}, must be ${expected}`);
    this.readAllNow();
    this.checkSizes();
  }

  /** Read all, and compare; changes nothing but what is due. */
  readAllNow(): void {
    for (const space of this.model.spaces.values()) {
      const values = readSpace(this.spaceOf(space), this.keys);
      for (const [key, shown] of values.entries()) this.mustFit(space, key, space.values[key], shown);
    }
  }

  checkSizes(): void {
    let keys = 0;
    for (const space of this.model.spaces.values()) {
      const found = this.spaceOf(space).size;
      this.model.removeDue(space);
      if (found !== this.model.count(space)) {
        throw new Error(`space ${space.id} has size ${found}, must be ${this.model.count(space)}`);
      }
      keys += found;
    }
    if (this.db.stats.keys !== keys) throw new Error(`stats say ${this.db.stats.keys} keys, there are ${keys}`);
  }

  mustFit(space: ModelSpace, key: Key, expected: Value | undefined, shown: Value | undefined): void {
    if (fits(expected, shown, this.model)) return;
    throw new Error(`space ${space.id}, key ${key} is ${valueText(shown)}, must be ${valueText(expected)}`);
  }

  spaceOf({ id }: ModelSpace): Space {
    const space = this.db.space(id);
    if (space === undefined) throw new Error(`space ${id} is gone`);
    return space;
  }

  /** What a full recount must give again. */
  #countsNow(): object {
    for (const space of this.model.spaces.values()) void this.spaceOf(space).size; // Removes what is due.
    const { keys, spaces, liveBytes, oldVersions } = this.db.stats;
    if (oldVersions > 0) throw new Error(`${oldVersions} old versions are kept for nobody`);
    return { keys, spaces, liveBytes };
  }
}
