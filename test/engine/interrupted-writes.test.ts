/**
 * Calls that end early or for a passing reason: a short write or read is gone on with; a call that a signal interrupts, or
 * that is told to come again later, fails the change it was made for and leaves nothing behind.
 */
import { describe, expect, test } from 'vitest';
import { Database, type FileSystem } from '../../engine/src/index.ts';
import { contents, recoverCopy } from '../support/crashed-store.ts';
import { FaultFileSystem, isWrite } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A disk that takes and gives at most so many bytes in one call. */
function inSmallBites(disk: FileSystem, most: number): FileSystem {
  const fs = new FaultFileSystem(disk);
  fs.plan = ({ operation, size }) =>
    (operation === 'read' || operation === 'write') && size !== undefined ? { onlyBytes: most } : undefined;
  return fs;
}

describe('a call that does only some of it', () => {
  for (const most of [1, 7, 100]) {
    test(`${most} bytes at a time: everything is written and read whole`, async () => {
      const root = temporaryDirectory();
      const fs = inSmallBites(new SimulatedDisk(root), most);
      const db = await Database.open(root, { fs, maxDataFileSize: 500 });
      const expected: string[] = [];
      for (let i = 10; i < 30; i++) {
        db.put(`k${i}`, 'x'.repeat(i * 5));
        expected.push(`k${i}=${'x'.repeat(i * 5)}`);
      }
      db.batch().put('l', '1').put('m', '2').commit();
      expected.push('l=1', 'm=2');
      expect(contents(db)).toEqual(expected);
      await db.close();
      const again = await Database.open(root, { fs });
      expect(contents(again)).toEqual(expected);
      await again.close();
    });
  }

  test('and then none at all is an error, not an endless loop', async () => {
    const root = temporaryDirectory();
    const fs = new FaultFileSystem(new SimulatedDisk(root));
    const db = await Database.open(root, { fs });
    db.put('a', '1');
    fs.plan = call => (isWrite(call) ? { onlyBytes: 0 } : undefined);
    expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: 'IO' }));
    fs.plan = () => undefined;
    expect(contents(db)).toEqual(['a=1']);
    await db.close();
  });
});

/** What the operating system says, and the code of ours that a change then throws. */
const CODES = { EINTR: 'IO', EAGAIN: 'IO', EFBIG: 'IO', EDQUOT: 'DISK_FULL' };

for (const [error, code] of Object.entries(CODES)) {
  for (const afterBytes of [0, 9]) {
    test(`${error} after ${afterBytes} bytes of any write: the change throws and is absent, the next is made`, async () => {
      for (let failing = 0; failing < 14; failing++) {
        const root = temporaryDirectory();
        const disk = new SimulatedDisk(root);
        const fs = new FaultFileSystem(disk);
        const db = await Database.open(root, { fs, maxDataFileSize: 200 });
        let writes = 0;
        fs.plan = call => (isWrite(call) && writes++ === failing ? { error, afterBytes } : undefined);
        const expected: string[] = [];
        for (let i = 10; i < 20; i++) {
          const change = (): unknown =>
            i % 3 === 0 ? db.batch().put(`k${i}`, 'x'.repeat(60)).commit() : db.put(`k${i}`, 'x'.repeat(60));
          try {
            change();
            expected.push(`k${i}`);
          } catch (thrown) {
            expect(thrown).toMatchObject({ code, cause: { code: error } });
          }
        }
        expect(expected.length).toBeGreaterThanOrEqual(9);
        expect(Array.from(db.keys(), String)).toEqual(expected);
        expect((await recoverCopy(disk, () => {})).keys, `write ${failing}`).toEqual(expected);
        await db.close();
      }
    });
  }
}

test('a read that is interrupted fails that get, and the next finds the value', async () => {
  const root = temporaryDirectory();
  const fs = new FaultFileSystem(new SimulatedDisk(root));
  const db = await Database.open(root, { fs, cacheBytes: 0 });
  db.put('a', '1');
  fs.plan = call => (call.operation === 'read' && call.size !== undefined ? { error: 'EINTR' } : undefined);
  expect(() => db.get('a')).toThrow(expect.objectContaining({ code: 'IO' }));
  fs.plan = () => undefined;
  expect(String(db.get('a'))).toBe('1');
  await db.close();
});
