/**
 * better-sqlite3: SQLite, a table `WITHOUT ROWID` keyed by the key, with a write-ahead log. `synchronous = OFF` leaves a commit in
 * the system's page cache, `FULL` syncs each one. It has no promises: an awaited call is the synchronous one.
 */
import { join } from 'node:path';
import { importPeer, type Store, type StoreOptions } from './store.ts';

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  iterate(...values: unknown[]): Iterable<unknown>;
  pluck(): Statement;
  raw(): Statement;
}
interface Sqlite {
  pragma(text: string): unknown;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

const MiB = 2 ** 20;

export async function openSqlite({ directory, level, discipline, cacheBytes }: StoreOptions): Promise<Store> {
  const { default: Database } = (await importPeer('better-sqlite3')) as { default: new (path: string) => Sqlite };
  const db = new Database(join(directory, 'store.sqlite'));
  const synchronous = level === 'disk' ? 'FULL' : 'OFF';
  const cacheSize = cacheBytes ?? 32 * MiB;
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma(`cache_size = ${-Math.ceil(cacheSize / 1024)}`);
  db.exec('CREATE TABLE IF NOT EXISTS kv (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID');
  const put = db.prepare('INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  const remove = db.prepare('DELETE FROM kv WHERE key = ?');
  const get = db.prepare('SELECT value FROM kv WHERE key = ?').pluck();
  const seek = db.prepare('SELECT key, value FROM kv WHERE key >= ? ORDER BY key LIMIT 1').raw();
  const forwards = db.prepare('SELECT key, value FROM kv ORDER BY key').raw();
  const backwards = db.prepare('SELECT key, value FROM kv ORDER BY key DESC').raw();
  const begin = db.prepare('BEGIN');
  const commit = db.prepare('COMMIT');
  let open = false;
  const getOne = (key: Buffer): Buffer | undefined => get.get(key) as Buffer | undefined;
  return {
    settings: `WAL, synchronous ${synchronous}, cache_size ${cacheSize / MiB} MiB, WITHOUT ROWID`,
    put: (key, value) => {
      put.run(key, value);
    },
    remove: key => {
      remove.run(key);
    },
    putLater: async (key, value) => put.run(key, value),
    gather: (key, value) => {
      if (!open) begin.run();
      open = true;
      if (value === undefined) remove.run(key);
      else put.run(key, value);
    },
    flush: () => {
      if (open) commit.run();
      open = false;
      return discipline === 'batch' ? undefined : new Promise(setImmediate);
    },
    finish: async () => {},
    get: getOne,
    getLater: async key => getOne(key),
    getMany: keys => keys.map(getOne),
    scan: (reverse, visit) => {
      for (const row of reverse ? backwards.iterate() : forwards.iterate()) {
        const [key, value] = row as [Buffer, Buffer];
        visit(key, value);
      }
    },
    seek: key => seek.get(key) as [Buffer, Buffer] | undefined,
    compact: async () => {
      db.exec('VACUUM');
    },
    close: async () => db.close(),
  };
}
