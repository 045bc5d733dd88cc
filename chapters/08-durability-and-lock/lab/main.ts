/**
 * Crash lab of chapter 08: does each level keep what it promises, when the process is killed or the power fails at any call
 * to the disk? Three cases are about other ends: a sync that fails, one in a put, and an owner of the lock who is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Database } from '#engine/index.ts';
import { type Afterwards, crashLab, FaultFileSystem, isSync, type LabCase, type World } from './fault-house/index.ts';

const inWords = (en: string, zh: string): string => (process.env['ZEROCASK_LANG'] === 'zh' ? zh : en);
const LONG = 'x'.repeat(90);
const KEYS = ['a', 'b', 'c', 'd', 'e'];

async function reopen({ fs, directory, opened }: Afterwards): Promise<Map<string, string>> {
  const db = await Database.open(directory, { fs });
  opened();
  const found = new Map<string, string>();
  for (const key of KEYS) if (db.has(key)) found.set(key, String(db.get(key)));
  await db.close();
  return found;
}

/** Each level, over several files: what has been promised is there. */
async function levels({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs, maxDataFileSize: 150 });
  await story.put(db, 'a', LONG);
  await story.put(db, 'b', LONG, 'memory');
  await story.put(db, 'c', LONG, 'os');
  await story.put(db, 'a', 'new', 'disk');
  await story.close(db);
}

/** A sync is under way, a record is written, and somebody asks for the disk. */
async function groupCommit({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs });
  await story.put(db, 'a', '1');
  let first: Promise<unknown> = Promise.resolve();
  await story.other(inWords('sync begins, and nobody waits for it', 'sync 开始了，还没有人等它'), () => {
    first = db.sync();
  });
  await story.put(db, 'b', '2');
  await story.makesDurable('sync', () => db.sync());
  await story.put(db, 'c', '3'); // A moment at which the power may fail.
  await first;
  await story.close(db);
}

/** A sync fails. Whoever asks again must not be told that all is well. */
async function failedSync({ fs, directory, story }: World): Promise<void> {
  const faulty = new FaultFileSystem(fs);
  const db = await Database.open(directory, { fs: faulty });
  await story.put(db, 'a', '1');
  await story.sync(db);
  await story.put(db, 'b', '2');
  failNextSync(faulty);
  await story.other(inWords('sync, and the disk fails', 'sync，磁盘失败'), () => refusalOf(db.sync()));
  const refusal = await refusalOf(db.sync());
  if (refusal === undefined)
    await story.makesDurable(
      inWords('sync again, which says that all is well', '再 sync 一次，它说一切正常'),
      () => {},
    );
  await refusalOf(db.close());
}

/** The sync of a put fails. Then the put must not return as if its change were on the disk. */
async function failedPut({ fs, directory, story }: World): Promise<void> {
  const faulty = new FaultFileSystem(fs);
  const db = await Database.open(directory, { fs: faulty });
  await story.put(db, 'a', '1', 'disk');
  failNextSync(faulty);
  let hasReturned = false;
  await story.change(
    inWords('put b = 2 (disk), and its sync fails', 'put b = 2（disk），它的同步失败'),
    model => model.set('b', '2'),
    () => {
      try {
        db.put('b', '2', { durability: 'disk' });
        hasReturned = true;
      } catch {}
    },
    'nothing',
  );
  if (hasReturned)
    await story.makesDurable(inWords('the put has returned as if all were well', '那次 put 照常返回了'), () => {});
  await refusalOf(db.close());
}

/** The next sync of a data file fails, and what it was for never gets to the disk, whoever asks again. */
function failNextSync(faulty: FaultFileSystem): void {
  let hasFailed = false;
  faulty.plan = call => {
    if (hasFailed || !isSync(call) || !call.file.endsWith('.data')) return undefined;
    hasFailed = true;
    return { error: 'EIO' };
  };
}

const refusalOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** A process holds the lock, and is killed. */
async function deadOwner({ fs, directory, story }: World): Promise<void> {
  const program = join(import.meta.dirname, 'hold-lock.ts');
  const owner = spawn(process.execPath, [...process.execArgv, program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  const refusal = await refusalOf(Database.open(directory, { fs }));
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  if ((refusal as { code?: string } | undefined)?.code !== 'LOCKED')
    throw new Error(inWords('two processes have it open', '两个进程同时打开了它'));
  const db = await Database.open(directory, { fs });
  await story.put(db, 'a', '1');
  await db.close();
}

const CASES: LabCase[] = [
  {
    title: { en: 'each level keeps what it promises', zh: '每个级别都说到做到' },
    workload: levels,
    reopen,
    states: 8,
  },
  {
    title: {
      en: 'who waits for the disk is released by a sync that began after his write',
      zh: '等落盘的人，只由在他写出之后开始的同步放行',
    },
    workload: groupCommit,
    reopen,
    states: 8,
  },
  {
    title: { en: 'after a failed sync nobody is told that all is well', zh: '同步失败之后，谁也不会被告知一切正常' },
    workload: failedSync,
    reopen,
    states: 8,
  },
  {
    title: { en: 'a put whose sync fails does not return', zh: '同步失败的 put 不会照常返回' },
    workload: failedPut,
    reopen,
    states: 8,
  },
  {
    title: { en: 'the lock of a process that was killed keeps nobody out', zh: '被杀进程的锁不会挡住任何人' },
    workload: deadOwner,
    reopen,
    crashAt: () => false,
  },
];

process.exitCode = await crashLab(CASES);
