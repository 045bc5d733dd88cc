/**
 * What does MiniCask say when its file is damaged? Every bit of a small log is flipped in turn, then the log is cut after every byte.
 * Each time the store is opened anew and asked for its three keys.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MiniCask } from './mini-cask.ts';

const TRUTH = { 'user:1': 'Ada', 'user:2': 'Grace', 'user:3': 'Edsger' };

const folder = mkdtempSync(join(tmpdir(), 'damage-'));
const path = join(folder, 'log');

/** Open a log of these bytes and judge its answers. */
function judge(bytes: Buffer): string {
  writeFileSync(path, bytes);
  let store: MiniCask;
  try {
    store = MiniCask.open(path);
  } catch {
    return 'does not open at all';
  }
  const answers = Object.entries(TRUTH).map(([key, value]) => ({ value, got: store.get(key) }));
  store.close();
  if (answers.some(({ value, got }) => got !== undefined && got !== value)) return 'opens, and gives a wrong value';
  if (answers.some(({ got }) => got === undefined)) return 'opens, and a key is gone';
  return 'opens, and every answer is right';
}

function tell(title: string, verdicts: string[]): void {
  console.log(`${title}: ${verdicts.length}`);
  const counts = new Map<string, number>();
  for (const verdict of verdicts.sort()) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  for (const [verdict, count] of counts) console.log(`${String(count).padStart(7)}  ${verdict}`);
}

const store = new MiniCask(path);
for (const [key, value] of Object.entries(TRUTH)) store.put(key, value);
store.close();
const log = readFileSync(path);

const flipped = Array.from({ length: 8 * log.length }, (_, bit) => {
  const bytes = Buffer.from(log);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return judge(bytes);
});
tell('one bit flipped', flipped);

const cut = Array.from({ length: log.length }, (_, size) => judge(log.subarray(0, size)));
tell('cut short', cut);

rmSync(folder, { recursive: true });
