/**
 * Optimistic transactions, synchronous ones and single changes in random interleavings: there must be one order in which
 * they could have run one after the other. The order of their seqs is that order: run again in it, against a Map, each
 * of them must read what it has read.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

type Step =
  | { readonly do: 'get' | 'delete' | 'put'; readonly key: string }
  | {
      readonly do: 'scan';
      readonly from: string;
      readonly to: string;
      readonly limit: number;
      readonly reverse: boolean;
    }
  | { readonly do: 'deleteRange'; readonly from: string; readonly to: string }
  | { readonly do: 'wait'; readonly turns: number };

interface Program {
  readonly kind: 'optimistic' | 'transaction';
  readonly steps: readonly Step[];
  /** Turns of the event loop before it begins. */
  readonly delay: number;
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'put' as const, 'delete' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('scan' as const),
      from: key,
      to: key,
      limit: fc.nat(4),
      reverse: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('deleteRange' as const), from: key, to: key }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 3 }) }) },
);
const program: fc.Arbitrary<Program> = fc.record({
  kind: fc.constantFrom('optimistic' as const, 'optimistic' as const, 'optimistic' as const, 'transaction' as const),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  delay: fc.nat(4),
});

/** What a program reads and writes: a store's transaction, or the model. */
interface Store {
  get(key: string): string | undefined;
  put(key: string, value: string): void;
  delete(key: string): void;
  scan(from: string, to: string, limit: number, reverse: boolean): string[];
  deleteRange(from: string, to: string): void;
}

/** Do one step. What is put depends on all that was read, so that a wrong answer spreads. */
function doStep(store: Store, s: Step, number: number, answers: string[]): void {
  switch (s.do) {
    case 'get':
      answers.push(String(store.get(s.key)));
      break;
    case 'put':
      store.put(s.key, `${number}:${answers.join('|').slice(-40)}`);
      break;
    case 'delete':
      store.delete(s.key);
      break;
    case 'scan':
      answers.push(store.scan(s.from, s.to, s.limit, s.reverse).join());
      break;
    case 'deleteRange':
      store.deleteRange(s.from, s.to);
  }
}

function modelStore(model: Map<string, string>): Store {
  const inRange = (from: string, to: string): string[] => [...model.keys()].filter(k => k >= from && k < to).sort();
  return {
    get: k => model.get(k),
    put: (k, value) => model.set(k, value),
    delete: k => model.delete(k),
    scan: (from, to, limit, reverse) => {
      const keys = inRange(from, to);
      return (reverse ? keys.reverse() : keys).slice(0, limit).map(k => `${k}=${model.get(k)}`);
    },
    deleteRange: (from, to) => {
      for (const k of inRange(from, to)) model.delete(k);
    },
  };
}

type Tx = Parameters<Parameters<Database['transaction']>[0]>[0];

function transactionStore(tx: Tx): Store {
  return {
    get: k => tx.get(k)?.toString(),
    put: (k, value) => tx.put(k, value),
    delete: k => tx.delete(k),
    scan: (gte, lt, limit, reverse) => Array.from(tx.entries({ gte, lt, limit, reverse }), ([k, v]) => `${k}=${v}`),
    deleteRange: (gte, lt) => tx.deleteRange({ gte, lt }),
  };
}

/** The mark that a transaction leaves: its seq says when it happened. */
const markOf = (number: number): string => `mark/${number}`;

interface Ran {
  readonly number: number;
  readonly steps: readonly Step[];
  readonly answers: readonly string[];
}

async function runProgram(db: Database, { kind, steps, delay }: Program, number: number): Promise<Ran | undefined> {
  for (let turn = 0; turn < delay; turn++) await nextTurn();
  if (kind === 'transaction') {
    const answers = db.transaction(tx => {
      const own: string[] = [];
      for (const s of steps) doStep(transactionStore(tx), s, number, own);
      tx.put(markOf(number), '');
      return own;
    });
    return { number, steps, answers };
  }
  try {
    const answers = await db.optimistic(
      async tx => {
        const own: string[] = [];
        for (const s of steps) {
          if (s.do === 'wait') for (let turn = 0; turn < s.turns; turn++) await nextTurn();
          else doStep(transactionStore(tx), s, number, own);
        }
        tx.put(markOf(number), '');
        return own;
      },
      { attempts: 2 },
    );
    return { number, steps, answers };
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFLICT' });
    return undefined;
  }
}

async function isSerializable(programs: readonly Program[], options: DatabaseOptions): Promise<number> {
  const db = await Database.open(temporaryDirectory(), options);
  db.putMany(KEYS.slice(0, 3).map(k => [k, 'first']));
  const model = new Map(KEYS.slice(0, 3).map(k => [k, 'first']));
  const all = await Promise.all(programs.map((p, number) => runProgram(db, p, number)));
  const ran = all.filter(result => result !== undefined);
  const seqOf = ({ number }: Ran): number => db.getEntry(markOf(number))!.seq;
  for (const { number, steps, answers } of ran.sort((a, b) => seqOf(a) - seqOf(b))) {
    const own: string[] = [];
    for (const s of steps) doStep(modelStore(model), s, number, own);
    expect(own).toEqual(answers);
  }
  const left = Array.from(db.entries({ lt: 'm' }), ([k, v]) => [String(k), String(v)] as const);
  expect(new Map(left)).toEqual(model);
  await db.close();
  return programs.length - ran.length;
}

describe('transactions in any interleaving', () => {
  for (const [way, options] of [
    ['by call', {}],
    ['in turns', { commit: 'turn' }],
  ] as [string, DatabaseOptions][]) {
    test(`${way} could have run one after the other`, async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fff_ffff);
      let refused = 0;
      const property = fc.asyncProperty(fc.array(program, { minLength: 2, maxLength: 10 }), async programs => {
        refused += await isSerializable(programs, options);
      });
      await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 80) }); // A failure prints the seed.
      expect(refused).toBeGreaterThan(0); // Else they have not met.
    });
  }
});
