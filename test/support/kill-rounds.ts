/** Processes that write until they are killed, and the check that nothing they had acknowledged is lost. */
import { expect } from 'vitest';
import { Database, type Durability } from '../../engine/src/index.ts';
import { childEnd, startChild } from './child.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** One process, from its start until it is killed. */
export interface Round {
  readonly level: Durability;
  readonly how: 'put' | 'write' | 'turn';
  /** Kill when this much has been acknowledged, or before the count-th such call, or before its n-th call of any kind. */
  readonly after?: number;
  readonly killAt?: { operation: string; file: string; count: number };
  readonly killAtCall?: number;
  readonly maxDataFileSize?: number;
  /** Merge all the time. */
  readonly merge?: boolean;
}

const KEYS = 1000;
const valueFor = (i: number): string => `${i} ${'x'.repeat(i % 300)}`;

/** Run one process until it is killed; returns the highest number it has acknowledged. */
export async function runUntilKilled(directory: string, from: number, round: Round): Promise<number> {
  const child = startChild('write-until-killed', [directory, JSON.stringify({ ...round, from })]);
  const { output, signal } = await childEnd(child, said => {
    if (round.after !== undefined && lastNumber(said) >= from + round.after) child.kill('SIGKILL');
  });
  expect(signal).toBe('SIGKILL');
  return Math.max(from - 1, lastNumber(output));
}

/** Acknowledgements of one turn come in any order at level disk; all of a line has been written or nothing. */
function lastNumber(output: string): number {
  const lines = output.slice(output.lastIndexOf('\n', output.length - 1000) + 1, output.lastIndexOf('\n') + 1);
  return Math.max(-1, ...lines.split('\n').filter(Boolean).map(Number));
}

/** Open the store and check that it holds a prefix of the writes that ends at or after the acknowledged one. */
export async function checkPrefix(directory: string, acknowledged: number): Promise<number> {
  const db = await Database.open(directory);
  const newest = new Map(Array.from(db.entries(), ([key, value]) => [String(key), String(value)]));
  await db.close();
  const last = Math.max(-1, ...Array.from(newest.values(), value => Number.parseInt(value, 10)));
  expect(last).toBeGreaterThanOrEqual(acknowledged);
  for (let i = Math.max(0, last - KEYS + 1); i <= last; i++) expect(newest.get(`key ${i % KEYS}`)).toBe(valueFor(i));
  expect(newest.size).toBe(Math.min(KEYS, last + 1));
  return last;
}

/** Several processes one after the other, each killed, on one store. */
export async function killAgainAndAgain(rounds: readonly Round[]): Promise<number> {
  const directory = temporaryDirectory('kill');
  let next = 0;
  for (const round of rounds) {
    const acknowledged = await runUntilKilled(directory, next, round);
    next = (await checkPrefix(directory, acknowledged)) + 1;
  }
  return next;
}
