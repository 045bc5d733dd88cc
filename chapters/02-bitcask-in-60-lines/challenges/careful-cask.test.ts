/** Challenge: a compaction that survives every power cut of step 11, with as few syncs as that takes. */
import { describe, expect, test } from 'vitest';
import { CarefulCask } from '#sketch/careful-cask.ts';
import { ForgetfulDisk } from '#sketch/forgetful-disk.ts';

/** A disk that can lose its power right after any of its calls. */
class DiskWithFuse extends ForgetfulDisk {
  calls: string[] = [];
  fuse = Number.POSITIVE_INFINITY;

  override fsyncSync(fd: number): void {
    super.fsyncSync(fd);
    this.#burn('fsync');
  }

  override renameSync(from: string, to: string): void {
    super.renameSync(from, to);
    this.#burn('rename');
  }

  override writeSync(fd: number, bytes: Buffer): number {
    const written = super.writeSync(fd, bytes);
    this.#burn('write');
    return written;
  }

  #burn(call: string): void {
    this.calls.push(call);
    if (--this.fuse === 0) throw new Error('no power');
  }
}

/** A disk with a synced log of some entries, two of them dead. */
function diskWithLog(): DiskWithFuse {
  const disk = new DiskWithFuse();
  const store = CarefulCask.open('log', disk);
  for (const [key, value] of [
    ['city', 'Bonn'],
    ['river', 'Spree'],
    ['city', 'Berlin'],
    ['lake', 'x'],
  ])
    store.put(key!, value!);
  store.delete('lake');
  disk.fsyncSync(disk.openSync('log', 'a+'));
  disk.fsyncSync(disk.openSync('.', 'r'));
  disk.calls = [];
  return disk;
}

const answers = (disk: ForgetfulDisk): (string | undefined)[] => {
  const store = CarefulCask.open('log', disk);
  return ['city', 'river', 'lake'].map(key => store.get(key));
};

describe('A careful compaction', () => {
  test('after a power cut at any moment of it everything is there', () => {
    for (const names of ['kept', 'lost'] as const) {
      for (let fuse = 1; fuse < 20; fuse++) {
        const disk = diskWithLog();
        const store = CarefulCask.open('log', disk);
        disk.fuse = fuse;
        try {
          store.compact();
        } catch {
          // the power is gone
        }
        disk.fuse = Number.POSITIVE_INFINITY;
        disk.powerCut(names);
        expect(answers(disk), `after call ${fuse}, new names ${names}`).toEqual(['Berlin', 'Spree', undefined]);
      }
    }
  });

  test('a put that is synced after it survives, whatever becomes of names', () => {
    for (const names of ['kept', 'lost'] as const) {
      const disk = diskWithLog();
      const store = CarefulCask.open('log', disk);
      store.compact();
      store.put('lake', 'Wannsee');
      disk.fsyncSync(disk.openSync('log', 'a+'));
      disk.powerCut(names);
      expect(answers(disk), `new names ${names}`).toEqual(['Berlin', 'Spree', 'Wannsee']);
    }
  });

  test('two syncs are enough: the file before the rename, the directory after it', () => {
    const disk = diskWithLog();
    CarefulCask.open('log', disk).compact();
    expect(disk.calls.filter(call => call !== 'write')).toEqual(['fsync', 'rename', 'fsync']);
  });
});
