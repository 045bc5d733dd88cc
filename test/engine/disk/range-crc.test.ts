/** The checksum of any range of a file, as if its bytes were gone through. */
import { expect, test } from 'vitest';
import { DataFile } from '../../../engine/src/disk/data-file.ts';
import type { FileId } from '../../../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { RangeCrc } from '../../../engine/src/disk/range-crc.ts';
import { crc32 } from '../../../engine/src/format/crc32.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('it is that of the bytes, wherever the range begins and ends, in whatever order ranges are asked for', () => {
  const file = DataFile.create(nodeFileSystem, temporaryDirectory(), 1 as FileId, 7);
  let state = 1;
  file.append(
    Buffer.from(
      Array.from({ length: 300_000 }, () => {
        state = (state * 16_807) % 2_147_483_647;
        return state & 255;
      }),
    ),
  );
  const bytes = file.read(0, file.size);
  const ranges = new RangeCrc(file);
  const places = [0, 1, 32, 65_535, 65_536, 65_537, 131_072, 200_000, bytes.length - 1, bytes.length];
  for (const from of places.toReversed()) {
    for (const to of places.filter(place => place >= from)) {
      for (const initial of [0, 0x1234_5678]) {
        expect(ranges.crc(from, to, initial), `${from} to ${to}`).toBe(crc32(bytes, from, to, initial));
      }
    }
  }
  file.close();
});
