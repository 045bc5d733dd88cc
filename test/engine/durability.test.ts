/**
 * The table of docs/durability.md, cell by cell: what each call has done at each level when it returns, what is so when it
 * throws, and what is there after a kill -9 and after a power cut. The document names these tests.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, type RunnerTask, test } from 'vitest';
import { Database, type DatabaseOptions, type Durability, type Transaction } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

type Level = 'memory' | 'os' | 'interval' | 'disk';

const INTERVAL_MS = 30;
const LEVELS: Record<Level, Durability> = {
  memory: 'memory',
  os: 'os',
  interval: { intervalMs: INTERVAL_MS },
  disk: 'disk',
};

const FAR_AWAY = 9_000_000_000_000;
const full = expect.objectContaining({ code: 'DISK_FULL' });
const poisoned = expect.objectContaining({ code: 'POISONED' });
const endOfTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Wait until an interval has passed, and the sync that began at its end is done. */
async function intervalPassed(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, INTERVAL_MS + 20));
  for (let turn = 0; turn < 5; turn++) await endOfTurn();
}

/** A store that holds `base`, on the disk, and the calls to the disk that came after. */
class Store {
  readonly #root = temporaryDirectory('durability');
  readonly disk = new SimulatedDisk(this.#root);
  readonly fs = new FaultFileSystem(this.disk);
  db!: Database;
  #base = 0;

  static async open(options: DatabaseOptions, prepare: (db: Database) => unknown = () => {}): Promise<Store> {
    const store = new Store();
    store.db = await Database.open(store.#root, { fs: store.fs, ...options });
    store.db.put('base', 'v');
    prepare(store.db);
    await store.db.sync();
    store.#base = store.fs.calls.length;
    return store;
  }

  calls(): string[] {
    return this.fs.calls.slice(this.#base).map(call => call.operation);
  }

  failWrites(): void {
    this.fs.plan = call => (isWrite(call) ? { error: 'ENOSPC', afterBytes: 5 } : undefined);
  }

  failSyncs(): void {
    this.fs.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
  }

  async afterKill(): Promise<string[]> {
    return found(this.disk.copy(this.#root));
  }

  async afterPowerCut(): Promise<string[]> {
    return found(this.disk.cutPower({ bytes: 'lost', names: 'lost' }, this.#root));
  }

  async keysNow(): Promise<string[]> {
    const infos = this.db.space(0)!.infos(); // Without a read from the disk.
    const keys = Array.from(infos, ({ key, expiresAtMs }) => described(key, expiresAtMs)).sort();
    return [...keys, ...spacesAsText(this.db.spaces().map(({ id }) => id))];
  }
}

/** What recovery finds: keys of the default space with their expiry, in order, and the other spaces. */
async function found(disk: SimulatedDisk): Promise<string[]> {
  const { indexes } = await recover(disk.root, resolveOptions({ fs: disk }));
  const entries = indexes.get(0)!.keydir.entries();
  const keys = Array.from(entries, ({ key, expiresAtMs }) => described(key, expiresAtMs)).sort();
  return [...keys, ...spacesAsText([...indexes.keys()])];
}

const described = (key: string, expiresAtMs: number | undefined): string =>
  expiresAtMs ? `${key}@${expiresAtMs}` : key;

const spacesAsText = (ids: readonly number[]): string[] => ids.filter(id => id > 0).map(id => `space ${id}`);

/** The synchronous calls do the same: one change, at the store's level or at one of its own. */
const SYNC_CALLS: Record<string, (db: Database, durability?: Durability) => unknown> = {
  put: (db, durability) => db.put('new', 'v', durability && { durability }),
  'batch.commit': (db, durability) =>
    db
      .batch()
      .put('new', 'v')
      .put('new too', 'v')
      .commit(durability && { durability }),
  transaction: (db, durability) =>
    db.transaction(tx => {
      tx.put('new', 'v');
      tx.transaction(inner => inner.put('new too', 'v'));
    }, durability && { durability }),
  'put with a condition': (db, durability) => db.put('new', 'v', { ifAbsent: true, ...(durability && { durability }) }),
  deleteRange: (db, durability) => db.deleteRange({ gte: 'a', lt: 'c' }, durability && { durability }),
  delete: (db, durability) => db.delete('base', durability && { durability }),
  clear: (db, durability) => db.clear(durability && { durability }),
  expireAt: (db, durability) => db.expireAt('base', FAR_AWAY, durability && { durability }),
  update: (db, durability) => db.update('new', () => 'v', durability && { durability }),
  putMany: (db, durability) =>
    db.putMany(
      [
        ['new', 'v'],
        ['new too', 'v'],
      ],
      durability && { durability },
    ),
  createSpace: db => db.createSpace({ order: 'hash' }),
  dropSpace: db => db.dropSpace(1),
};
/** These have no level of their own, only the store's. */
const WITHOUT_LEVEL: readonly string[] = ['createSpace', 'dropSpace'];
const KEYS_AFTER: Record<string, string[]> = {
  put: ['base', 'new'],
  'batch.commit': ['base', 'new', 'new too'],
  transaction: ['base', 'new', 'new too'],
  'put with a condition': ['base', 'new'],
  deleteRange: [],
  delete: [],
  clear: [],
  expireAt: [`base@${FAR_AWAY}`],
  update: ['base', 'new'],
  putMany: ['base', 'new', 'new too'],
  createSpace: ['base', 'space 1'],
  dropSpace: ['base'],
};

for (const [call, make] of Object.entries(SYNC_CALLS)) {
  const drops = call === 'dropSpace';
  const before = drops ? ['base', 'space 1'] : ['base'];
  const after = KEYS_AFTER[call]!;
  const open = (options: DatabaseOptions): Promise<Store> =>
    Store.open(options, db => drops && db.createSpace({ order: 'key' }));

  describe(`${call} at memory`, () => {
    test('returns with the change in our buffer, which is handed over at the end of the turn', async () => {
      const store = await open({ durability: 'memory' });
      make(store.db);
      expect(await store.keysNow()).toEqual(after);
      expect(store.calls()).toEqual([]);
      await endOfTurn();
      expect(store.calls()).toEqual(['write']);
      await store.db.close();
    });

    test('throws only when older bytes are stuck; what it had accepted stays visible and is kept', async () => {
      const store = await open({ durability: 'memory' });
      store.failWrites();
      make(store.db);
      await endOfTurn();
      expect(() => store.db.put('later', 'v')).toThrow(full);
      expect(await store.keysNow()).toEqual(after);
      store.fs.plan = () => undefined;
      await store.db.close();
      expect(await store.afterKill()).toEqual(after);
    });

    test('survives a kill -9 from the end of the turn on', async () => {
      const store = await open({ durability: 'memory' });
      make(store.db);
      expect(await store.afterKill()).toEqual(before);
      await endOfTurn();
      expect(await store.afterKill()).toEqual(after);
      await store.db.close();
    });

    test('survives a power cut from the next sync on; before it, a prefix is there', async () => {
      const store = await open({ durability: 'memory' });
      make(store.db);
      await endOfTurn();
      expect(await store.afterPowerCut()).toEqual(before);
      await store.db.sync();
      expect(await store.afterPowerCut()).toEqual(after);
      await store.db.close();
    });
  });

  for (const level of ['os', 'interval', 'disk'] as const) {
    const durability = LEVELS[level];

    describe(`${call} at ${level}`, () => {
      test('returns when one write, and at disk a sync of its own, is done', async () => {
        const store = await open({ durability });
        make(store.db);
        expect(store.calls()).toEqual(level === 'disk' ? ['write', 'syncData'] : ['write']);
        await intervalPassed();
        expect(store.calls().slice(1)).toEqual({ os: [], interval: ['syncDataLater'], disk: ['syncData'] }[level]);
        await store.db.close();
      });

      test('throws when the append fails: not visible now, absent after reopening', async () => {
        const store = await open({ durability });
        store.failWrites();
        expect(() => make(store.db)).toThrow(full);
        expect(await store.keysNow()).toEqual(before);
        expect(await store.afterKill()).toEqual(before);
        store.fs.plan = () => undefined;
        await store.db.close();
      });

      test('survives a kill -9 from its return on', async () => {
        const store = await open({ durability });
        make(store.db);
        expect(await store.afterKill()).toEqual(after);
        await store.db.close();
      });

      const powerCut = {
        os: 'survives a power cut from the next sync on; before it, a prefix is there',
        interval: 'survives a power cut from n milliseconds and one sync after its return on',
        disk: 'survives a power cut from its return on',
      }[level];
      test(powerCut, async () => {
        const store = await open({ durability });
        make(store.db);
        expect(await store.afterPowerCut()).toEqual(level === 'disk' ? after : before);
        await intervalPassed();
        expect(await store.afterPowerCut()).toEqual(level === 'os' ? before : after);
        await store.db.sync();
        expect(await store.afterPowerCut()).toEqual(after);
        await store.db.close();
      });

      if (WITHOUT_LEVEL.includes(call)) return;
      test('may be asked for by one call of a store of another level', async () => {
        const store = await open({ durability: 'memory' });
        make(store.db, durability);
        expect(store.calls()).toEqual(level === 'disk' ? ['write', 'syncData'] : ['write']);
        await store.db.close();
      });
    });
  }

  test(`${call} at disk throws when its sync fails: not visible now, and the store is poisoned`, async () => {
    const store = await open({ durability: 'disk' });
    store.failSyncs();
    expect(() => make(store.db)).toThrow(poisoned);
    expect(await store.keysNow()).toEqual(before);
    expect(() => store.db.put('later', 'v')).toThrow(poisoned);
    await store.db.close();
  });
}

test('put at disk covers what was put before it, in older files too', async () => {
  const store = await Store.open({ maxDataFileSize: 100 });
  store.db.put('a', 'x'.repeat(100));
  store.db.put('b', 'x'.repeat(100));
  store.db.put('c', 'x', { durability: 'disk' });
  expect(await store.afterPowerCut()).toEqual(['a', 'b', 'base', 'c']);
  await store.db.close();
});

/** What waits for its level without holding up the program. */
const ASYNC_CALLS: Record<string, (db: Database, durability: Durability) => Promise<unknown>> = {
  write: (db, durability) => db.write([{ type: 'put', key: 'new', value: 'v' }], { durability }),
  optimistic: (db, durability) =>
    db.optimistic(
      async tx => {
        await endOfTurn();
        tx.put('new', 'v');
      },
      { durability },
    ),
};
const ASYNC_CELLS = Object.keys(ASYNC_CALLS).flatMap(call =>
  (['memory', 'os', 'interval', 'disk'] as const).map(level => [call, level] as const),
);
for (const [call, level] of ASYNC_CELLS) {
  const write = (db: Database): Promise<unknown> => ASYNC_CALLS[call]!(db, LEVELS[level]);
  if (call === 'optimistic' && level === 'memory') {
    test('optimistic at memory resolves with the change in our buffer, handed over at the end of the turn', async () => {
      const store = await Store.open({});
      await write(store.db);
      expect(await store.keysNow()).toEqual(['base', 'new']);
      await endOfTurn();
      expect(await store.afterKill()).toEqual(['base', 'new']);
      await store.db.close();
    });
    continue;
  }

  describe(`${call} at ${level}`, () => {
    test('resolves when the append of the turn, and at disk a shared sync, is done', async () => {
      const store = await Store.open({});
      await Promise.all([write(store.db), store.db.write([{ type: 'put', key: 'other', value: 'v' }])]);
      expect(store.calls().filter(name => name === 'syncDataLater').length).toBe(level === 'disk' ? 1 : 0);
      expect(store.calls().filter(name => name === 'write').length).toBe(call === 'write' ? 1 : 2);
      await store.db.close();
    });

    test('rejects when the append fails: not visible now, absent after reopening', async () => {
      const store = await Store.open({});
      store.failWrites();
      await expect(write(store.db)).rejects.toThrow(full);
      expect(await store.keysNow()).toEqual(['base']);
      expect(await store.afterKill()).toEqual(['base']);
      store.fs.plan = () => undefined;
      await store.db.close();
    });

    test('survives a kill -9 from its resolution on', async () => {
      const store = await Store.open({});
      await write(store.db);
      expect(await store.afterKill()).toEqual(['base', 'new']);
      await store.db.close();
    });

    test('survives a power cut when its level says so', async () => {
      const store = await Store.open({});
      await write(store.db);
      expect(await store.afterPowerCut()).toEqual(level === 'disk' ? ['base', 'new'] : ['base']);
      await intervalPassed();
      expect(await store.afterPowerCut()).toEqual(level === 'memory' || level === 'os' ? ['base'] : ['base', 'new']);
      await store.db.close();
    });
  });
}

for (const [call, change] of Object.entries(ASYNC_CALLS)) {
  test(`${call} at disk rejects when its sync fails: visible, perhaps there after reopening, and the store is poisoned`, async () => {
    const store = await Store.open({});
    store.failSyncs();
    await expect(change(store.db, 'disk')).rejects.toThrow(poisoned);
    expect(await store.keysNow()).toEqual(['base', 'new']);
    expect(() => store.db.put('later', 'v')).toThrow(poisoned);
    await store.db.close();
  });
}

describe('sync()', () => {
  test('resolves when everything before it is on the disk; of nothing unsynced, at once', async () => {
    const store = await Store.open({ durability: 'memory' });
    await store.db.sync();
    expect(store.calls()).toEqual([]);
    store.db.put('new', 'v');
    const write = store.db.write([{ type: 'put', key: 'written', value: 'v' }]);
    await store.db.sync();
    expect(await store.afterPowerCut()).toEqual(['base', 'new', 'written']);
    await write;
    await store.db.close();
  });

  test('covers every file that was written to, and the names of new ones', async () => {
    const store = await Store.open({ maxDataFileSize: 100 });
    for (let i = 0; i < 9; i++) store.db.put(`k${i}`, 'x'.repeat(100));
    await store.db.sync();
    expect(await store.afterPowerCut()).toHaveLength(10);
    await store.db.close();
  });

  test('of many callers shares one sync, which began after the last of them was written', async () => {
    const store = await Store.open({});
    store.db.put('a', 'v');
    const first = store.db.sync(); // Its sync begins now.
    store.db.put('b', 'v');
    const others = Array.from({ length: 10 }, () => store.db.sync());
    await first;
    expect(await store.afterPowerCut()).toEqual(expect.arrayContaining(['a', 'base']));
    await Promise.all(others);
    expect(await store.afterPowerCut()).toEqual(['a', 'b', 'base']);
    expect(store.calls()).toEqual(['write', 'syncDataLater', 'write', 'syncDataLater']);
    await store.db.close();
  });
});

describe('a turn', () => {
  for (const level of ['memory', 'os', 'interval', 'disk'] as const) {
    test(`at ${level} is durable when its level says so, and only then`, async () => {
      const store = await Store.open({ commit: 'turn', durability: LEVELS[level] });
      const position = store.db.put('new', 'v');
      expect(await store.keysNow()).toEqual(['base', 'new']);
      expect(store.db.isDurable(position)).toBe(level === 'memory');
      expect(await store.afterKill()).toEqual(['base']);
      store.db.commitTurn();
      expect(await store.afterKill()).toEqual(['base', 'new']);
      expect(store.db.isDurable(position)).toBe(level !== 'disk');
      await store.db.durable(position);
      expect(await store.afterPowerCut()).toEqual(level === 'disk' ? ['base', 'new'] : ['base']);
      await intervalPassed();
      const synced = level === 'interval' || level === 'disk';
      expect(await store.afterPowerCut()).toEqual(synced ? ['base', 'new'] : ['base']);
      await store.db.close();
    });
  }
});

describe('close()', () => {
  test('has everything on the disk, at every level', async () => {
    for (const level of ['memory', 'os', 'interval', 'disk'] as const) {
      const store = await Store.open({ durability: LEVELS[level] });
      store.db.put('new', 'v');
      await store.db.close();
      expect(await store.afterPowerCut()).toEqual(['base', 'new']);
    }
  });
});

test('a condition that is not met throws, and nothing is written', async () => {
  const store = await Store.open({});
  const unmet = expect.objectContaining({ code: 'CONFLICT' });
  expect(() => store.db.put('base', 'w', { ifAbsent: true })).toThrow(unmet);
  expect(() => store.db.batch().put('new', 'v').delete('base', { ifSeq: 99 }).commit()).toThrow(unmet);
  await expect(store.db.write([{ type: 'put', key: 'base', value: 'w', ifAbsent: true }])).rejects.toThrow(unmet);
  expect(store.calls()).toEqual([]);
  expect(await store.keysNow()).toEqual(['base']);
  await store.db.close();
});

test('a transaction whose function throws writes nothing', async () => {
  const store = await Store.open({});
  const change = (tx: Transaction): void => {
    tx.put('new', 'v');
    throw new Error('no');
  };
  expect(() => store.db.transaction(change)).toThrow('no');
  await expect(store.db.optimistic(change)).rejects.toThrow('no');
  expect(store.calls()).toEqual([]);
  expect(await store.keysNow()).toEqual(['base']);
  await store.db.close();
});

describe('merge()', () => {
  /** A store with a file in which most is dead, and something that nobody has synced. */
  async function mergeable(durability: Durability): Promise<Store> {
    const store = await Store.open({ durability, maxDataFileSize: 100, merge: { auto: false } });
    for (let i = 0; i < 10; i++) store.db.put(`key ${i % 3}`, `value ${i}`);
    await store.db.sync();
    store.db.put('key 1', 'newest');
    store.db.delete('base');
    return store;
  }
  const merged = ['key 0', 'key 1', 'key 2'];

  test.each(Object.entries(LEVELS))(
    'resolves when live records, and what made the others dead, are on the disk in other files (at %s)',
    async (_, level) => {
      const store = await mergeable(level);
      expect((await store.db.merge()).files).toBeGreaterThan(0);
      expect(await store.afterPowerCut()).toEqual(merged);
      expect(await store.keysNow()).toEqual(merged);
      await store.db.close();
    },
  );

  test('rejects when it cannot write: nothing has changed, now and after reopening', async () => {
    const store = await mergeable('os');
    store.fs.plan = call => (isWrite(call) && call.file.endsWith('.merging') ? { error: 'ENOSPC' } : undefined);
    await expect(store.db.merge()).rejects.toThrow(full);
    expect(await store.keysNow()).toEqual(merged);
    expect(await store.afterKill()).toEqual(merged);
    expect(await store.afterPowerCut()).toEqual(merged);
    await store.db.close();
  });

  test('loses nothing that was there before it, whenever the process is killed or the power goes', async () => {
    const store = await mergeable('disk');
    const found: Promise<string[]>[] = [];
    store.fs.plan = () => {
      found.push(store.afterKill(), store.afterPowerCut());
      return undefined;
    };
    await store.db.merge();
    await endOfTurn();
    store.fs.plan = () => undefined;
    expect(found.length).toBeGreaterThan(60);
    for (const keys of await Promise.all(found)) expect(keys).toEqual(merged);
    await store.db.close();
  });
});

test('docs/durability.md names tests that exist, and every number in its tables has one', ({ task }) => {
  const text = readFileSync(new URL('../../docs/durability.md', import.meta.url), 'utf8');
  const listed = Array.from(text.matchAll(/^(\d+)\. (.+)$/gm), ([, number, name]) => [Number(number), name!] as const);
  const names = namesIn(task.file.tasks);
  for (const [, name] of listed) expect(names).toContain(name);
  const used = new Set(Array.from(text.matchAll(/\[(\d+)\]/g), ([, number]) => Number(number)));
  expect([...used].sort((a, b) => a - b)).toEqual(listed.map(([number]) => number));
});

/** The names of tests, each with those of the groups around it. */
function namesIn(tasks: readonly RunnerTask[], path = ''): string[] {
  return tasks.flatMap(task => {
    const name = path + task.name;
    return task.type === 'suite' ? namesIn(task.tasks, `${name} > `) : [name];
  });
}
