/** verify: it finds each piece of damage, with its file and its offset, and nothing where nothing is wrong. */
import { expect, test } from 'vitest';
import { CorruptionError } from '../../engine/src/index.ts';
import { resolveOptions } from '../../engine/src/options.ts';
import { recover } from '../../engine/src/recovery.ts';
import { verifyDirectory } from '../../engine/src/verify.ts';
import { flipBit } from '../support/change-file.ts';
import { dataFilesOf, manyFiles } from '../support/damaged-store.ts';
import type { PowerCutFileSystem } from '../support/power-cut-file-system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = temporaryDirectory('verify');

/** Where opening says that the damage is; undefined when it opens. */
async function damageOf(left: PowerCutFileSystem): Promise<{ file: string; offset: number } | undefined> {
  try {
    await recover(root, resolveOptions({ fs: left.copy(root) }));
    return undefined;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return { file: error.file, offset: error.offset };
  }
}

for (const end of ['closed', 'killed'] as const) {
  test(`any one bit flipped in a store that was ${end}: verify agrees with opening on whether, and where`, async () => {
    const left = await manyFiles(root, end);
    expect((await verifyDirectory(left, root, {})).problems).toEqual([]);
    const files = dataFilesOf(left);
    expect(files.length).toBeGreaterThan(4);
    let damaged = 0;
    for (const name of files) {
      const bits = left.bytesOf(name).length * 8;
      for (let bit = 0; bit < bits; bit += 13) {
        const fs = left.copy(root);
        fs.change(name, bytes => flipBit(bytes, bit));
        const damage = await damageOf(fs);
        const { problems } = await verifyDirectory(fs, root, {});
        const places = problems.filter(({ code }) => code !== 'SPACE').map(({ file, offset }) => ({ file, offset }));
        expect(places, `${name}, bit ${bit}`).toEqual(damage === undefined ? [] : [damage]);
        if (damage !== undefined) damaged++;
      }
    }
    expect(damaged).toBeGreaterThan(1000);
  }, 60_000);
}
