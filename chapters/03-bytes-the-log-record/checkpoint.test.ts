/** What must hold at the end of chapter 03: bytes that say when they are damaged, cut short, or in the wrong place. */
import { describe, expect, test } from 'vitest';
import { CorruptionError, EngineError } from '#engine/errors.ts';
import { asBuffer, toBuffer } from '#engine/format/bytes.ts';
import { crc32 } from '#engine/format/crc32.ts';
import {
  decodeRecord,
  encodeRecord,
  KIND_PUT,
  KIND_TOMBSTONE,
  MAX_KEY_SIZE,
  MAX_VALUE_SIZE,
  type RecordFields,
  writeRecord,
} from '#engine/format/record.ts';
import { readVarint, VARINT_CORRUPT, VARINT_TORN, varintSize, writeVarint } from '#engine/format/varint.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const hexOf = (n: number): string => `0x${n.toString(16)}`;

/** The same numbers on every run: a failure can be looked at again. Each call gives a whole number below `limit`. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const high = state;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((high + state / 2 ** 32) / 2 ** 32) * limit);
  };
}

/** As many small numbers as large ones: first how many bits, then which. */
const anyNumber = (roll: (limit: number) => number): number => roll(2 ** roll(54));
const anyBytes = (roll: (limit: number) => number, size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, () => roll(256)));

/** The book's definition, bit by bit, as slow as it is certain. */
function bookCrc(data: Uint8Array, initial = 0): number {
  let crc = ~initial;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** A varint the long way round, through BigInt. */
function bookVarint(n: number): Buffer {
  const out: number[] = [];
  let rest = BigInt(n);
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) + 0x80);
  return Buffer.from([...out, Number(rest)]);
}

describe('Bytes and varints', () => {
  test('an error has a code for programs, a message for people, and keeps its cause', () => {
    const cause = new Error('EIO: i/o error, read');
    const error = new EngineError('IO', 'the disk does not answer', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('EngineError');
    expect(error.code).toBe('IO');
    expect(error.message).toBe('the disk does not answer');
    expect(error.cause).toBe(cause);
  });

  test('a corruption error names the file and the offset', () => {
    const error = new CorruptionError('0000000007.data', 4096, 'the checksum is wrong');
    expect(error).toBeInstanceOf(EngineError);
    expect(error.name).toBe('CorruptionError');
    expect(error.code).toBe('CORRUPT');
    expect(error.file).toBe('0000000007.data');
    expect(error.offset).toBe(4096);
    for (const part of ['0000000007.data', '4096', 'the checksum is wrong']) expect(error.message).toContain(part);
  });

  test('a string becomes its UTF-8 bytes', () => {
    expect(toBuffer('Zürich 🐻')).toEqual(bytes('5a c3 bc 72 69 63 68 20 f0 9f 90 bb'));
    expect(toBuffer('')).toHaveLength(0);
  });

  test('bytes are seen through, not copied, and only those of the view', () => {
    const memory = new Uint8Array([1, 2, 3, 4, 5]);
    const view = memory.subarray(1, 4);
    for (const seen of [asBuffer(view), toBuffer(view)]) {
      expect(Buffer.isBuffer(seen)).toBe(true);
      expect(seen).toEqual(Buffer.from([2, 3, 4]));
      memory[2] = 9;
      expect(seen[1], 'the same memory, so a change shows').toBe(9);
      memory[2] = 3;
    }
  });

  test('numbers at the edges of a varint have these bytes', () => {
    const edges: [number, string][] = [
      [0, '00'],
      [1, '01'],
      [127, '7f'],
      [128, '80 01'],
      [300, 'ac 02'],
      [16_383, 'ff 7f'],
      [16_384, '80 80 01'],
      [2 ** 31 - 1, 'ff ff ff ff 07'],
      [2 ** 31, '80 80 80 80 08'],
      [2 ** 32 - 1, 'ff ff ff ff 0f'],
      [2 ** 32, '80 80 80 80 10'],
      [Number.MAX_SAFE_INTEGER, 'ff ff ff ff ff ff ff 0f'],
    ];
    for (const [n, hex] of edges) {
      const target = Buffer.alloc(8);
      const end = writeVarint(target, 0, n);
      expect(target.subarray(0, end), `the varint of ${n}`).toEqual(bytes(hex));
      expect(readVarint(bytes(hex), 0, end), `the number in ${hex}`).toBe(n);
    }
  });

  test('varintSize says how many bytes writeVarint will write', () => {
    const roll = dice(1);
    const target = Buffer.alloc(8);
    for (let bit = 0; bit < 53; bit++) {
      for (const n of [2 ** bit - 1, 2 ** bit, 2 ** bit + roll(2 ** bit)]) {
        expect(varintSize(n), `varintSize(${n})`).toBe(bookVarint(n).length);
        expect(writeVarint(target, 0, n), `the offset behind ${n}, written at 0`).toBe(varintSize(n));
      }
    }
  });

  test('any number comes back, wherever it stands', () => {
    const roll = dice(2);
    for (let round = 0; round < 5000; round++) {
      const n = anyNumber(roll);
      const at = roll(20);
      const target = Buffer.alloc(30, 0xee);
      const end = writeVarint(target, at, n);
      if (readVarint(target, at, target.length) === n && target[end] === 0xee && (at === 0 || target[at - 1] === 0xee))
        continue;
      expect(target.subarray(at, end), `the varint of ${n} at offset ${at}`).toEqual(bookVarint(n));
      expect(readVarint(target, at, target.length), `${target.toString('hex', at, end)} at offset ${at}`).toBe(n);
      expect(target.toString('hex'), 'bytes around the varint stay as they were').toMatch(/^(ee)*..+(ee)+$/);
    }
  });

  test('a varint cut short at any byte is torn, and nothing behind the end is looked at', () => {
    for (const n of [128, 300, 2 ** 28, 2 ** 35 + 1, Number.MAX_SAFE_INTEGER]) {
      const whole = bookVarint(n);
      for (let end = 0; end < whole.length; end++) {
        expect(readVarint(whole, 0, end), `${whole.toString('hex')} cut after ${end} bytes`).toBe(VARINT_TORN);
      }
    }
  });

  test('a number has one spelling, the shortest', () => {
    for (const hex of ['80 00', 'ff 00', '80 80 00', 'ac 82 00', '80 80 80 80 80 80 80 00']) {
      expect(readVarint(bytes(hex), 0, bytes(hex).length), hex).toBe(VARINT_CORRUPT);
    }
    expect(readVarint(bytes('00'), 0, 1), 'zero itself').toBe(0);
  });

  test('a number that JavaScript cannot hold exactly is refused, and so is one without an end', () => {
    for (const hex of [
      '80 80 80 80 80 80 80 10',
      'ff ff ff ff ff ff ff 7f',
      'ff ff ff ff ff ff ff ff 01',
      'ff '.repeat(40),
    ]) {
      expect(readVarint(bytes(hex), 0, bytes(hex).length), hex).toBe(VARINT_CORRUPT);
    }
  });
});

describe('CRC-32', () => {
  test('the nine digits have the checksum that every CRC-32 in the world gives them', () => {
    expect(hexOf(crc32(Buffer.from('123456789')))).toBe('0xcbf43926');
  });

  test('known bytes have their known checksums, none of them negative', () => {
    const known: [Uint8Array, string][] = [
      [Buffer.from(''), '0x0'],
      [Buffer.from('a'), '0xe8b7be43'],
      [Buffer.from('abcdefgh'), '0xaeef2a50'],
      [Buffer.from('The quick brown fox jumps over the lazy dog'), '0x414fa339'],
      [Buffer.alloc(32), '0x190a55ad'],
      [Buffer.alloc(32, 0xff), '0xff6cab0b'],
    ];
    for (const [data, sum] of known) expect(hexOf(crc32(data)), `of ${Buffer.from(data).toString('hex')}`).toBe(sum);
  });

  test('every length up to 300 bytes gives what the definition gives, at every alignment', () => {
    const memory = anyBytes(dice(3), 320);
    for (let size = 0; size <= 300; size++) {
      const start = size % 9;
      const part = memory.subarray(start, start + size);
      expect(hexOf(crc32(part)), `of ${size} bytes`).toBe(hexOf(bookCrc(part)));
    }
  });

  test('only the bytes from start to end count', () => {
    const memory = anyBytes(dice(4), 600);
    for (const [start, end] of [
      [0, 0],
      [3, 3],
      [1, 20],
      [7, 108],
      [9, 208],
      [9, 209],
      [5, 210],
      [100, 600],
    ] as const) {
      expect(hexOf(crc32(memory, start, end)), `of bytes ${start} to ${end}`).toBe(
        hexOf(bookCrc(memory.subarray(start, end))),
      );
    }
  });

  test('a checksum can be taken up where another ended', () => {
    for (const size of [40, 450]) {
      const memory = anyBytes(dice(5), size);
      const whole = hexOf(bookCrc(memory));
      for (let cut = 0; cut <= size; cut++) {
        const first = crc32(memory, 0, cut);
        expect(hexOf(crc32(memory, cut, size, first)), `${size} bytes in two parts, cut after ${cut}`).toBe(whole);
      }
    }
  });

  test('two different beginnings never give the same checksum for the same bytes', () => {
    const memory = anyBytes(dice(6), 24);
    const sums = new Set<number>();
    for (let bit = 0; bit < 32; bit++)
      for (const low of [0, 1, 2, 3]) sums.add(crc32(memory, 0, 24, (2 ** bit + low) >>> 0));
    const beginnings = new Set(Array.from({ length: 128 }, (_, i) => (2 ** (i >> 2) + (i & 3)) >>> 0));
    expect(sums.size).toBe(beginnings.size);
  });

  test('any one or two flipped bits of a short record change the checksum', () => {
    const data = anyBytes(dice(7), 20);
    const before = crc32(data);
    const flip = (bit: number): void => {
      data[bit >> 3]! ^= 1 << (bit & 7);
    };
    for (let a = 0; a < 160; a++) {
      flip(a);
      if (crc32(data) === before) expect.fail(`bit ${a & 7} of byte ${a >> 3} can be flipped unnoticed`);
      for (let b = 0; b < a; b++) {
        flip(b);
        if (crc32(data) === before) expect.fail(`bits ${a} and ${b} can be flipped unnoticed`);
        flip(b);
      }
      flip(a);
    }
  });
});

const FLAG = { batch: 1, expiry: 2, orderKey: 4, syncedTo: 8 };

/** A record spelled out by the layout in the lesson, with nothing of the engine in it. */
function spell(fields: RecordFields, salt: number, fileOffset: number): Buffer {
  const flags =
    (fields.batch ? FLAG.batch : 0) +
    (fields.expiresAtMs ? FLAG.expiry : 0) +
    (fields.orderKey ? FLAG.orderKey : 0) +
    (fields.syncedTo ? FLAG.syncedTo : 0);
  const body = Buffer.concat([
    Buffer.from([fields.kind, flags, fields.tag ?? 0]),
    ...[fields.space ?? 0, fields.seq, fields.key.length, fields.value.length].map(bookVarint),
    fields.expiresAtMs ? bookVarint(fields.expiresAtMs) : Buffer.alloc(0),
    fields.orderKey ?? Buffer.alloc(0),
    fields.syncedTo ? bookVarint(fields.seq - fields.syncedTo) : Buffer.alloc(0),
    fields.key,
    fields.value,
  ]);
  return sealed(body, salt, fileOffset);
}

/** A CRC in front of `body`, begun as the lesson's crcStart says: salt, lower half and mixed upper half of the offset. */
function sealed(body: Uint8Array, salt = 0, fileOffset = 0): Buffer {
  const mixedHigh = BigInt.asUintN(32, (BigInt(fileOffset) >> 32n) * 0x9e37_79b1n);
  const start = BigInt(salt) ^ BigInt.asUintN(32, BigInt(fileOffset)) ^ mixedHigh;
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(bookCrc(body, Number(start)));
  return Buffer.concat([crc, body]);
}

function anyRecord(roll: (limit: number) => number): RecordFields {
  const seq = 1 + anyNumber(roll);
  return {
    kind: 1 + roll(7),
    seq,
    space: roll(3) === 0 ? anyNumber(roll) : 0,
    tag: roll(256),
    batch: roll(2) === 1,
    expiresAtMs: roll(2) === 1 ? anyNumber(roll) : 0,
    orderKey: roll(2) === 1 ? anyBytes(roll, 8) : undefined,
    syncedTo: roll(2) === 1 ? roll(seq) : 0,
    key: anyBytes(roll, roll(40)),
    value: anyBytes(roll, roll(2) === 1 ? roll(60) : roll(400)),
  };
}

const SALT = 0x5eed_5a17;
const ada: RecordFields = { kind: KIND_PUT, seq: 1, key: Buffer.from('user:1'), value: Buffer.from('Ada') };
const everything: RecordFields = {
  ...ada,
  seq: 300,
  tag: 7,
  batch: true,
  space: 5,
  expiresAtMs: 1_900_000_000_000,
  orderKey: bytes('0000000000000005'),
  syncedTo: 298,
};

/** Fields first: where a field is wrong the CRC is wrong too, and says nothing. */
function expectRecord(written: Buffer, expected: Buffer, what: string): void {
  const withRightCrc = Buffer.concat([expected.subarray(0, 4), written.subarray(4)]);
  expect(withRightCrc, `${what}: the fields`).toEqual(expected);
  expect(written, `${what}: the fields are right, the CRC is not`).toEqual(expected);
}

describe('A record, written', () => {
  test('a plain put has these twenty bytes', () => {
    const expected = bytes('10104e9a 01 00 00 00 01 06 03 757365723a31 416461');
    expectRecord(encodeRecord(ada, SALT, 32), expected, 'a put of user:1');
  });

  test('a tombstone is a record without a value', () => {
    const tombstone = { kind: KIND_TOMBSTONE, seq: 128, key: Buffer.from('k'), value: Buffer.alloc(0) };
    expectRecord(encodeRecord(tombstone, 0, 0), sealed(bytes('02 00 00 00 8001 01 00 6b')), 'a tombstone of k');
  });

  test('every optional field has its place, and its flag', () => {
    const body = bytes('01 0f 07 05 ac02 06 03 80f0cc86a637 0000000000000005 02 757365723a31 416461');
    expectRecord(encodeRecord(everything, 0, 0), sealed(body), 'a record with all fields');
  });

  test('an offset of more than 32 bits counts with all its bits', () => {
    const places: [number, string][] = [
      [2 ** 32 + 32, '5c857dc9'],
      [2 ** 33 + 32, 'e7768ca7'],
      [2 ** 40 + 32, 'e03da69f'],
    ];
    for (const [offset, crc] of places) {
      expect(
        encodeRecord(ada, SALT, offset).toString('hex', 0, 4),
        `the CRC at offset 2^32 x ${Math.floor(offset / 2 ** 32)} + 32`,
      ).toBe(crc);
    }
  });

  test('three hundred random records have the bytes that the layout says', () => {
    const roll = dice(8);
    for (let round = 0; round < 300; round++) {
      const fields = anyRecord(roll);
      const [salt, offset] = [roll(2 ** 32), anyNumber(roll)];
      const expected = spell(fields, salt, offset);
      expectRecord(encodeRecord(fields, salt, offset), expected, `random record ${round}`);
    }
  });

  test('writeRecord fills its own bytes, leaves the others alone, and says where it ended', () => {
    const roll = dice(9);
    for (let round = 0; round < 50; round++) {
      const fields = anyRecord(roll);
      const expected = spell(fields, SALT, 4096);
      const at = roll(50);
      const target = Buffer.alloc(at + expected.length + 20, 0xee);
      expect(writeRecord(target, at, fields, SALT, 4096), 'the offset behind the record').toBe(at + expected.length);
      const around = Buffer.concat([Buffer.alloc(at, 0xee), expected, Buffer.alloc(20, 0xee)]);
      if (!target.equals(around)) expect(target, `random record ${round} at ${at}`).toEqual(around);
    }
  });
});

/** The fields of a record as text, so that a difference can be read. */
function told(record: ReturnType<typeof decodeRecord>): string {
  if (typeof record === 'string') return record;
  const { kind, seq, space, tag, batch, expiresAtMs, orderKey, syncedTo, key, value, size } = record;
  const numbers = {
    kind,
    seq,
    space,
    tag,
    batch,
    expiresAtMs,
    orderKey: orderKey && Buffer.from(orderKey).toString('hex'),
    syncedTo,
    size,
  };
  return `${JSON.stringify(numbers)} key=${key.toString('hex')} value=${value.toString('hex')}`;
}

const PLAIN = { space: 0, tag: 0, batch: false, expiresAtMs: 0, orderKey: undefined, syncedTo: 0 };
const meant = (fields: RecordFields, size: number): string =>
  told({ ...PLAIN, ...fields, size, flags: 0, key: Buffer.from(fields.key), value: Buffer.from(fields.value) });

describe('A record, read', () => {
  test('three hundred random records come back as they were written', () => {
    const roll = dice(10);
    for (let round = 0; round < 300; round++) {
      const fields = anyRecord(roll);
      const [salt, offset] = [roll(2 ** 32), anyNumber(roll)];
      const record = spell(fields, salt, offset);
      expect(told(decodeRecord(record, 0, salt, offset)), `random record ${round}`).toBe(meant(fields, record.length));
    }
  });

  test('what encodeRecord writes decodeRecord reads, beyond four gigabytes too', () => {
    for (const offset of [0, 32, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7]) {
      const record = encodeRecord(everything, SALT, offset);
      expect(told(decodeRecord(record, 0, SALT, offset)), `at offset ${offset}`).toBe(meant(everything, record.length));
    }
  });

  test('records that stand behind each other are read one after the other', () => {
    const roll = dice(11);
    const all = Array.from({ length: 40 }, () => anyRecord(roll));
    let log = Buffer.from('whatever stands before');
    const start = log.length;
    for (const fields of all) log = Buffer.concat([log, spell(fields, SALT, log.length)]);
    let at = start;
    for (const fields of all) {
      const record = decodeRecord(log, at, SALT, at);
      if (typeof record === 'string') expect.fail(`the record at offset ${at} (${hexOf(at)}) is said to be ${record}`);
      expect(told(record)).toBe(meant(fields, record.size));
      at += record.size;
    }
    expect(at).toBe(log.length);
  });

  test('a record that is cut short at any byte is torn', () => {
    for (const fields of [ada, everything]) {
      const record = spell(fields, SALT, 32);
      for (let size = 0; size < record.length; size++) {
        expect(
          told(decodeRecord(record.subarray(0, size), 0, SALT, 32)),
          `cut after ${size} of ${record.length} bytes`,
        ).toBe('torn');
      }
    }
  });

  test('nothing at or behind the end is looked at', () => {
    const record = spell(everything, SALT, 32);
    const behind = spell(ada, SALT, 32 + record.length);
    const log = Buffer.concat([record, behind]);
    expect(told(decodeRecord(log, 0, SALT, 32, record.length))).toBe(meant(everything, record.length));
    expect(told(decodeRecord(log, 0, SALT, 32, record.length - 1))).toBe('torn');
  });

  test('a record with any single bit flipped is never believed', () => {
    for (const fields of [ada, everything]) {
      const record = spell(fields, SALT, 32);
      for (let bit = 0; bit < 8 * record.length; bit++) {
        const damaged = Buffer.from(record);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        const place = `bit ${bit & 7} of byte ${bit >> 3} flipped: ${damaged.toString('hex')}`;
        expect(['torn', 'corrupt'], place).toContain(told(decodeRecord(damaged, 0, SALT, 32)));
      }
    }
  });

  test('a record at another offset is corrupt', () => {
    const roll = dice(12);
    const record = encodeRecord(ada, SALT, 4096);
    const places = [
      0,
      4095,
      4097,
      8192,
      2 ** 32,
      2 ** 32 + 4096,
      2 ** 45 + 4096,
      ...Array.from({ length: 200 }, () => roll(2 ** 48)),
    ];
    for (const place of places) {
      expect(told(decodeRecord(record, 0, SALT, place)), `written for offset 4096, found at ${place}`).toBe('corrupt');
    }
  });

  test('a record of another file is corrupt', () => {
    const roll = dice(13);
    const record = encodeRecord(ada, SALT, 4096);
    for (const salt of [0, SALT + 1, SALT ^ 0x8000_0000, ...Array.from({ length: 200 }, () => roll(2 ** 32))]) {
      expect(
        told(decodeRecord(record, 0, salt >>> 0, 4096)),
        `written with salt ${hexOf(SALT)}, read with ${hexOf(salt >>> 0)}`,
      ).toBe('corrupt');
    }
  });

  test('a tail of zeroes is no record, not even where its checksum happens to be right', () => {
    const unlucky = 0xb979_a556; // begun with this, the CRC-32 of seven zero bytes is zero
    expect(hexOf(bookCrc(Buffer.alloc(7), unlucky))).toBe('0x0');
    for (const salt of [0, SALT, unlucky]) {
      expect(told(decodeRecord(Buffer.alloc(4096), 0, salt, 0)), `salt ${hexOf(salt)}`).toBe('corrupt');
    }
  });

  test('a size above the limit is corrupt: no size is used before it was checked', () => {
    const tooLarge: [number, number][] = [
      [MAX_KEY_SIZE + 1, 0],
      [0, MAX_VALUE_SIZE + 1],
      [Number.MAX_SAFE_INTEGER, 1],
      [1, Number.MAX_SAFE_INTEGER],
    ];
    for (const [keySize, valueSize] of tooLarge) {
      const header = Buffer.concat([bytes('01 00 00 00 01'), bookVarint(keySize), bookVarint(valueSize)]);
      const record = sealed(Buffer.concat([header, Buffer.alloc(32)]));
      expect(told(decodeRecord(record, 0, 0, 0)), `key of ${keySize}, value of ${valueSize} bytes`).toBe('corrupt');
    }
  });

  test('sizes that are allowed, and reach behind the end, are torn', () => {
    const header = Buffer.concat([bytes('01 00 00 00 01'), bookVarint(MAX_KEY_SIZE), bookVarint(MAX_VALUE_SIZE)]);
    expect(told(decodeRecord(sealed(Buffer.concat([header, Buffer.alloc(32)])), 0, 0, 0))).toBe('torn');
  });

  test('a syncedTo before the beginning of time is corrupt', () => {
    const header = Buffer.concat([bytes('01 08 00 00'), bookVarint(5), bytes('00 00'), bookVarint(6)]);
    expect(told(decodeRecord(sealed(header), 0, 0, 0)), `seq 5, synced 6 changes before it`).toBe('corrupt');
  });

  test('a size spelled in more bytes than it needs is corrupt', () => {
    const record = sealed(bytes('01 00 00 00 01 8100 00 61'));
    expect(told(decodeRecord(record, 0, 0, 0))).toBe('corrupt');
  });
});
