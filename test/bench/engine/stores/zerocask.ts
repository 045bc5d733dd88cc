/** Ours, with its one default configuration: only the durability level differs, and where a row says so the cache. */
import { Database } from '../../../../engine/src/index.ts';
import type { Store, StoreOptions } from './store.ts';

/** Parts of the engine that came later than this program; a build without one says so. */
interface Later {
  merge?: () => Promise<unknown>;
  getMany?: (keys: readonly Buffer[]) => (Buffer | undefined)[];
}

export async function openZerocask({ directory, level, discipline, cacheBytes }: StoreOptions): Promise<Store> {
  const db = await Database.open(directory, { durability: level, ...(cacheBytes !== undefined && { cacheBytes }) });
  const later: Later = db as unknown as Later;
  const batch = db.batch();
  const to = discipline === 'batch' ? batch : db;
  return {
    settings: `durability '${level}'${cacheBytes === undefined ? '' : `, cacheBytes ${cacheBytes}`}`,
    put: (key, value) => {
      db.put(key, value);
    },
    remove: key => {
      db.delete(key);
    },
    putLater: (key, value) => db.write([{ type: 'put', key, value }]),
    gather: (key, value) => {
      if (value === undefined) to.delete(key);
      else to.put(key, value);
    },
    flush: () => {
      if (discipline !== 'batch') return new Promise(setImmediate); // The turn ends by itself.
      batch.commit();
      return undefined;
    },
    finish: () => new Promise(setImmediate),
    get: key => db.get(key),
    getLater: async key => db.get(key),
    getMany: keys => (later.getMany === undefined ? keys.map(key => db.get(key)) : later.getMany.call(db, keys)),
    scan: (reverse, visit) => {
      for (const [key, value] of db.entries({ reverse })) visit(key, value);
    },
    seek: key => {
      for (const entry of db.entries({ gte: key, limit: 1 })) return entry;
      return undefined;
    },
    compact: async () => {
      await later.merge?.call(db);
    },
    close: () => db.close(),
  };
}

/** Open the database itself, for the rows that are about it alone. */
export const openDatabase = ({ directory, level }: StoreOptions): Promise<Database> =>
  Database.open(directory, { durability: level });
