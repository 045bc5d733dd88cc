/**
 * What the crash tests do with a store: one workload for each kind of work, each a story of changes whose outcome is known.
 * Keys of the model are `space/key`, its values are the value and, behind an @, the expiry; a space is an entry of its own.
 */
import { Database, type DatabaseOptions, type Durability } from '../../engine/src/index.ts';
import type { Afterwards, Found, Story, Survives, World } from './fault-house/index.ts';

/** A store in the middle of its story. */
export class StoreInStory {
  readonly db: Database;
  readonly story: Story;

  constructor(db: Database, story: Story) {
    this.db = db;
    this.story = story;
  }

  put(key: string, value: string, level?: Durability): Promise<unknown> {
    return this.story.change(
      `put ${key}`,
      model => model.set(`0/${key}`, value),
      () => this.db.put(key, value, level === undefined ? {} : { durability: level }),
      survivesAt(level),
    );
  }

  delete(key: string): Promise<unknown> {
    return this.story.change(
      `delete ${key}`,
      model => model.delete(`0/${key}`),
      () => this.db.delete(key),
    );
  }

  /** Put these and delete those, in one batch. */
  batch(puts: Readonly<Record<string, string>>, deletes: readonly string[] = []): Promise<unknown> {
    return this.story.change(
      `batch ${Object.keys(puts).join(' ')}`,
      model => {
        for (const [key, value] of Object.entries(puts)) model.set(`0/${key}`, value);
        for (const key of deletes) model.delete(`0/${key}`);
      },
      () => {
        const batch = this.db.batch();
        for (const [key, value] of Object.entries(puts)) batch.put(key, value);
        for (const key of deletes) batch.delete(key);
        batch.commit();
      },
    );
  }

  write(puts: Readonly<Record<string, string>>, level: Durability): Promise<unknown> {
    return this.story.change(
      `write ${Object.keys(puts).join(' ')}`,
      model => {
        for (const [key, value] of Object.entries(puts)) model.set(`0/${key}`, value);
      },
      () =>
        this.db.write(
          Object.entries(puts).map(([key, value]) => ({ type: 'put', key, value })),
          { durability: level },
        ),
      survivesAt(level),
    );
  }

  expireAt(key: string, at: number | undefined): Promise<unknown> {
    return this.story.change(
      `expireAt ${key}`,
      model => {
        const [value] = model.get(`0/${key}`)!.split('@');
        model.set(`0/${key}`, at === undefined ? value! : `${value}@${at}`);
      },
      () => this.db.expireAt(key, at),
    );
  }

  deleteRange(gte: string, lt: string): Promise<unknown> {
    return this.story.change(
      `deleteRange ${gte} ${lt}`,
      model => {
        for (const key of [...model.keys()]) if (key >= `0/${gte}` && key < `0/${lt}`) model.delete(key);
      },
      () => this.db.deleteRange({ gte, lt }),
    );
  }

  sync(): Promise<unknown> {
    return this.story.makesDurable('sync', () => this.db.sync());
  }

  close(): Promise<unknown> {
    return this.story.makesDurable('close', () => this.db.close());
  }

  /** Let what goes on in the background come to its end. */
  rest(turns = 20): Promise<unknown> {
    return this.story.other('background', async () => {
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    });
  }
}

/** Do this to a key of any space, in the story and in the store. */
const putIn = ({ db, story }: StoreInStory, space: number, key: string, value: string): Promise<unknown> =>
  story.change(
    `put ${space}/${key}`,
    model => model.set(`${space}/${key}`, value),
    () => db.space(space)!.put(key, value),
  );

/** A merge, and all that it leaves to be done in the background. */
const merge = async (store: StoreInStory): Promise<void> => {
  await store.story.other('merge', () => store.db.merge());
  await store.story.other('merge, removal of old files', async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  });
};

const survivesAt = (level: Durability | undefined): Survives =>
  level === 'disk' ? 'power cut' : level === 'memory' ? 'nothing' : 'kill';

const long = (letter: string): string => letter.repeat(700); // Longer than a sector: a power cut can tear it.
const middling = (letter: string): string => letter.repeat(90);

/** The time of day for stores whose keys expire. */
let clockMs = 1_000_000;
function movingClock(): () => number {
  return () => clockMs;
}

/** A kind of work. */
export interface Workload {
  readonly options?: DatabaseOptions;
  work(store: StoreInStory): Promise<void>;
}

/** By operation. Each ends with a close of its own, so closing is crashed everywhere too. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  open: {
    async work(store) {
      await store.close();
    },
  },
  put: {
    async work(store) {
      await store.put('a', '1');
      await store.put('b', long('b'));
      await store.put('a', '');
      await store.sync();
      await store.put('c', middling('c'));
      await store.delete('b');
      await store.put('a', '2', 'disk');
      await store.put('', 'the empty key');
      await store.put('d', 'in memory', 'memory');
      await store.put('e', 'and so on', 'memory');
      await store.put('f', long('f'));
      await store.close();
    },
  },
  batch: {
    async work(store) {
      await store.put('a', '1');
      await store.batch({ a: '2', b: long('b'), c: middling('c') });
      await store.sync();
      await store.batch({ d: long('d'), a: '3' }, ['b', 'c']);
      await store.write({ e: long('e'), f: '1' }, 'disk');
      await store.write({ g: '1' }, 'os');
      await store.batch({ h: long('h'), i: long('i') });
      await store.close();
    },
  },
  transaction: {
    options: { maxDataFileSize: 3000 },
    async work(store) {
      const { db, story } = store;
      await store.put('c', 'kept until a range goes');
      await story.change(
        'space 1',
        model => model.set('space 1', 'key'),
        () => db.createSpace({ order: 'key' }),
      );
      for (const level of ['os', 'disk', 'os'] as const) {
        await story.change(
          `transaction at ${level}`,
          model => {
            model.delete('0/c');
            model.set('0/a', level).set('0/b', long('b')).set('1/x', middling(level));
          },
          () =>
            db.transaction(
              tx => {
                tx.put('c', 'never seen');
                tx.deleteRange({ gte: 'c', lt: 'd' });
                tx.put('a', level);
                tx.space(1)!.put('x', middling(level));
                tx.transaction(inner => inner.put('b', long('b')));
              },
              { durability: level },
            ),
          survivesAt(level),
        );
        await story.change(
          `optimistic at ${level}`,
          model => model.set('0/a', `${level} again`).set('0/c', long('c')),
          () =>
            db.optimistic(
              async tx => {
                tx.put('a', `${tx.get('a')} again`);
                await new Promise(setImmediate);
                tx.put('c', long('c'));
              },
              { durability: level },
            ),
          survivesAt(level),
        );
      }
      await store.close();
    },
  },
  turn: {
    options: { commit: 'turn' },
    async work(store) {
      const { db, story } = store;
      for (const [turn, level] of (['os', 'disk', 'os', 'disk'] as const).entries()) {
        await story.change(
          `turn ${turn}`,
          model => model.set('0/a', `${turn}`).set(`0/${turn}`, long('t')).set('0/b', middling('b')),
          async () => {
            db.durability = level;
            db.put('a', `${turn}`);
            db.put(`${turn}`, long('t'));
            db.put('b', middling('b'));
            db.commitTurn();
            await db.durable(db.position);
          },
          survivesAt(level),
        );
      }
      await store.close();
    },
  },
  rotation: {
    options: { maxDataFileSize: 200 },
    async work(store) {
      for (const key of ['a', 'b', 'c', 'd']) {
        await store.put(key, middling(key));
        await store.put(`${key}2`, middling(key));
        if (key === 'b') await store.rest(2); // The sync of the first file may still be under way.
      }
      await store.rest();
      await store.put('e', long('e'), 'disk');
      await store.put('f', '1');
      await store.batch({ g: long('g'), a: '2' }, ['b']);
      await store.rest();
      await store.close();
    },
  },
  'space create and drop': {
    options: { maxDataFileSize: 400 },
    async work(store) {
      const { db, story } = store;
      const create = (order: 'key' | 'hash', id: number) =>
        story.change(
          `space ${id}`,
          model => model.set(`space ${id}`, order),
          () => db.createSpace({ order }),
        );
      await create('hash', 1);
      await putIn(store, 1, 'x', middling('x'));
      await create('key', 2);
      await putIn(store, 2, 'y', middling('y'));
      await store.put('a', middling('a'));
      await story.change(
        'space drop 1',
        model => {
          model.delete('space 1');
          model.delete('1/x');
        },
        () => db.dropSpace(1),
      );
      await create('hash', 3);
      await putIn(store, 3, 'z', '1');
      await store.close();
    },
  },
  TTL: {
    options: { maxDataFileSize: 400 },
    async work(store) {
      await store.put('a', middling('a'));
      await store.put('b', '1');
      await store.expireAt('a', 9_000_000_000_000);
      await store.expireAt('b', 8_000_000_000_000);
      await store.sync();
      await store.expireAt('a', undefined);
      await store.put('a', '2');
      await store.expireAt('a', 7_000_000_000_000);
      await store.close();
    },
  },
  deleteRange: {
    options: { maxDataFileSize: 500 },
    async work(store) {
      const { db, story } = store;
      for (const key of ['a', 'b', 'c', 'd']) await store.put(key, middling(key));
      await store.sync();
      await store.deleteRange('b', 'd');
      await store.put('c', '2');
      await store.deleteRange('c', 'e');
      await store.put('b', long('b'));
      await story.change(
        'clear',
        model => {
          for (const key of [...model.keys()]) if (key.startsWith('0/')) model.delete(key);
        },
        () => db.clear(),
      );
      await store.put('d', '4');
      await store.rest();
      await store.close();
    },
  },
  merge: {
    options: { maxDataFileSize: 300, merge: { auto: false } },
    async work(store) {
      const { db, story } = store;
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await store.put(key, middling(key));
      await store.delete('b');
      await store.batch({ a: middling('1'), g: '1' }, ['c']);
      await store.expireAt('d', 9_000_000_000_000);
      await store.put('e', '2');
      await merge(store);
      await store.put('a', middling('2')); // In the files of the first merge, what is live and what is dead.
      await store.delete('f');
      await story.change(
        'space 1',
        model => model.set('space 1', 'hash'),
        () => db.createSpace({ order: 'hash' }),
      );
      await putIn(store, 1, 'x', middling('x'));
      await store.deleteRange('d', 'e');
      await merge(store);
      await merge(store);
      await store.close();
    },
  },
  'merge, with changes meanwhile': {
    options: { maxDataFileSize: 300, merge: { auto: false } },
    async work(store) {
      const { db, story } = store;
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await store.put(key, middling(key));
      await store.sync();
      await store.put('a', '2'); // The old value is on the disk, this one is not when the merge begins.
      await store.put('b', middling('2'));
      await store.delete('c');
      const merged = db.merge();
      for (const [turn, key] of [...'adebcf'].entries()) {
        await store.put(key, `${turn}`);
        await store.rest(1); // At some of these turns the merge has read what is live, and has not copied it.
      }
      await store.delete('e');
      await store.expireAt('f', 9_000_000_000_000);
      await store.put('b', '3');
      await store.put('e', 'again');
      await story.other('merge', () => merged);
      await store.put('f', '2');
      await store.rest();
      await store.close();
    },
  },
  'TTL sweep': {
    options: { maxDataFileSize: 300, merge: { auto: false }, now: movingClock() },
    async work(store) {
      const { db, story } = store;
      const put = (key: string, at: number) =>
        story.change(
          `put ${key}`,
          model => model.set(`0/${key}`, `${middling(key)}@${at}`),
          () => db.put(key, middling(key), { expiresAtMs: at }),
        );
      // Each key has a tombstone of its own, and they are appended at the end of the turn.
      const removed = async (keys: readonly string[], look: () => unknown) => {
        for (const [i, key] of keys.entries()) {
          const act = i < keys.length - 1 ? () => {} : look;
          await story.change(`TTL sweep ${key}`, model => model.delete(`0/${key}`), act, 'nothing');
        }
      };
      const start = clockMs;
      await put('a', start + 1000);
      await put('b', start + 1000);
      await put('c', start + 5000);
      await store.put('d', '1');
      await store.sync();
      clockMs = start + 2000;
      await removed(['a', 'b'], () => db.size);
      await store.rest();
      await put('a', start + 9000);
      await merge(store);
      clockMs = start + 6000;
      await removed(['c'], () => db.get('c'));
      await store.rest();
      await merge(store);
      clockMs = start;
      await store.put('d', '2');
      await store.close();
    },
  },
};

/** Open a new store in this world, and do this with it. */
export async function run({ options, work }: Workload, { fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { cacheBytes: 0, ...options, fs });
  await work(new StoreInStory(db, story));
}

/** Open what a crash has left, and say all that is in it. Expired keys stay: their time is part of what is compared. */
export async function reopen({ fs, directory, opened }: Afterwards): Promise<Found> {
  const db = await Database.open(directory, { fs, expiry: 'caller', cacheBytes: 0 });
  try {
    opened();
    return contentsOf(db);
  } finally {
    await db.close();
  }
}

/** All of a store: spaces, keys, values and expiries. */
export function contentsOf(db: Database): Found {
  const found = new Map<string, string>();
  for (const space of db.spaces()) {
    if (space.id > 0) found.set(`space ${space.id}`, space.order);
    for (const { key } of [...space.infos()]) {
      const { value, expiresAtMs } = space.getEntry(Buffer.from(key, 'latin1'))!;
      found.set(`${space.id}/${Buffer.from(key, 'latin1')}`, `${value}${expiresAtMs ? `@${expiresAtMs}` : ''}`);
    }
  }
  return found;
}
