/** Three ways to break MiniCask, each tried on a disk in memory, so that nothing of yours is at stake. */
import { ForgetfulDisk } from './forgetful-disk.ts';
import { MiniCask } from './mini-cask.ts';

const LOG = 'log';

/** The answer to a question as text, whatever becomes of it. */
function answerTo(question: () => string | undefined): string {
  try {
    const answer = question();
    return answer === undefined ? 'absent' : JSON.stringify(answer);
  } catch (error) {
    return `throws ${(error as Error).name}`;
  }
}

/** The bytes of a log that was written with these puts. */
function logOf(entries: [key: string, value: string][]): Buffer {
  const disk = new ForgetfulDisk();
  const store = MiniCask.open(LOG, disk);
  for (const [key, value] of entries) store.put(key, value);
  return disk.contents(LOG);
}

/** Experiment 1. The log ends inside its last record. What is said about `city`, and what becomes of the next put? */
export function tornTail(): string[] {
  const before = logOf([['country', 'Germany']]).length;
  const whole = logOf([
    ['country', 'Germany'],
    ['city', 'Berlin'],
  ]);
  const lines = ['left of it  city               river, after put   river, after the next open'];
  for (let size = before; size <= whole.length; size++) {
    const disk = new ForgetfulDisk();
    disk.place(LOG, whole.subarray(0, size));
    const city = answerTo(() => MiniCask.open(LOG, disk).get('city'));
    const riverNow = answerTo(() => {
      const store = MiniCask.open(LOG, disk);
      store.put('river', 'Spree');
      return store.get('river');
    });
    const riverLater = answerTo(() => MiniCask.open(LOG, disk).get('river'));
    lines.push(`${`${size - before} bytes`.padEnd(12)}${city.padEnd(19)}${riverNow.padEnd(19)}${riverLater}`);
  }
  return lines;
}

/** Experiment 2. Each bit of a log is flipped, one at a time, and every key is asked for. Who notices? */
export function bitFlips(): string[] {
  const entries: [string, string][] = [
    ['country', 'Germany'],
    ['city', 'Berlin'],
    ['river', 'Spree'],
  ];
  const log = logOf(entries);
  const counts = { 'an error': 0, 'a wrong value': 0, 'a key is missing': 0, 'no difference': 0 };
  for (let bit = 0; bit < log.length * 8; bit++) {
    const damaged = Buffer.from(log);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const disk = new ForgetfulDisk();
    disk.place(LOG, damaged);
    const answers = entries.map(([key]) => answerTo(() => MiniCask.open(LOG, disk).get(key)));
    const wrong = answers.filter((answer, i) => answer !== JSON.stringify(entries[i]![1]));
    if (wrong.some(answer => answer.startsWith('throws'))) counts['an error'] += 1;
    else if (wrong.some(answer => answer !== 'absent')) counts['a wrong value'] += 1;
    else if (wrong.length > 0) counts['a key is missing'] += 1;
    else counts['no difference'] += 1;
  }
  return Object.entries(counts).map(
    ([outcome, count]) => `${String(count).padStart(4)} of ${log.length * 8} bits: ${outcome}`,
  );
}

/** A disk that syncs a file before the file gets its new name. */
class SyncBeforeRename extends ForgetfulDisk {
  override renameSync(from: string, to: string): void {
    this.fsyncSync(this.openSync(from, 'a+'));
    super.renameSync(from, to);
  }
}

/** Compact on this disk, put and sync one more value if there is one, pull the plug, and open what is left. */
function afterPowerCut(disk: ForgetfulDisk, names: 'kept' | 'lost', river?: string): MiniCask {
  const entries: [string, string][] = [
    ['city', 'Bonn'],
    ['city', 'Berlin'],
  ];
  disk.place(LOG, logOf(entries));
  const store = MiniCask.open(LOG, disk);
  store.compact();
  if (river !== undefined) {
    store.put('river', river);
    disk.fsyncSync(disk.openSync(LOG, 'a+'));
  }
  disk.powerCut(names);
  return MiniCask.open(LOG, disk);
}

/** Experiment 3. The power goes after a compaction: at once, or after one more put that has been synced. */
export function powerCuts(): string[] {
  const lines = ['synced before the rename   the new name was   city at once   river, put and synced'];
  for (const Kind of [ForgetfulDisk, SyncBeforeRename]) {
    const synced = Kind === SyncBeforeRename ? 'the new file' : 'nothing';
    for (const names of ['kept', 'lost'] as const) {
      const city = answerTo(() => afterPowerCut(new Kind(), names).get('city'));
      const river = answerTo(() => afterPowerCut(new Kind(), names, 'Spree').get('river'));
      lines.push(`${synced.padEnd(27)}${names.padEnd(19)}${city.padEnd(15)}${river}`);
    }
  }
  return lines;
}
