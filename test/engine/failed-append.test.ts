/**
 * An append that fails after any number of bytes, be they whole records of it: none of what it was to write is there, not
 * now, not after a kill at that moment, and not after the disk takes bytes again.
 */
import { describe, expect, test } from 'vitest';
import { Database, type DatabaseOptions } from '../../engine/src/index.ts';
import { recoverCopy } from '../support/crashed-store.ts';
import { FaultFileSystem, isWrite, SimulatedDisk } from '../support/fault-house/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const full = expect.objectContaining({ code: 'DISK_FULL' });

/** Ways to have several records in one append. */
const APPENDS: Record<string, { options?: DatabaseOptions; act(db: Database): Promise<unknown> }> = {
  'one put': { act: async db => db.put('a', '1') },
  'a batch': { act: async db => db.batch().put('a', '1').put('b', '2').commit() },
  'three writes of one turn': {
    act: db =>
      Promise.all(['a', 'b', 'c'].map(key => db.write([{ type: 'put', key, value: '1' }]).catch(error => error))).then(
        errors => {
          for (const error of errors) expect(error).toEqual(full);
          throw errors[0];
        },
      ),
  },
  'a put at level os behind puts at level memory': {
    act: async db => {
      db.put('m', '1', { durability: 'memory' });
      db.put('a', '1');
    },
  },
};

describe.each(Object.entries(APPENDS))('%s', (name, { act }) => {
  test('that fails after any number of bytes has left nothing behind', async () => {
    const root = temporaryDirectory('append');
    let cases = 0;
    for (let afterBytes = 0; afterBytes < 90; afterBytes++) {
      const disk = new SimulatedDisk(root);
      const fs = new FaultFileSystem(disk);
      const db = await Database.open(root, { fs, cacheBytes: 0 });
      db.put('base', 'v');
      fs.plan = call => (isWrite(call) && call.file.endsWith('.data') ? { error: 'ENOSPC', afterBytes } : undefined);
      await expect(act(db)).rejects.toEqual(full);
      const visible = Array.from(db.keys(), String);
      const accepted = name.endsWith('memory') ? ['base', 'm'] : ['base'];
      expect(visible).toEqual(accepted); // What level memory has accepted stays, and is written later.
      expect((await recoverCopy(disk, () => {})).keys).toEqual(['base']);
      fs.plan = () => undefined;
      db.put('later', 'v');
      await db.close();
      expect((await recoverCopy(disk, () => {})).keys).toEqual([...accepted, 'later'].sort());
      cases++;
    }
    expect(cases).toBe(90);
  });
});
