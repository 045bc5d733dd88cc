import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type HintRecord,
  MAX_HINT_HEADER_SIZE,
  readHintRecord,
  readsValue,
  writeHintRecord,
} from '../../../engine/src/format/hint-record.ts';
import { KIND_BATCH_END, KIND_PUT } from '../../../engine/src/format/record.ts';

const encode = (record: HintRecord): Buffer => {
  const bytes = Buffer.alloc(MAX_HINT_HEADER_SIZE + record.key.length + record.value.length);
  return bytes.subarray(0, writeHintRecord(bytes, 0, record));
};

const number = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat());
const record: fc.Arbitrary<HintRecord> = fc
  .record({
    kind: fc.integer({ min: KIND_PUT, max: KIND_BATCH_END - 1 }),
    space: number,
    seq: number,
    tag: fc.nat(255),
    expiresAtMs: fc.oneof(fc.constant(0), number),
    orderKey: fc.option(
      fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => Buffer.from(bytes)),
      { nil: undefined },
    ),
    key: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes).toString('latin1')),
    valueSize: number,
    offset: number,
    size: number,
    value: fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
  })
  .map(each =>
    readsValue(each.kind) ? { ...each, valueSize: each.value.length } : { ...each, value: Buffer.alloc(0) },
  );

describe('a hint record', () => {
  test('has these bytes, now and for ever', () => {
    const put: HintRecord = {
      kind: 1,
      space: 3,
      seq: 300,
      tag: 7,
      expiresAtMs: 1_000_000,
      orderKey: Buffer.from('12345678'),
      key: 'k\u00ff',
      valueSize: 5,
      offset: 32,
      size: 40,
      value: Buffer.alloc(0),
    };
    expect(encode(put).toString('hex')).toBe(
      ['01', '06', '07', '03', 'ac02', '20', '28', '02', '05', 'c0843d', '3132333435363738', '6bff'].join(''),
    );
    const created: HintRecord = {
      ...put,
      kind: 4,
      expiresAtMs: 0,
      orderKey: undefined,
      key: '',
      valueSize: 1,
      value: Buffer.of(2),
    };
    expect(encode(created).toString('hex')).toBe(
      ['04', '00', '07', '03', 'ac02', '20', '28', '00', '01', '02'].join(''),
    );
  });

  test('is read as it was written, wherever it stands', () => {
    fc.assert(
      fc.property(record, fc.nat(20), (written, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before), encode(written), Buffer.alloc(3)]);
        const read = readHintRecord(bytes, before, bytes.length)!;
        expect(read).toEqual({ ...written, hintSize: bytes.length - before - 3 });
      }),
    );
  });

  test('that is cut anywhere is none', () => {
    fc.assert(
      fc.property(record, written => {
        const bytes = encode(written);
        for (let end = 0; end < bytes.length; end++) expect(readHintRecord(bytes, 0, end)).toBeUndefined();
      }),
    );
  });

  test('of any bytes at all is some record, or none, and nothing is read past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), given => {
        const bytes = Buffer.from(given);
        const read = readHintRecord(bytes, 0, bytes.length);
        if (read !== undefined) expect(read.hintSize).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});
