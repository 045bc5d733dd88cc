/** Random transactions with savepoints against Maps: what each read answers on the way, and what is there afterwards. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions, type Range, type Transaction } from '../../engine/src/index.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

type Spaces = Map<number, Map<string, string>>;

type Step =
  | { readonly do: 'put'; readonly space: number; readonly key: string; readonly value: string }
  | { readonly do: 'get' | 'delete'; readonly space: number; readonly key: string }
  | { readonly do: 'deleteRange' | 'scan'; readonly space: number; readonly range: Range }
  | { readonly do: 'nested'; readonly steps: readonly Step[]; readonly throws: boolean };

type Command =
  | { readonly do: 'transaction'; readonly steps: readonly Step[]; readonly throws: boolean }
  | { readonly do: 'put'; readonly key: string; readonly value: string }
  | { readonly do: 'reopen' | 'kill' };

/** Spaces 0 and 1 are ordered by key, space 2 by hash. */
const space = fc.nat(2);
const key = fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', '\0', '\u00ff', 'z') });
const value = fc.string({ maxLength: 20 });
const range: fc.Arbitrary<Range> = fc.record(
  {
    gt: key,
    gte: key,
    lt: key,
    lte: key,
    prefix: key,
    reverse: fc.boolean(),
    limit: fc.nat(3),
  },
  { requiredKeys: [] },
);
const { step } = fc.letrec<{ step: Step }>(tie => ({
  step: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), space, key, value }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), space, key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('scan' as const), space, range }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteRange' as const), space, range }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('nested' as const),
        steps: fc.array(tie('step'), { maxLength: 8 }),
        throws: fc.boolean(),
      }),
    },
  ),
}));
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('transaction' as const),
      steps: fc.array(step, { minLength: 1, maxLength: 15 }),
      throws: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put' as const), key, value }) },
  fc.record({ do: fc.constantFrom('reopen' as const, 'kill' as const) }),
);

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What a scan of this range has to give. */
function inRange(model: Map<string, string>, given: Range): [string, string][] {
  const { gt, gte, lt, lte, prefix, reverse = false, limit = Number.POSITIVE_INFINITY } = given;
  const bytes = (text: Range['gt']): Buffer => Buffer.from(text as string);
  const found = [...model]
    .filter(([k]) => {
      const b = Buffer.from(k);
      return (
        (gt === undefined || Buffer.compare(b, bytes(gt)) > 0) &&
        (gte === undefined || Buffer.compare(b, bytes(gte)) >= 0) &&
        (lt === undefined || Buffer.compare(b, bytes(lt)) < 0) &&
        (lte === undefined || Buffer.compare(b, bytes(lte)) <= 0) &&
        (prefix === undefined || b.subarray(0, bytes(prefix).length).equals(bytes(prefix)))
      );
    })
    .sort(([a], [b]) => compareBytes(a, b));
  return (reverse ? found.reverse() : found).slice(0, limit);
}

class Rollback extends Error {}

/** Do the steps in the transaction and in the model, comparing each answer. */
function runSteps(tx: Transaction, model: Spaces, steps: readonly Step[]): void {
  for (const s of steps) {
    if (s.do === 'nested') {
      runNested(tx, model, s.steps, s.throws);
      continue;
    }
    const real = tx.space(s.space)!;
    const own = model.get(s.space)!;
    switch (s.do) {
      case 'put':
        real.put(s.key, s.value);
        own.set(s.key, s.value);
        break;
      case 'get':
        expect(real.get(s.key)?.toString()).toBe(own.get(s.key));
        expect(real.has(s.key)).toBe(own.has(s.key));
        break;
      case 'delete':
        expect(real.delete(s.key)).toBe(own.delete(s.key));
        break;
      case 'scan':
        if (real.order === 'hash') {
          expect(new Map(Array.from(real.entries(), ([k, v]) => [String(k), String(v)]))).toEqual(own);
        } else {
          expect(Array.from(real.entries(s.range), ([k, v]) => [String(k), String(v)])).toEqual(inRange(own, s.range));
        }
        break;
      case 'deleteRange': {
        const { reverse: _, limit: __, ...bounds } = real.order === 'hash' ? {} : s.range;
        const gone = inRange(own, bounds);
        expect(real.deleteRange(bounds)).toBe(gone.length > 0);
        for (const [k] of gone) own.delete(k);
      }
    }
  }
}

function runNested(tx: Transaction, model: Spaces, steps: readonly Step[], throws: boolean): void {
  const copy: Spaces = new Map(Array.from(model, ([id, entries]) => [id, new Map(entries)]));
  try {
    tx.transaction(inner => {
      runSteps(inner, copy, steps);
      if (throws) throw new Rollback();
    });
    for (const [id, entries] of copy) model.set(id, entries);
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
  }
}

class Pair {
  readonly #root = temporaryDirectory('transaction-model');
  readonly #options: DatabaseOptions;
  #disk = new SimulatedDisk(this.#root);
  model: Spaces = new Map([0, 1, 2].map(id => [id, new Map()]));
  db!: Database;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.db = await Database.open(this.#root, { ...this.#options, fs: this.#disk, maxDataFileSize: 500 });
    if (this.db.spaces().length > 1) return;
    this.db.createSpace({ order: 'key' });
    this.db.createSpace({ order: 'hash' });
  }

  async run(c: Command): Promise<void> {
    switch (c.do) {
      case 'transaction':
        this.#transaction(c.steps, c.throws);
        break;
      case 'put':
        this.db.put(c.key, c.value);
        this.model.get(0)!.set(c.key, c.value);
        break;
      case 'reopen':
        await this.db.close();
        await this.open();
        break;
      case 'kill': {
        await new Promise(setImmediate);
        const left = this.#disk.copy(this.#root);
        await this.db.close();
        this.#disk = left;
        await this.open();
      }
    }
    this.#check();
  }

  #transaction(steps: readonly Step[], throws: boolean): void {
    const copy: Spaces = new Map(Array.from(this.model, ([id, entries]) => [id, new Map(entries)]));
    try {
      this.db.transaction(tx => {
        runSteps(tx, copy, steps);
        if (throws) throw new Rollback();
      });
      this.model = copy;
    } catch (error) {
      if (!(error instanceof Rollback)) throw error;
    }
  }

  #check(): void {
    for (const [id, expected] of this.model) {
      const entries = Array.from(this.db.space(id)!.entries(), ([k, v]) => [String(k), String(v)] as const);
      expect(new Map(entries)).toEqual(expected);
      expect(this.db.space(id)!.size).toBe(expected.size);
    }
  }
}

describe('any transactions', () => {
  const ways: [string, DatabaseOptions][] = [
    ['by call', {}],
    ['at level memory', { durability: 'memory' }],
    ['in turns', { commit: 'turn' }],
  ];
  for (const [name, options] of ways) {
    test(`${name}, with savepoints, give what Maps give`, async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fff_ffff);
      const property = fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 25 }), async commands => {
        const pair = new Pair(options);
        await pair.open();
        for (const c of commands) await pair.run(c);
        await pair.run({ do: 'reopen' });
        await pair.db.close();
      });
      await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) }); // A failure prints the seed.
    });
  }
});
