/**
 * lmdb: a B+ tree in a memory map. A commit without a sync is in the system's page cache and survives the end of the process,
 * so `noSync` is its setting for 'memory' and 'os'; at 'disk' each commit is synced before the next begins. Changes made
 * without awaiting are committed together by a thread of its own.
 */
import { importPeer, type Store, type StoreOptions } from './store.ts';

interface Lmdb {
  put(key: Buffer, value: Buffer): Promise<boolean>;
  remove(key: Buffer): Promise<boolean>;
  putSync(key: Buffer, value: Buffer): boolean;
  removeSync(key: Buffer): boolean;
  getBinary(key: Buffer): Buffer | undefined;
  getRange(options: object): Iterable<{ readonly key: Uint8Array; readonly value: Buffer }>;
  close(): Promise<void>;
}

export async function openLmdb({ directory, level, discipline }: StoreOptions, writemap: boolean): Promise<Store> {
  const { open } = (await importPeer('lmdb')) as { open(options: object): Lmdb };
  const safety = level === 'disk' ? { overlappingSync: false } : { noSync: true, useWritemap: writemap };
  const db = open({
    path: directory,
    encoding: 'binary',
    keyEncoding: 'binary',
    noMemInit: true,
    mapSize: 16 * 2 ** 30,
    ...safety,
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    settings: `${JSON.stringify(safety)}, noMemInit, binary keys and values`,
    put: (key, value) => {
      db.putSync(key, value);
    },
    remove: key => {
      db.removeSync(key);
    },
    putLater: (key, value) => db.put(key, value),
    gather: (key, value) => {
      last = value === undefined ? db.remove(key) : db.put(key, value);
    },
    // All changes of one turn are one transaction; a transactionSync of as many changes took three times as long.
    flush: () => (discipline === 'batch' ? last.then(() => {}) : new Promise(setImmediate)),
    finish: async () => {
      await last;
    },
    get: key => db.getBinary(key),
    getLater: async key => db.getBinary(key),
    getMany: keys => keys.map(key => db.getBinary(key)),
    scan: (reverse, visit) => {
      for (const { key, value } of db.getRange({ reverse })) visit(key, value);
    },
    seek: key => {
      for (const { key: found, value } of db.getRange({ start: key, limit: 1 })) return [found, value];
      return undefined;
    },
    compact: async () => {}, // A B+ tree in one file: there is nothing to do that a user would do.
    close: () => db.close(),
  };
}
