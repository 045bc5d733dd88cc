/** What recovery cuts is kept in lost/, and is as safe there as anything else. */
import { expect, test } from 'vitest';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery/recovery.ts';
import { crashedStore, FIRST } from '../support/crashed-store.ts';
import { diskIn, legalDiskStates, recordingOf } from '../support/fault-house/index.ts';

test('what was cut and lies in lost/ survives a power cut right after opening, whatever else that takes', async () => {
  const left = await crashedStore(db => {
    db.put('a', '1');
    db.put('b', '2');
  });
  const torn = left.bytesOf(FIRST).subarray(0, -3);
  left.change(FIRST, () => torn);
  const disk = left.cutPower({ bytes: 'kept', names: 'kept' }, left.root).record();
  const { report } = await recover(disk.root, resolveOptions({ fs: disk }));
  const [cut] = report.cut;
  const recording = recordingOf(disk);
  let states = 0;
  for (const state of legalDiskStates(recording, recording.calls.length)) {
    const after = diskIn(state, recording.end, disk.root);
    expect(after.bytesOf(cut!.keptAs)).toEqual(torn.subarray(cut!.offset));
    states++;
  }
  expect(states).toBeGreaterThan(2);
});

test('a crash in the opening that cuts, at any of its calls, leaves the bytes in the file or in lost/', async () => {
  const left = await crashedStore(db => {
    db.put('a', '1');
    db.put('b', '2');
  });
  const torn = left.bytesOf(FIRST).subarray(0, -3);
  left.change(FIRST, () => torn);
  const disk = left.cutPower({ bytes: 'kept', names: 'kept' }, left.root).record();
  const { report } = await recover(disk.root, resolveOptions({ fs: disk }));
  const recording = recordingOf(disk);
  for (const { index, before } of recording.calls) {
    for (const state of legalDiskStates(recording, index)) {
      const after = diskIn(state, before, disk.root);
      expect(after.bytesOf(FIRST)).toEqual(torn); // Recovery cuts no file.
      const again = await recover(after.root, resolveOptions({ fs: after }));
      if (again.report.cut.length > 0) expect(again.report.cut).toEqual(report.cut);
      expect(after.bytesOf(report.cut[0]!.keptAs)).toEqual(torn.subarray(report.cut[0]!.offset));
    }
  }
});
