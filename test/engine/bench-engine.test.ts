/** `npm run bench:engine` (test/bench/engine): its rows run, wrong answers fail it, and its report says what was measured. */
import { describe, expect, test } from 'vitest';
import type { Job, Result } from '../bench/engine/job.ts';
import { Meter } from '../bench/engine/measured/meter.ts';
import { checkContents, modelAfter, prepare, WORKLOADS } from '../bench/engine/measured/workloads.ts';
import { type Measured, ratioToBest, toMarkdown } from '../bench/engine/report.ts';
import { chooseRows, jobOf, ROWS, type Row, rowId } from '../bench/engine/rows.ts';
import { openStore } from '../bench/engine/stores/open-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const KEYS = 500;

async function runRow(row: Row): Promise<{ job: Job; found: number; operations: number }> {
  const directory = temporaryDirectory('bench');
  const job = jobOf(row, 'zerocask', directory, KEYS);
  const store = await openStore('zerocask', job);
  if (job.before !== 'nothing') await prepare(store, job);
  const { operations, found } = await WORKLOADS[job.workload]!(store, job, new Meter());
  await checkContents(store, modelAfter(job), job.valueSize);
  await store.close();
  return { job, found, operations };
}

describe('every row of the benchmark', () => {
  const rows = ROWS.filter(row => row.workload !== 'open');
  test.each(rows.map(row => [rowId(row), row] as const))('%s does its work on our store', async (_, row) => {
    const { job, found, operations } = await runRow(row);
    expect(operations).toBe(job.operations);
    if (job.workload.startsWith('read') && job.workload !== 'readwhilewriting') {
      expect(found).toBe(job.workload === 'readmissing' ? 0 : operations);
    }
  });

  test('a store that holds something else than the model fails the run', async () => {
    const job = jobOf(chooseRows(['fillrandom/os/call'])[0]!, 'zerocask', temporaryDirectory('bench'), KEYS);
    const store = await openStore('zerocask', job);
    await WORKLOADS['fillrandom']!(store, job, new Meter());
    await store.put(Buffer.from('0000000000000007'), Buffer.from('wrong'));
    await expect(checkContents(store, modelAfter(job), job.valueSize)).rejects.toThrow(/^key 7 (is there|has another)/);
    await store.close();
  });
});

describe('the report', () => {
  const sample = (operations: number, seconds: number): Result => ({
    ...{ operations, seconds, p50: 1, p99: 2, max: 3, rssMiB: 10, peakRssMiB: 11, cpuSeconds: seconds, diskMiB: 1 },
    ...{ found: operations, settings: 'as told' },
  });
  const measured: Measured = {
    id: 'fillrandom/os/call',
    operations: 1000,
    samples: { zerocask: [sample(1000, 1), sample(1000, 2), sample(1000, 4)], lmdb: [sample(1000, 1)] },
    cannot: { 'classic-level': 'is not to be had' },
  };

  test('takes the median of the runs, and the ratio to the best peer', () => {
    expect(ratioToBest(measured)).toEqual({ name: 'lmdb', ratio: 0.5 });
  });

  test('names the machine, the goals and the peers that are not there', () => {
    const machine = {
      ...{ date: '2026-01-01', processor: 'a processor', cores: 2, memoryGiB: 8, system: 'a system', node: 'v20' },
      ...{ fileSystem: 'a disk', fdatasyncMicroseconds: 150, load: 0, commit: 'abc' },
    };
    const text = toMarkdown({
      machine,
      versions: { lmdb: '1' },
      command: 'npm run x',
      keys: 1000,
      runs: 3,
      rows: [measured],
    });
    for (const part of ['a processor', 'abc', '>= 2x lmdb: **missed** (0.50x)', 'classic-level: is not to be had']) {
      expect(text).toContain(part);
    }
  });

  test('an unknown row is refused', () => {
    expect(() => chooseRows(['filldisk'])).toThrow('no row is called filldisk');
  });
});
