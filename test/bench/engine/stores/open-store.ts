/** A store by its name. Only its own package is loaded, so that a peer that is not installed harms no other. */
import type { StoreName } from '../job.ts';
import type { Store, StoreOptions } from './store.ts';

/** Open a store by its name. */
export async function openStore(name: StoreName, options: StoreOptions): Promise<Store> {
  switch (name) {
    case 'zerocask':
      return (await import('./zerocask.ts')).openZerocask(options);
    case 'lmdb':
    case 'lmdb-writemap':
      return (await import('./lmdb.ts')).openLmdb(options, name === 'lmdb-writemap');
    case 'classic-level':
      return (await import('./classic-level.ts')).openClassicLevel(options);
    case 'rocksdb-native':
      return (await import('./rocksdb-native.ts')).openRocksDb(options);
    case 'better-sqlite3':
      return (await import('./better-sqlite3.ts')).openSqlite(options);
  }
}
