import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crcStart,
  decodeRecord,
  encodeRecord,
  KIND_EXPIRY_PATCH,
  KIND_PUT,
  KIND_SPACE_CREATE,
  KIND_TOMBSTONE,
  type LogRecord,
  MAX_KEY_SIZE,
  MAX_VALUE_SIZE,
  type RecordFields,
} from '../../../engine/src/format/record.ts';

const SALT = 0x1234_5678;
const AT = 32;
const text = (s: string): Buffer => Buffer.from(s);
const hex = (fields: RecordFields): string => encodeRecord(fields, SALT, AT).toString('hex');

const anyRecord: fc.Arbitrary<RecordFields> = fc.record({
  kind: fc.constantFrom(KIND_PUT, KIND_TOMBSTONE, KIND_EXPIRY_PATCH, KIND_SPACE_CREATE),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  space: fc.maxSafeNat(),
  tag: fc.nat(255),
  batch: fc.boolean(),
  expiresAtMs: fc.maxSafeNat(),
  orderKey: fc.option(fc.uint8Array({ minLength: 8, maxLength: 8 }), { nil: undefined }),
  syncedTo: fc.constantFrom(0, 1),
  key: fc.uint8Array({ maxLength: 40 }),
  value: fc.uint8Array({ maxLength: 400 }),
});

describe('the bytes of a record are these, for ever', () => {
  test('a put', () => {
    expect(hex({ kind: KIND_PUT, seq: 1, key: text('Ada'), value: text('Lovelace') })).toBe(
      ['37224b49', '01', '00', '00', '00', '01', '03', '08', '416461', '4c6f76656c616365'].join(''),
    );
  });

  test('a tombstone', () => {
    expect(hex({ kind: KIND_TOMBSTONE, seq: 300, key: text('Ada'), value: text('') })).toBe(
      ['901fc0c8', '02', '00', '00', '00', 'ac02', '03', '00', '416461'].join(''),
    );
  });

  test('a put with every field there is', () => {
    const fields: RecordFields = {
      kind: KIND_PUT,
      seq: 1000,
      space: 5,
      tag: 255,
      batch: true,
      expiresAtMs: 1_000_000_000_000,
      orderKey: text('ORDERKEY'),
      syncedTo: 990,
      key: text('k'),
      value: text('v'),
    };
    expect(hex(fields)).toBe(
      [
        'bb70a181',
        '01',
        '0f',
        'ff',
        '05',
        'e807',
        '01',
        '01',
        '80a094a58d1d',
        '4f524445524b4559',
        '0a',
        '6b',
        '76',
      ].join(''),
    );
  });
});

test('every record comes back as it was', () => {
  fc.assert(
    fc.property(anyRecord, fc.maxSafeNat(), fc.nat(0xffff_ffff), (fields, fileOffset, salt) => {
      const bytes = encodeRecord(fields, salt, fileOffset);
      const record = decodeRecord(bytes, 0, salt, fileOffset) as LogRecord;
      expect(record).toMatchObject({
        ...fields,
        key: Buffer.from(fields.key),
        value: Buffer.from(fields.value),
        orderKey: fields.orderKey && Buffer.from(fields.orderKey),
        size: bytes.length,
      });
    }),
  );
});

test('a record that is cut short at any byte is torn', () => {
  fc.assert(
    fc.property(anyRecord, fields => {
      const bytes = encodeRecord(fields, SALT, AT);
      for (let end = 0; end < bytes.length; end++)
        expect(decodeRecord(bytes.subarray(0, end), 0, SALT, AT)).toBe('torn');
    }),
    { numRuns: 30 },
  );
});

test('a record with any one bit flipped is never read', () => {
  const bytes = encodeRecord({ kind: KIND_PUT, seq: 70_000, key: text('key'), value: text('value') }, SALT, AT);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeRecord(damaged, 0, SALT, AT), `bit ${bit}`).toBeTypeOf('string');
  }
});

test('a record at another offset, or in another file, is never read', () => {
  const bytes = encodeRecord({ kind: KIND_PUT, seq: 7, key: text('key'), value: text('value') }, SALT, AT);
  expect(decodeRecord(bytes, 0, SALT, AT + 1)).toBe('corrupt');
  expect(decodeRecord(bytes, 0, SALT, AT + 2 ** 32)).toBe('corrupt');
  expect(decodeRecord(bytes, 0, SALT + 1, AT)).toBe('corrupt');
});

test('no two offsets near each other, and none 4 GiB apart, begin a checksum alike', () => {
  const offsets = Array.from({ length: 5000 }, (_, i) => [i, i + 2 ** 32, i + 2 ** 33]).flat();
  expect(new Set(offsets.map(offset => crcStart(SALT, offset))).size).toBe(offsets.length);
});

test('zeroes are no record', () => {
  expect(decodeRecord(Buffer.alloc(100), 0, SALT, AT)).toBe('corrupt');
});

test('a length beyond the limits is refused before anything of that length is looked for', () => {
  const record = (keySize: string, valueSize: string): Buffer =>
    Buffer.from(`0000000001000000 01${keySize}${valueSize}`.replace(' ', ''), 'hex');
  expect(MAX_KEY_SIZE).toBe(0x0100_0000);
  expect(MAX_VALUE_SIZE).toBe(0x3fff_ffff);
  expect(decodeRecord(record('80808008', '00'), 0, SALT, AT)).toBe('torn'); // exactly 16 MiB
  expect(decodeRecord(record('81808008', '00'), 0, SALT, AT)).toBe('corrupt');
  expect(decodeRecord(record('00', 'ffffffff03'), 0, SALT, AT)).toBe('torn'); // 1 GiB - 1
  expect(decodeRecord(record('00', '8080808004'), 0, SALT, AT)).toBe('corrupt');
});

test('random bytes are read without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      expect(decodeRecord(Buffer.from(bytes), 0, SALT, AT)).toBeTypeOf('string');
    }),
    { numRuns: 2000 },
  );
});
