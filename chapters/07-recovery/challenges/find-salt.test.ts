/** Challenge: the salt that nobody wrote down. */
import { describe, expect, test } from 'vitest';
import { encodeFileHeader, FILE_HEADER_SIZE } from '#engine/format/file-header.ts';
import { encodeRecord, KIND_PUT, KIND_TOMBSTONE } from '#engine/format/record.ts';
import { findSalt } from '#sketch/find-salt.ts';

/** A data file with records of all sorts. */
function dataFile(salt: number, values: readonly string[]): Buffer {
  let bytes = encodeFileHeader({ fileId: 1, salt });
  for (const [n, value] of values.entries()) {
    const kind = n % 3 === 2 ? KIND_TOMBSTONE : KIND_PUT;
    const fields = {
      kind,
      seq: n + 1,
      key: Buffer.from(`key ${n}`),
      value: Buffer.from(kind === KIND_PUT ? value : ''),
    };
    bytes = Buffer.concat([bytes, encodeRecord(fields, salt, bytes.length)]);
  }
  return bytes;
}

const withoutHeader = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0, 0, FILE_HEADER_SIZE);

describe('The salt that nobody wrote down', () => {
  test('it is found out from two records', () => {
    for (const salt of [0, 1, 7, 0x5eed, 0x8000_0000, 0xffff_ffff]) {
      expect(findSalt(withoutHeader(dataFile(salt, ['Bonn', 'Spree']))), String(salt)).toBe(salt);
    }
  });

  test('long records, short ones and tombstones are all the same', () => {
    expect(findSalt(withoutHeader(dataFile(123_456_789, ['', 'x'.repeat(100_000), '', 'y', 'z'])))).toBe(123_456_789);
  });

  test('when the first two records do not agree there is no answer, and none from one record alone', () => {
    const bytes = withoutHeader(dataFile(7, ['Bonn', 'Spree', 'Rhine']));
    bytes[FILE_HEADER_SIZE + 12]! ^= 1;
    expect(findSalt(bytes)).toBeUndefined();
    expect(findSalt(withoutHeader(dataFile(7, ['Bonn'])))).toBeUndefined();
    expect(findSalt(Buffer.alloc(FILE_HEADER_SIZE))).toBeUndefined();
    expect(findSalt(Buffer.alloc(500))).toBeUndefined();
  });
});
