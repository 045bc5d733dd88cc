/**
 * A crash at every call to the disk: of opening, changing, rotating, syncing and closing, and again at calls of the
 * recovery that follows. Whatever is left, the store opens with a prefix of history that holds all that met its level.
 */
import { expect, test } from 'vitest';
import { Database } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery.ts';
import { FaultFileSystem } from '../support/fault-file-system.ts';
import { type Cut, PowerCutFileSystem } from '../support/power-cut-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** What a store holds, as text: space, key and seq of each entry. Seqs tell versions apart. */
type State = string;
type Row = readonly [space: number, key: string, seq: number];

/** What a run of the workload has left when it crashed, or ended. */
interface Run {
  readonly disk: PowerCutFileSystem;
  /** The states the store went through, one more for each change that was begun. */
  readonly history: State[];
  /** How many changes had returned, and how many of them had reached the disk. */
  returned: number;
  synced: number;
  callCount: number;
}

const SPACE = '(space)';
const root = temporaryDirectory('crash');

const stateOf = (rows: Iterable<Row>): State => Array.from(rows, String).sort().join(' ');

/** Do this and that with a new store in memory; every call to the disk from number `crashAt` on fails. */
async function runWorkload(crashAt: number): Promise<Run> {
  const disk = new PowerCutFileSystem(root);
  const fs = crashingAt(disk, crashAt);
  const run: Run = { disk, history: [stateOf([[0, SPACE, 0]])], returned: 0, synced: 0, callCount: 0 };
  let db: Database | undefined;
  try {
    db = await Database.open(root, { fs, maxDataFileSize: 100 });
    await changeThings(db, run);
    await db.close();
    run.synced = run.returned;
  } catch {
    await db?.close().catch(() => {});
  }
  run.callCount = fs.calls.length;
  return run;
}

function crashingAt(disk: PowerCutFileSystem, crashAt: number): FaultFileSystem {
  const fs = new FaultFileSystem(disk);
  fs.plan = call => (call.index >= crashAt ? { error: 'ECRASH' } : undefined);
  return fs;
}

async function changeThings(db: Database, run: Run): Promise<void> {
  const rows = new Map<string, Row>([[`0${SPACE}`, [0, SPACE, 0]]]);
  const change = async (expect: (seq: number) => (Row | string)[], make: () => unknown, isSynced = false) => {
    for (const row of expect(db.position + 1)) {
      if (typeof row === 'string') rows.delete(row);
      else rows.set(row[0] + row[1], row);
    }
    run.history.push(stateOf(rows.values()));
    await make();
    run.returned++;
    if (isSynced) run.synced = run.returned;
  };
  const sync = async () => {
    await db.sync();
    run.synced = run.returned;
  };
  const disk = { durability: 'disk' } as const;
  const long = 'x'.repeat(100);
  await change(
    s => [[0, 'a', s]],
    () => db.put('a', '1'),
  );
  await change(
    s => [[0, 'b', s]],
    () => db.put('b', long),
  );
  await sync();
  await change(
    s => [[0, 'a', s], '0b', [0, 'c', s + 2]],
    () => db.batch().put('a', '2').delete('b').put('c', long).commit(),
  );
  await change(
    s => [[0, 'd', s]],
    () => db.put('d', '1'),
  );
  await change(
    s => [[0, 'e', s]],
    () => db.put('e', '1', disk),
    true,
  );
  await change(
    () => [[1, SPACE, 0]],
    () => db.createSpace({ order: 'hash' }),
  );
  await change(
    s => [[1, 'x', s]],
    () => db.space(1)!.put('x', long),
  );
  await change(
    s => [[0, 'd', s]],
    () => db.expireAt('d', 9_000_000_000_000),
  );
  await change(
    s => [[0, 'f', s]],
    () => db.write([{ type: 'put', key: 'f', value: long }], disk),
    true,
  );
  await change(
    () => ['0a'],
    () => db.delete('a'),
  );
  await change(
    () => ['1x', `1${SPACE}`],
    () => db.dropSpace(1),
  );
  await change(
    s => [[0, 'g', s]],
    () => db.put('g', long),
  );
  await change(
    s => [[0, 'h', s]],
    () => db.put('h', long),
  );
}

/** The state that recovery finds on a disk. */
async function recoveredState(fs: PowerCutFileSystem | FaultFileSystem): Promise<State> {
  const { indexes } = await recover(root, resolveOptions({ fs }));
  const rows: Row[] = [];
  for (const [id, index] of indexes) {
    rows.push([id, SPACE, 0]);
    for (const entry of index.keydir.entries()) rows.push([id, entry.key, entry.seq]);
  }
  return stateOf(rows);
}

const CUTS: (Cut | 'kill')[] = [
  'kill',
  { bytes: 'kept', names: 'kept' },
  { bytes: 'lost', names: 'lost' },
  { bytes: 'lost', names: 'kept' },
  { bytes: 'kept', names: 'lost' },
  { bytes: 'torn', names: 'kept' },
  { bytes: 'torn', names: 'lost', keepSector: sector => sector % 2 === 1 },
];

function diskAfter(disk: PowerCutFileSystem, cut: Cut | 'kill'): PowerCutFileSystem {
  return cut === 'kill' ? disk.copy(root) : disk.cutPower(cut, root);
}

/** The states one may find: after a kill, all that had returned is there; after a power cut, all that was synced. */
function allowedStates(run: Run, cut: Cut | 'kill'): State[] {
  return run.history.slice(cut === 'kill' ? run.returned : run.synced);
}

test('whatever call to the disk was the last, all that met its level is there, and a second recovery agrees', async () => {
  const whole = await runWorkload(Number.POSITIVE_INFINITY);
  expect(whole.returned).toBe(13);
  expect(whole.callCount).toBeGreaterThan(200);
  for (let crashAt = 0; crashAt <= whole.callCount; crashAt++) {
    const run = await runWorkload(crashAt);
    for (const cut of CUTS) {
      const after = diskAfter(run.disk, cut);
      const state = await recoveredState(after);
      expect(allowedStates(run, cut), `call ${crashAt}, ${JSON.stringify(cut)}`).toContain(state);
      expect(await recoveredState(after)).toBe(state);
    }
  }
}, 120_000);

test('a crash during recovery, at any of its calls, loses nothing, and what recovery has returned is on the disk', async () => {
  const { callCount } = await runWorkload(Number.POSITIVE_INFINITY);
  let turn = 0;
  for (let crashAt = 0; crashAt <= callCount; crashAt += 7) {
    const run = await runWorkload(crashAt);
    const cut = CUTS[turn % CUTS.length]!;
    for (let inRecovery = turn % 3; ; inRecovery += 3) {
      const first = diskAfter(run.disk, cut);
      const ended = await recoveredState(crashingAt(first, inRecovery)).catch(() => undefined);
      for (const again of CUTS) {
        const state = await recoveredState(diskAfter(first, again));
        const note = `call ${crashAt}, ${JSON.stringify(cut)}, call ${inRecovery} of recovery, ${JSON.stringify(again)}`;
        if (ended !== undefined) expect(state, note).toBe(ended);
        else expect(allowedStates(run, again === 'kill' ? cut : CUTS[1]!), note).toContain(state);
      }
      turn++;
      if (ended !== undefined) break;
    }
  }
}, 120_000);
