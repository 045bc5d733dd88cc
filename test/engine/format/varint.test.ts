import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MAX_VARINT_SIZE,
  readVarint,
  VARINT_CORRUPT,
  VARINT_TORN,
  varintSize,
  writeVarint,
} from '../../../engine/src/format/varint.ts';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const encode = (n: number): string => {
  const bytes = Buffer.alloc(MAX_VARINT_SIZE);
  return bytes.subarray(0, writeVarint(bytes, 0, n)).toString('hex');
};

test('the bytes of a varint are these, for ever', () => {
  expect(encode(0)).toBe('00');
  expect(encode(1)).toBe('01');
  expect(encode(127)).toBe('7f');
  expect(encode(128)).toBe('8001');
  expect(encode(300)).toBe('ac02');
  expect(encode(16_383)).toBe('ff7f');
  expect(encode(16_384)).toBe('808001');
  expect(encode(2 ** 32)).toBe('8080808010');
  expect(encode(Number.MAX_SAFE_INTEGER)).toBe('ffffffffffffff0f');
});

test('every number comes back, takes varintSize bytes, and is torn when a byte is missing', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(20), (n, at) => {
      const bytes = Buffer.alloc(at + MAX_VARINT_SIZE, 0xff);
      const end = writeVarint(bytes, at, n);
      expect(end - at).toBe(varintSize(n));
      expect(readVarint(bytes, at, end)).toBe(n);
      for (let cut = at; cut < end; cut++) expect(readVarint(bytes, at, cut)).toBe(VARINT_TORN);
    }),
  );
});

test('a longer spelling of a number is refused', () => {
  expect(readVarint(bytesOf('80 00'), 0, 2)).toBe(VARINT_CORRUPT);
  expect(readVarint(bytesOf('ff 80 00'), 0, 3)).toBe(VARINT_CORRUPT);
});

test('a number that JavaScript cannot hold is refused', () => {
  expect(readVarint(bytesOf('ff ff ff ff ff ff ff 10'), 0, 8)).toBe(VARINT_CORRUPT);
  expect(readVarint(bytesOf('ff ff ff ff ff ff ff ff 01'), 0, 9)).toBe(VARINT_CORRUPT);
});
