/** What happens to a store from outside: time, turns, syncs, merges, closing, crashes. */
import { put, remove } from './changes.ts';
import type { Pair } from './pair.ts';
import { toValue } from './store-reader.ts';
import { type Act, anyKey, anyValue, textOf } from './support.ts';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

export const moveClock: Act = pair => {
  const by = pair.random(6) === 0 ? -pair.random(2000) : pair.random(60);
  pair.nowMs = Math.max(1_000_000, pair.nowMs + by);
  return `the clock moves by ${by}`;
};

async function syncAll(pair: Pair): Promise<void> {
  const moment = pair.model.moment;
  await pair.db.sync();
  pair.model.keptByKill();
  pair.model.keptByCut(moment);
}

export const sync: Act = async pair => {
  await syncAll(pair);
  return 'sync';
};

export const endTurn: Act = async pair => {
  if (pair.commit === 'turn' && pair.random(2) === 0) {
    const [moment, position] = [pair.model.moment, pair.db.position];
    pair.db.commitTurn();
    await pair.db.durable(position);
    if (pair.level !== 'memory') pair.model.keptByKill();
    if (pair.level === 'disk') pair.model.keptByCut(moment);
    return 'commitTurn and durable';
  }
  await turn();
  await turn();
  pair.model.keptByKill();
  return 'the turn ends';
};

export const changeLevel: Act = pair => {
  pair.level = pair.anyLevel();
  pair.db.durability = pair.level;
  return `level ${textOf(pair.level)}`;
};

export const nextSeq: Act = pair => `nextSeq -> ${pair.db.nextSeq()}`;

export const reopen: Act = async pair => {
  await pair.reopen();
  return 'reopened';
};

export const kill: Act = async pair => {
  await pair.crash('kill');
  return 'killed';
};

export const cut: Act = async pair => {
  await pair.crash('cut');
  return 'power cut';
};

export const checkAll: Act = pair => {
  pair.checkAll();
  return 'compared';
};

/** Sometimes it is waited for, mostly it goes on beside what comes next. */
export const merge: Act = async pair => {
  if (pair.merging !== undefined) {
    await pair.merging;
    pair.merging = undefined;
    return 'a merge has ended';
  }
  const filesBefore = pair.db.stats.dataFiles;
  pair.beginMerge();
  if (pair.random(3) !== 0) return 'a merge begins';
  await pair.merging;
  pair.merging = undefined;
  return `merge: ${filesBefore} files became ${pair.db.stats.dataFiles}`;
};

/** Changes while a merge goes on, turn by turn, and a crash at some moment of it or soon after. */
export const crashInMerge: Act = async pair => {
  if (pair.merging === undefined) pair.beginMerge();
  const turns = pair.random(60);
  for (let left = turns; left > 0; left--) {
    for (let changes = pair.random(3); changes > 0; changes--) await (pair.random(3) === 0 ? remove : put)(pair);
    await turn();
  }
  const kind = pair.random(4) === 0 ? 'kill' : 'cut';
  await pair.crash(kind);
  return `a ${kind} ${turns} turns into a merge`;
};

/** Puts while the disk is full: those that throw have changed nothing; when there is room again, all goes on. */
export const fullDisk: Act = async pair => {
  pair.failing('writes', { error: 'ENOSPC', afterBytes: pair.random(3) * 10 });
  const space = pair.model.spaces.get(0)!;
  let refused = 0;
  for (let left = 1 + pair.random(5); left > 0; left--) {
    const [key, made] = [anyKey(pair), anyValue(pair)];
    try {
      const seq = pair.db.put(pair.keys.bytes[key]!, made.bytes, made.options);
      pair.model.step(() => pair.model.set(space, key, made.value(seq)));
    } catch (error) {
      if ((error as { code?: string }).code !== 'DISK_FULL') throw error;
      refused++;
    }
    const shown = pair.db.getEntry(pair.keys.bytes[key]!);
    pair.mustFit(space, key, space.values[key], shown && toValue(shown));
    pair.model.look(space, key);
    if (pair.random(2) === 0) await turn();
  }
  pair.failing(undefined);
  if (pair.random(3) > 0) {
    await syncAll(pair);
    return `the disk is full: ${refused} puts refused`;
  }
  await pair.crash(pair.random(2) === 0 ? 'kill' : 'cut');
  return `the disk is full: ${refused} puts refused, and a crash`;
};

/** A sync fails: from then on nothing can be written, all can be read, and only another process may go on. */
export const failedSync: Act = async pair => {
  pair.failing('syncs', { error: 'EIO' });
  const failed = await pair.db.sync().then(
    () => false,
    () => true,
  );
  pair.failing(undefined);
  if (!failed) return 'there was nothing to sync';
  pair.count('syncs that failed');
  for (const again of [1, 2]) {
    const refused = attemptPut(pair);
    if (refused !== 'POISONED') throw new Error(`put ${again} after a failed sync came to ${refused}`);
  }
  await pair.db.sync().then(
    () => {
      throw new Error('a sync after a failed one says that it went well');
    },
    () => {},
  );
  pair.readAllNow();
  await pair.crash(pair.random(2) === 0 ? 'kill' : 'cut');
  return 'a sync failed';
};

function attemptPut(pair: Pair): string | undefined {
  try {
    pair.db.put('never', 'written');
    return 'success';
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

export const verify: Act = async pair => {
  const { problems, entries } = await pair.db.verify();
  if (problems.length > 0) throw new Error(`verify finds ${textOf(problems)}`);
  return `verify: ${entries} entries`;
};
