/** Random histories against a Map: puts, deletes, batches, expiries, spaces and reopenings, in every way of committing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

interface Value {
  readonly value: string;
  readonly tag: number;
  readonly expiresAtMs: number;
}
type Model = Map<number, Map<string, Value>>;

type Command =
  | {
      readonly do: 'put';
      readonly space: number;
      readonly key: string;
      readonly value: string;
      readonly tag: number;
      readonly ttl: number;
    }
  | { readonly do: 'delete' | 'expire'; readonly space: number; readonly key: string; readonly ttl: number }
  | { readonly do: 'batch' | 'write'; readonly space: number; readonly keys: string[]; readonly value: string }
  | { readonly do: 'create'; readonly hash: boolean }
  | { readonly do: 'drop'; readonly space: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'sync' | 'reopen' | 'turn' | 'kill' };

const key = fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', '\0', '\u00ff', 'é') });
const space = fc.nat(3);
const ttl = fc.constantFrom(0, 0, 0, 10, 1000);
const value = fc.string({ maxLength: 30 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), space, key, value, tag: fc.nat(255), ttl }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'expire' as const), space, key, ttl }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('batch' as const, 'write' as const),
      space,
      keys: fc.array(key, { maxLength: 5 }),
      value,
    }),
  },
  fc.record({ do: fc.constant('create' as const), hash: fc.boolean() }),
  fc.record({ do: fc.constant('drop' as const), space }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('sync' as const, 'reopen' as const, 'turn' as const, 'kill' as const) }),
  },
);

/** One store and its model, driven by commands. */
class Pair {
  readonly #root = temporaryDirectory('model');
  readonly #options: DatabaseOptions;
  #disk = new SimulatedDisk(this.#root);
  #nowMs = 1_000_000;
  readonly model: Model = new Map([[0, new Map()]]);
  db!: Database;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.db = await Database.open(this.#root, {
      ...this.#options,
      fs: this.#disk,
      maxDataFileSize: 500,
      cacheBytes: 1024 * 1024,
      now: () => this.#nowMs,
    });
  }

  async run(c: Command): Promise<void> {
    switch (c.do) {
      case 'put': {
        const expiresAtMs = c.ttl === 0 ? 0 : this.#nowMs + c.ttl;
        this.#space(c.space)?.put(c.key, c.value, { tag: c.tag, ...(c.ttl > 0 && { expiresAtMs }) });
        this.model.get(c.space)?.set(c.key, { value: c.value, tag: c.tag, expiresAtMs });
        break;
      }
      case 'delete':
        expect(this.#space(c.space)?.delete(c.key) !== undefined).toBe(this.model.get(c.space)?.delete(c.key) ?? false);
        break;
      case 'expire': {
        const expiresAtMs = c.ttl === 0 ? 0 : this.#nowMs + c.ttl;
        const old = this.model.get(c.space)?.get(c.key);
        const seq = this.#space(c.space)?.expireAt(c.key, expiresAtMs || undefined);
        expect(seq !== undefined).toBe(old !== undefined);
        if (old !== undefined) this.model.get(c.space)!.set(c.key, { ...old, expiresAtMs });
        break;
      }
      case 'batch':
      case 'write':
        await this.#several(c.do, c.space, c.keys, c.value);
        break;
      case 'create': {
        const made = this.db.createSpace({ order: c.hash ? 'hash' : 'key' });
        expect(this.model.has(made.id)).toBe(false);
        this.model.set(made.id, new Map());
        break;
      }
      case 'drop':
        if (c.space !== 0 && this.model.delete(c.space)) this.db.dropSpace(c.space);
        break;
      case 'wait':
        this.#wait(c.ms);
        break;
      case 'turn':
        await new Promise(setImmediate);
        break;
      case 'sync':
        await this.db.sync();
        break;
      case 'kill':
        await this.#kill();
        break;
      case 'reopen':
        await this.db.close();
        await this.open();
    }
  }

  async #several(how: 'batch' | 'write', id: number, keys: string[], text: string): Promise<void> {
    const model = this.model.get(id);
    if (model === undefined) return;
    const operations = keys.map((name, i) =>
      i % 3 === 2
        ? ({ type: 'delete', key: name, space: id } as const)
        : ({ type: 'put', key: name, value: text + i, space: id } as const),
    );
    for (const operation of operations) {
      if (operation.type === 'delete') model.delete(operation.key);
      else model.set(operation.key, { value: operation.value, tag: 0, expiresAtMs: 0 });
    }
    if (how === 'write') {
      await this.db.write(operations);
      return;
    }
    const batch = this.db.batch();
    for (const operation of operations) {
      if (operation.type === 'delete') batch.delete(operation.key, { space: id });
      else batch.put(operation.key, operation.value, { space: id });
    }
    batch.commit();
  }

  #wait(ms: number): void {
    this.#nowMs += ms;
    for (const entries of this.model.values()) {
      for (const [name, { expiresAtMs }] of entries)
        if (expiresAtMs !== 0 && expiresAtMs <= this.#nowMs) entries.delete(name);
    }
  }

  /** The process is killed when the system has everything: at level memory and in turn mode that is after the turn. */
  async #kill(): Promise<void> {
    await new Promise(setImmediate);
    const left = this.#disk.copy(this.#root);
    await this.db.close();
    this.#disk = left;
    await this.open();
  }

  #space(id: number) {
    return this.model.has(id) ? this.db.space(id) : undefined;
  }

  check(): void {
    expect(
      this.db
        .spaces()
        .map(s => s.id)
        .sort(),
    ).toEqual([...this.model.keys()].sort());
    for (const [id, expected] of this.model) {
      const found = this.db.space(id)!;
      expect(found.size).toBe(expected.size);
      const entries = Array.from(found.keys(), k => [String(k), this.#entryOf(id, k)] as const);
      expect(new Map(entries)).toEqual(expected);
      if (found.order === 'key') expect(entries.map(([k]) => k)).toEqual([...expected.keys()].sort(compareBytes));
    }
  }

  #entryOf(id: number, k: Buffer): Value {
    const { value: bytes, tag, expiresAtMs = 0 } = this.db.space(id)!.getEntry(k)!;
    return { value: String(bytes), tag, expiresAtMs };
  }
}

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('any history', () => {
  const ways: [string, DatabaseOptions][] = [
    ['at level os', {}],
    ['at level memory', { durability: 'memory' }],
    ['at level disk', { durability: 'disk' }],
    ['in turns', { commit: 'turn' }],
  ];
  for (const [name, options] of ways) {
    test(`${name} gives what a Map gives`, async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fff_ffff);
      const property = fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 80 }), async commands => {
        const pair = new Pair(options);
        await pair.open();
        for (const c of commands) {
          await pair.run(c);
          if (c.do === 'reopen' || c.do === 'kill') pair.check();
        }
        pair.check();
        await pair.run({ do: 'reopen' });
        pair.check();
        await pair.db.close();
      });
      await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 25) }); // A failure prints the seed.
    });
  }
});
