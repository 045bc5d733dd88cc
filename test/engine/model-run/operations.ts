/** The operations of a model run, and how often each happens. */
import {
  batch,
  conditional,
  deleteRange,
  dropSpace,
  expire,
  makeSpace,
  put,
  putMany,
  remove,
  update,
  write,
} from './changes.ts';
import {
  changeLevel,
  checkAll,
  crashInMerge,
  cut,
  endTurn,
  failedSync,
  fullDisk,
  kill,
  merge,
  moveClock,
  nextSeq,
  reopen,
  sync,
  verify,
} from './events.ts';
import { cursorStep, get, hashCalls, size, snapshot, walk } from './reads.ts';
import type { Act } from './support.ts';
import { optimistic, transaction } from './transactions.ts';

/** An operation, and how often it happens among all. */
interface Kind {
  readonly name: string;
  readonly weight: number;
  readonly act: Act;
}

export const KINDS: readonly Kind[] = [
  { name: 'put', weight: 300, act: put },
  { name: 'delete', weight: 90, act: remove },
  { name: 'expireAt', weight: 40, act: expire },
  { name: 'update', weight: 20, act: update },
  { name: 'conditional put', weight: 15, act: conditional },
  { name: 'putMany', weight: 10, act: putMany },
  { name: 'batch', weight: 40, act: batch },
  { name: 'write', weight: 25, act: write },
  { name: 'transaction', weight: 30, act: transaction },
  { name: 'optimistic', weight: 10, act: optimistic },
  { name: 'deleteRange', weight: 10, act: deleteRange },
  { name: 'createSpace', weight: 4, act: makeSpace },
  { name: 'dropSpace', weight: 3, act: dropSpace },
  { name: 'get', weight: 150, act: get },
  { name: 'size', weight: 4, act: size },
  { name: 'entries', weight: 25, act: walk },
  { name: 'cursor', weight: 50, act: cursorStep },
  { name: 'snapshot', weight: 60, act: snapshot },
  { name: 'scan', weight: 4, act: hashCalls },
  { name: 'clock', weight: 25, act: moveClock },
  { name: 'sync', weight: 6, act: sync },
  { name: 'turn', weight: 30, act: endTurn },
  { name: 'level', weight: 1, act: changeLevel },
  { name: 'nextSeq', weight: 2, act: nextSeq },
  { name: 'check', weight: 1, act: checkAll },
  { name: 'merge', weight: 3, act: merge },
  { name: 'verify', weight: 0.3, act: verify },
  { name: 'crash in a merge', weight: 1, act: crashInMerge },
  { name: 'full disk', weight: 1, act: fullDisk },
  { name: 'failed sync', weight: 0.2, act: failedSync },
  { name: 'reopen', weight: 0.7, act: reopen },
  { name: 'kill', weight: 0.7, act: kill },
  { name: 'power cut', weight: 0.9, act: cut },
];

/** One of these, each as often as its weight says. */
export function choose(kinds: readonly Kind[], random: (below: number) => number): Kind {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let left = (random(1_000_000) / 1_000_000) * total;
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0]!;
}
