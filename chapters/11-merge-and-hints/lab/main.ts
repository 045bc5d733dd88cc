/**
 * The crash lab of chapter 11: three stories in which files are merged, crashed at every call to the disk. Whatever the
 * moment, what had been promised is there, and what was deleted stays deleted.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Database } from '#engine/index.ts';
import { type Afterwards, crashLab, type World } from './fault-house/index.ts';

const SMALL = { maxDataFileSize: 300, merge: { auto: false } };
/** Merges by itself whatever is mostly dead, however little that is. */
const EAGER = { maxDataFileSize: 300, merge: { auto: true, deadShare: 0.5, minDeadBytes: 1 } };

const long = (letter: string): string => letter.repeat(120);
const inWords = (en: string, zh: string): string => (process.env['ZEROCASK_LANG'] === 'zh' ? zh : en);

/** The calls to the disk that the merge of a story makes, and the first of those that close the store. */
const span = { from: 0, to: 0 };
const duringMerge = (call: number): boolean => call >= span.from && call <= span.to;

async function merging(story: World['story'], words: string, act: () => Promise<unknown>): Promise<void> {
  await story.other(words, act);
  const step = story.steps.at(-1);
  if (step?.text !== words) return; // It was left out, to see whether the story fails without it.
  span.from = step.begunAt;
  span.to = step.returnedAt! + 8;
}

async function reopen({ fs, directory, opened }: Afterwards): Promise<Map<string, string>> {
  const db = await Database.open(directory, { fs, ...SMALL });
  opened();
  const found = new Map(Array.from(db.entries(), ([key, value]) => [String(key), String(value)]));
  await db.close();
  return found;
}

/** Overwritten, synced, merged. */
async function merged({ fs, directory, story }: World): Promise<void> {
  const db = await Database.open(directory, { fs, ...SMALL });
  await story.put(db, 'a', long('1'));
  await story.put(db, 'a', long('2'));
  await story.sync(db);
  await merging(story, inWords('merge', '合并'), () => db.merge());
  await story.close(db);
}

/** The old value lies in a sealed file, on the disk; the new one in the active file, and not on the disk yet. */
async function notYetSynced({ fs, directory, story }: World): Promise<void> {
  const first = await Database.open(directory, { fs, ...SMALL });
  await story.put(first, 'a', long('1'));
  await story.close(first);
  const db = await Database.open(directory, { fs, ...SMALL });
  await story.put(db, 'a', '2');
  await merging(story, inWords('merge', '合并'), () => db.merge());
  await story.close(db);
}

/** The value lies in a file that is mostly live, its tombstone in one that is all dead. Only the latter is merged. */
async function someFiles({ fs, directory, story }: World): Promise<void> {
  const first = await Database.open(directory, { fs, ...SMALL });
  await story.put(first, 'city', 'Berlin');
  await story.put(first, 'stays', long('s'));
  await story.close(first);
  const second = await Database.open(directory, { fs, ...SMALL });
  await story.delete(second, 'city');
  await story.close(second);
  const db = await Database.open(directory, { fs, ...EAGER });
  const before = fs.list(directory).filter(name => name.endsWith('.data'));
  await merging(story, inWords('the store merges by itself', '存储自己合并'), async () => {
    const endMs = performance.now() + 4000;
    while (performance.now() < endMs && before.every(name => fs.list(directory).includes(name))) await wait(20);
  });
  await story.close(db);
}

process.exitCode = await crashLab([
  {
    title: { en: 'a merge that is cut short has not happened', zh: '做到一半的合并，等于没做' },
    workload: merged,
    reopen,
    crashAt: duringMerge,
    recoveryEvery: 23,
    recoveryStates: 2,
    states: 5,
  },
  {
    title: { en: 'a merge takes no old value away before the new one is safe', zh: '新值没落盘，合并就不拿走旧值' },
    workload: notYetSynced,
    reopen,
    crashAt: duringMerge,
    states: 5,
  },
  {
    title: { en: 'a merge of some files brings nothing back', zh: '只合并一部分文件，删掉的键也不会复活' },
    workload: someFiles,
    reopen,
    crashAt: duringMerge,
    states: 4,
  },
]);
