/**
 * rocksdb-native: RocksDB. All its calls are promises over batches; a flushed batch is in the log and so in the system's
 * page cache. The package offers no synced write, so the rows at 'disk' are not measured for it. Its block cache is that of
 * RocksDB's default, 32 MiB.
 */
import { CannotError, importPeer, type Store, type StoreOptions } from './store.ts';

interface Batch {
  tryPut(key: Buffer, value: Buffer): void;
  tryDelete(key: Buffer): void;
  flush(): Promise<void>;
}
interface ReadBatch {
  get(key: Buffer): Promise<Buffer | null>;
  tryFlush(): void;
}
interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}
interface Rocks {
  ready(): Promise<void>;
  put(key: Buffer, value: Buffer): Promise<void>;
  delete(key: Buffer): Promise<void>;
  get(key: Buffer): Promise<Buffer | null>;
  read(options: object): ReadBatch;
  write(options: object): Batch;
  iterator(options: object): AsyncIterable<Entry>;
  peek(range: object): Promise<Entry | null>;
  flush(): Promise<void>;
  compactRange(): Promise<void>;
  close(): Promise<void>;
}

export async function openRocksDb({ directory, level, cacheBytes }: StoreOptions): Promise<Store> {
  if (level === 'disk') throw new CannotError('rocksdb-native has no synced write');
  if (cacheBytes !== undefined) throw new CannotError('rocksdb-native has no option for the size of its cache');
  const { default: RocksDB } = (await importPeer('rocksdb-native')) as { default: new (path: string) => Rocks };
  const db = new RocksDB(directory);
  await db.ready();
  let batch: Batch | undefined;
  const getMany = (keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> => {
    const made = db.read({ capacity: keys.length, autoDestroy: true });
    const values = keys.map(key => made.get(key));
    made.tryFlush();
    return Promise.all(values).then(found => found.map(value => value ?? undefined));
  };
  const getLater = async (key: Buffer): Promise<Buffer | undefined> => (await db.get(key)) ?? undefined;
  return {
    settings: 'log written, not synced; each call awaited',
    put: (key, value) => db.put(key, value),
    remove: key => db.delete(key),
    putLater: (key, value) => db.put(key, value),
    gather: (key, value) => {
      batch ??= db.write({ capacity: 1024, autoDestroy: true });
      if (value === undefined) batch.tryDelete(key);
      else batch.tryPut(key, value);
    },
    flush: () => {
      const full = batch;
      batch = undefined;
      return full?.flush();
    },
    finish: async () => {},
    get: getLater,
    getLater,
    getMany,
    scan: async (reverse, visit) => {
      for await (const { key, value } of db.iterator({ reverse, capacity: 1000 })) visit(key, value);
    },
    seek: async key => {
      const entry = await db.peek({ gte: key });
      return entry === null ? undefined : [entry.key, entry.value];
    },
    compact: async () => {
      await db.flush();
      await db.compactRange();
    },
    close: () => db.close(),
  };
}
