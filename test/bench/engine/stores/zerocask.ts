/** Ours, with its one default configuration: only the durability level differs, and where a row says so the cache. */
import { Database } from '../../../../engine/src/index.ts';
import type { Store, StoreOptions } from './store.ts';

export async function openZerocask(options: StoreOptions): Promise<Store> {
  const { level, discipline, cacheBytes } = options;
  const db = await openDatabase(options);
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
    getMany: keys => db.getMany(keys),
    scan: (reverse, visit) => {
      for (const [key, value] of db.entries({ reverse })) visit(key, value);
    },
    seek: key => {
      for (const entry of db.entries({ gte: key, limit: 1 })) return entry;
      return undefined;
    },
    compact: async () => {
      await db.merge();
    },
    close: () => db.close(),
  };
}

/** Open the database itself. */
export const openDatabase = ({ directory, level, cacheBytes, autoMerge }: StoreOptions): Promise<Database> =>
  Database.open(directory, {
    durability: level,
    ...(cacheBytes !== undefined && { cacheBytes }),
    ...(autoMerge !== undefined && { merge: { auto: autoMerge } }),
  });
