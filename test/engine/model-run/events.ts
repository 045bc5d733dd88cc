/** What happens to a store from outside: time, turns, syncs, merges, closing, crashes. */
import { type Act, textOf } from './support.ts';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

export const moveClock: Act = pair => {
  const by = pair.random(6) === 0 ? -pair.random(2000) : pair.random(60);
  pair.nowMs = Math.max(1_000_000, pair.nowMs + by);
  return `the clock moves by ${by}`;
};

export const sync: Act = async pair => {
  const moment = pair.model.moment;
  await pair.db.sync();
  pair.model.keptByKill();
  pair.model.keptByCut(moment);
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
  const merging = pair.db.merge();
  pair.count('merges');
  pair.merging = merging.catch((error: { code?: string }) => {
    if (error.code !== 'CLOSED' && error.code !== 'ABORTED') throw error;
  });
  pair.merging.catch(() => {}); // Whoever waits for it gets the error.
  if (pair.random(3) !== 0) return 'a merge begins';
  await pair.merging;
  pair.merging = undefined;
  return `merge: ${filesBefore} files became ${pair.db.stats.dataFiles}`;
};

export const verify: Act = async pair => {
  const { problems, entries } = await pair.db.verify();
  if (problems.length > 0) throw new Error(`verify finds ${textOf(problems)}`);
  return `verify: ${entries} entries`;
};
