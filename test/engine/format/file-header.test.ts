import { expect, test } from 'vitest';
import { crc32 } from '../../../engine/src/format/crc32.ts';
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_SIZE } from '../../../engine/src/format/file-header.ts';

test('the bytes of a file header are these, for ever', () => {
  expect(encodeFileHeader({ fileId: 7, salt: 0xdead_beef }).toString('hex')).toBe(
    ['5a45524f4341534b', '0100', '0100', '07000000', 'efbeadde', '0000000000000000', 'b7aeaaa7'].join(''),
  );
});

test('a header comes back as it was', () => {
  const bytes = encodeFileHeader({ fileId: 4_294_967_295, salt: 1 });
  expect(bytes.length).toBe(FILE_HEADER_SIZE);
  expect(decodeFileHeader(bytes)).toEqual({ fileId: 4_294_967_295, salt: 1 });
});

test('a header that is cut short is torn, and one with any bit flipped is corrupt', () => {
  const bytes = encodeFileHeader({ fileId: 1, salt: 2 });
  for (let end = 0; end < bytes.length; end++) expect(decodeFileHeader(bytes.subarray(0, end))).toBe('torn');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeFileHeader(damaged)).toBe('corrupt');
  }
});

test('a header that asks for a newer reader is refused with what to do', () => {
  const bytes = encodeFileHeader({ fileId: 1, salt: 2 });
  bytes.writeUInt16LE(2, 10);
  bytes.writeUInt32LE(crc32(bytes, 0, 28), 28);
  expect(() => decodeFileHeader(bytes)).toThrow(/needs format version 2, this program reads up to 1: use a newer one/);
});
