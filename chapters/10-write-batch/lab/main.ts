/**
 * The crash lab of chapter 10: batches, `write()`, turns and transactions, crashed at every call to the disk. Whatever is
 * lost or torn, each is there as a whole or not at all; and what has thrown has changed nothing.
 */
import { Database } from '#engine/index.ts';
import { type Afterwards, crashLab, FaultFileSystem, type LabCase, type World } from './fault-house/index.ts';

const KEYS = ['a', 'b', 'c', 'd'];
/** Longer than a sector of 512 bytes, so that a power cut can tear it. */
const long = (letter: string): string => letter.repeat(600);

async function reopen({ fs, directory, opened }: Afterwards): Promise<Map<string, string>> {
  const db = await Database.open(directory, { fs });
  opened();
  const found = new Map<string, string>();
  for (const key of KEYS) if (db.has(key)) found.set(key, String(db.get(key)));
  await db.close();
  return found;
}

async function batches({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs, maxDataFileSize: 900 });
  await story.put(db, 'a', '1');
  await story.change(
    'batch: a = 2, b, delete a, c',
    model => {
      model.delete('a');
      model.set('b', long('b')).set('c', '1');
    },
    () => db.batch().put('a', '2').put('b', long('b')).delete('a').put('c', '1').commit(),
  );
  await story.change(
    'write: c = 2, d',
    model => model.set('c', '2').set('d', long('d')),
    () =>
      db.write(
        [
          { type: 'put', key: 'c', value: '2' },
          { type: 'put', key: 'd', value: long('d') },
        ],
        { durability: 'disk' },
      ),
    'power cut',
  );
  await story.close(db);
}

async function transactions({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs });
  await story.put(db, 'a', '100');
  await story.put(db, 'b', '0');
  await story.change(
    'transaction: 30 from a to b',
    model => model.set('a', '70').set('b', '30'),
    () =>
      db.transaction(tx => {
        tx.put('a', String(Number(tx.get('a')) - 30));
        tx.put('b', String(Number(tx.get('b')) + 30));
      }),
  );
  await story.change(
    'optimistic: 20 from a to c',
    model => model.set('a', '50').set('c', '20'),
    () =>
      db.optimistic(async tx => {
        tx.put('a', String(Number(tx.get('a')) - 20));
        await new Promise(setImmediate);
        tx.put('c', '20');
      }),
  );
  await story.close(db);
}

async function fullDisk({ fs, directory, story }: World): Promise<void> {
  const disk = new FaultFileSystem(fs);
  const db = await Database.open(directory, { fs: disk });
  await story.put(db, 'a', '1');
  await story.put(db, 'b', '1');
  await story.other('batch: a = 2, delete b, and the disk is full', () => {
    disk.plan = call => (call.operation === 'write' ? { error: 'ENOSPC', afterBytes: 10 } : undefined);
    try {
      db.batch().put('a', '2').delete('b').commit();
    } catch {} // It has to throw, and it has to have changed nothing: that is what the next step shows.
    disk.plan = () => undefined;
  });
  await story.delete(db, 'b');
  await story.close(db);
}

async function turns({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs, commit: 'turn' });
  for (const turn of ['1', '2']) {
    await story.change(
      `turn ${turn}: a, b, c = ${turn}`,
      model => model.set('a', turn).set('b', long(turn)).set('c', turn),
      () => {
        db.put('a', turn);
        db.put('b', long(turn));
        db.put('c', turn);
        db.commitTurn();
      },
    );
  }
  await story.close(db);
}

const cases: readonly LabCase[] = [
  {
    title: { en: 'a batch is there as a whole or not at all', zh: '一个批次要么整个都在，要么都不在' },
    workload: batches,
    reopen,
  },
  {
    title: { en: 'a transaction is there as a whole or not at all', zh: '一个事务要么整个都在，要么都不在' },
    workload: transactions,
    reopen,
  },
  {
    title: { en: 'a batch that has thrown has changed nothing', zh: '抛了错的批次什么都没改' },
    workload: fullDisk,
    reopen,
  },
  {
    title: { en: 'a turn is there as a whole or not at all', zh: '一圈里的改动要么整个都在，要么都不在' },
    workload: turns,
    reopen,
  },
];
process.exitCode = await crashLab(cases);
