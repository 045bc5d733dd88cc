/**
 * Tier P: each disk state that recorded system calls allow, laid out as a directory and opened, twice, by a fresh process.
 *
 * A process does one of the crash tests' workloads on the real disk, under strace. Its calls are done again on a simulated
 * disk; then some of all the states that a kill or a power cut may leave, drawn by a seed, are put on the real disk.
 * ZEROCASK_DISK_STATES says how many for each workload.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { childEnd, startChild } from '../support/child.ts';
import { WORKLOADS } from '../support/crash-workloads.ts';
import {
  diskIn,
  fingerprint,
  legalDiskStates,
  type Recording,
  type SimulatedDisk,
  seeded,
  snapshotAt,
} from '../support/fault-house/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { count } from './counts.ts';
import { type Replayed, replayLog, type Said, tracedBy } from './system-calls.ts';

const STATES = Number(process.env['ZEROCASK_DISK_STATES'] ?? 60);
const SEED = Number(process.env['ZEROCASK_SEED'] ?? Date.now() % 100_000);
const NO_STRACE = spawnSync('strace', ['-V']).status !== 0;

/** Do a workload in a process of its own, and read what it asked of the system. */
async function traced(workload: string): Promise<Replayed> {
  const [directory, logs] = [temporaryDirectory('traced'), temporaryDirectory('strace')];
  const log = join(logs, 'log');
  const { code } = await childEnd(startChild('tell-story', [directory, workload], {}, tracedBy(log)));
  expect(code).toBe(0);
  return replayLog(readFileSync(log, 'latin1'), directory);
}

/** A disk, and between which states of the story it may be found: one pair for each moment at which it can be left. */
interface Candidate {
  readonly disk: SimulatedDisk;
  readonly allowed: Set<string>[];
}

/** All different disks that the calls allow. */
function candidates({ recording, said }: Replayed): Candidate[] {
  const states = JSON.parse(said.find(({ line }) => line.startsWith('states '))!.line.slice(7)) as string[];
  const marks = said.filter(({ line }) => line.startsWith('mark '));
  const all = new Map<string, Candidate>();
  const add = (recording: Recording, atCall: number, mark: Said | undefined): void => {
    const [begun = 0, returned = 0, synced = 0] = mark?.line.split(' ').slice(1).map(Number) ?? [];
    for (const state of legalDiskStates(recording, atCall, { states: 20, seed: SEED })) {
      const disk = diskIn(state, snapshotAt(recording, atCall), '/');
      const print = fingerprint(disk.snapshot, false);
      const candidate = all.get(print) ?? { disk, allowed: [] };
      all.set(print, candidate);
      candidate.allowed.push(new Set(states.slice(state.kind === 'kill' ? returned : synced, begun + 1)));
    }
  };
  for (let atCall = 0; atCall <= recording.calls.length; atCall++) {
    add(
      recording,
      atCall,
      marks.findLast(mark => mark.atCall <= atCall),
    );
  }
  // And at each moment at which something was promised: a sync may end between two calls.
  for (const mark of marks) {
    add({ calls: recording.calls.slice(0, mark.atCall), end: mark.disk }, mark.atCall, mark);
  }
  return [...all.values()];
}

function drawn<T>(all: T[], howMany: number): T[] {
  const random = seeded(SEED);
  for (let i = all.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, howMany);
}

function layOut(disk: SimulatedDisk, directory: string): void {
  for (const name of disk.fileNames) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), disk.bytesOf(name));
  }
}

/** Open the disk in a fresh process, and say what is wrong with what it holds. */
async function problemOf({ disk, allowed }: Candidate, place: string): Promise<string | undefined> {
  const directory = mkdtempSync(join(place, 'state-'));
  layOut(disk, directory);
  const { output, code } = await childEnd(startChild('tell-contents', [directory]));
  if (code !== 0) return `the process ended with ${code}`;
  const told = JSON.parse(output) as { first?: string; second?: string; error?: string };
  if (told.error !== undefined) return `${directory}: ${told.error}`;
  if (told.first !== told.second) return `${directory}: ${told.first}\nand the second time: ${told.second}`;
  if (allowed.some(states => !states.has(told.first!))) return `${directory}: holds what it may not: ${told.first}`;
  rmSync(directory, { recursive: true, force: true });
  return undefined;
}

let opened = 0;
afterAll(() => count('disk states opened by fresh processes', opened));

describe.skipIf(NO_STRACE)(`what recorded system calls allow (seed ${SEED}; skipped where strace is absent)`, () => {
  test.each(Object.keys(WORKLOADS))(
    '%s: every state that is tried opens, twice, with what was promised',
    async name => {
      const all = candidates(await traced(name));
      const tried = drawn(all, STATES);
      const place = temporaryDirectory('states');
      for (let i = 0; i < tried.length; i += 2) {
        const problems = await Promise.all(tried.slice(i, i + 2).map(each => problemOf(each, place)));
        expect(problems.filter(problem => problem !== undefined)).toEqual([]);
      }
      opened += tried.length;
      count(`disk states of ${name}: possible`, all.length);
    },
    300_000,
  );
});
