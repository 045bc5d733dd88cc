/**
 * classic-level: LevelDB. A write is in the system's page cache when its promise resolves, and on the disk with `sync`. It
 * has no synchronous write, so each is awaited. Its block cache is given what ours has by default, 32 MiB instead of 8.
 */
import { importPeer, type Store, type StoreOptions } from './store.ts';

type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };
interface Iterator {
  nextv(count: number): Promise<[Buffer, Buffer][]>;
  next(): Promise<[Buffer, Buffer] | undefined>;
  close(): Promise<void>;
}
interface Level {
  open(): Promise<void>;
  put(key: Buffer, value: Buffer, options: object): Promise<void>;
  del(key: Buffer, options: object): Promise<void>;
  batch(operations: Operation[], options: object): Promise<void>;
  get(key: Buffer): Promise<Buffer | undefined>;
  getSync(key: Buffer): Buffer | undefined;
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
  iterator(options: object): Iterator;
  compactRange(from: Buffer, to: Buffer): Promise<void>;
  close(): Promise<void>;
}

const MiB = 2 ** 20;

export async function openClassicLevel({ directory, level, cacheBytes }: StoreOptions): Promise<Store> {
  const { ClassicLevel } = (await importPeer('classic-level')) as {
    ClassicLevel: new (location: string, options: object) => Level;
  };
  const cacheSize = cacheBytes ?? 32 * MiB;
  const db = new ClassicLevel(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer', cacheSize });
  await db.open();
  const safety = { sync: level === 'disk' };
  let gathered: Operation[] = [];
  return {
    settings: `${JSON.stringify(safety)}, cacheSize ${cacheSize / MiB} MiB, each write awaited`,
    put: (key, value) => db.put(key, value, safety),
    remove: key => db.del(key, safety),
    putLater: (key, value) => db.put(key, value, safety),
    gather: (key, value) => {
      gathered.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value });
    },
    flush: () => {
      const operations = gathered;
      gathered = [];
      return db.batch(operations, safety);
    },
    finish: async () => {},
    get: key => db.getSync(key),
    getLater: key => db.get(key),
    getMany: keys => db.getMany(keys),
    scan: async (reverse, visit) => {
      const iterator = db.iterator({ reverse, highWaterMarkBytes: MiB });
      for (;;) {
        const entries = await iterator.nextv(1000);
        if (entries.length === 0) break;
        for (const [key, value] of entries) visit(key, value);
      }
      await iterator.close();
    },
    seek: async key => {
      const iterator = db.iterator({ gte: key, limit: 1 });
      const entry = await iterator.next();
      await iterator.close();
      return entry;
    },
    compact: () => db.compactRange(Buffer.alloc(0), Buffer.alloc(17, 0xff)),
    close: () => db.close(),
  };
}
