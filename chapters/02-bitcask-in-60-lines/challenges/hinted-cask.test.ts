/** Challenge: a hint file. After a compaction the next open reads the keydir from it, and no record that it covers. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HintedCask } from '#sketch/hinted-cask.ts';
import type { Disk } from '#sketch/mini-cask.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'challenge-02-'));
  path = join(directory, 'log');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** node:fs, and how often it was asked to read. */
function countingDisk(): { disk: Disk; reads: () => number } {
  let reads = 0;
  const disk: Disk = {
    ...fs,
    readSync(...args) {
      reads += 1;
      return fs.readSync(...args);
    },
  };
  return { disk, reads: () => reads };
}

function compacted(keys: number): void {
  const store = HintedCask.open(path);
  for (let i = 0; i < keys; i++) store.put(`key ${i}`, `value ${i}`);
  store.compact();
  store.close();
}

const hintFile = (): string => {
  const [name] = fs.readdirSync(directory).filter(each => each !== 'log');
  return join(directory, name!);
};

describe('A hint file', () => {
  test('an open after a compaction does not walk the log', () => {
    compacted(500);
    const { disk, reads } = countingDisk();
    const store = HintedCask.open(path, disk);
    expect(reads()).toBeLessThan(20);
    for (let i = 0; i < 500; i++) expect(store.get(`key ${i}`)).toBe(`value ${i}`);
    store.close();
  });

  test('what was put and deleted behind the hint is read from the log', () => {
    compacted(100);
    const first = HintedCask.open(path);
    first.put('key 1', 'newer');
    first.put('one more', 'value');
    first.delete('key 2');
    first.close();
    const second = HintedCask.open(path);
    expect(['key 0', 'key 1', 'key 2', 'one more'].map(key => second.get(key))).toEqual([
      'value 0',
      'newer',
      undefined,
      'value',
    ]);
    second.close();
  });

  test('a damaged or cut hint is not believed', () => {
    compacted(20);
    const whole = fs.readFileSync(hintFile());
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      for (const bytes of [damaged, whole.subarray(0, at)]) {
        fs.writeFileSync(hintFile(), bytes);
        const store = HintedCask.open(path);
        for (let i = 0; i < 20; i++) expect(store.get(`key ${i}`), `byte ${at}`).toBe(`value ${i}`);
        store.close();
      }
    }
  });

  test('the hint of another log is not believed', () => {
    compacted(20);
    const foreign = fs.readFileSync(hintFile());
    fs.rmSync(path);
    const store = HintedCask.open(path);
    for (let i = 19; i >= 0; i--) store.put(`key ${i}`, `another value ${i}`);
    store.close();
    fs.writeFileSync(hintFile(), foreign);
    const again = HintedCask.open(path);
    for (let i = 0; i < 20; i++) expect(again.get(`key ${i}`)).toBe(`another value ${i}`);
    again.close();
  });
});
