import { describe, expect, test } from 'vitest';
import { AppendBuffer } from '../../../engine/src/format/append-buffer.ts';
import { decodeRecord, KIND_BATCH_END, KIND_PUT, type RecordHeader } from '../../../engine/src/format/record.ts';

const SALT = 7;
const BASE = 32;

function header(seq: number): RecordHeader {
  return {
    kind: KIND_PUT,
    seq,
    space: 0,
    tag: 0,
    batch: false,
    expiresAtMs: 0,
    orderKey: undefined,
    syncedTo: 0,
  };
}

function newBuffer(): AppendBuffer {
  const buffer = new AppendBuffer();
  buffer.aim(SALT, BASE);
  return buffer;
}

function add(buffer: AppendBuffer, seq: number, value = 'v'): number {
  const key = Buffer.from(`k${seq}`);
  const bytes = Buffer.from(value);
  return buffer.add(header(seq), key, 0, key.length, bytes, 0, bytes.length);
}

/** Kind and batch flag of every record. */
function records(buffer: AppendBuffer): [number, boolean][] {
  const found: [number, boolean][] = [];
  for (let at = 0; at < buffer.size; ) {
    const record = decodeRecord(buffer.bytes, at, SALT, BASE + at, buffer.size);
    if (typeof record === 'string') throw new Error(`${record} at ${at}`);
    found.push([record.kind, record.batch]);
    at += record.size;
  }
  return found;
}

describe('a unit', () => {
  test('of one record is that record, plain; of more it is a batch with an end', () => {
    const buffer = newBuffer();
    buffer.beginUnit();
    add(buffer, 1);
    buffer.endUnit(1);
    buffer.beginUnit();
    add(buffer, 2);
    add(buffer, 3);
    buffer.endUnit(3);
    expect(records(buffer)).toEqual([
      [KIND_PUT, false],
      [KIND_PUT, true],
      [KIND_PUT, true],
      [KIND_BATCH_END, false],
    ]);
  });

  test('ends once, and of nothing leaves nothing', () => {
    const buffer = newBuffer();
    buffer.beginUnit();
    expect(buffer.isUnitOpen).toBe(true);
    buffer.endUnit(0);
    expect([buffer.size, buffer.isUnitOpen]).toEqual([0, false]);
    buffer.beginUnit();
    add(buffer, 1);
    add(buffer, 2);
    buffer.endUnit(2);
    const { size } = buffer;
    buffer.endUnit(2);
    expect(buffer.size).toBe(size);
  });

  test('that is cut off leaves those before it as they were', () => {
    const buffer = newBuffer();
    buffer.beginUnit();
    add(buffer, 1);
    add(buffer, 2);
    buffer.endUnit(2);
    const before = Buffer.from(buffer.bytes.subarray(0, buffer.size));
    buffer.beginUnit();
    add(buffer, 3);
    add(buffer, 4, 'x'.repeat(1_000_000));
    buffer.cutTo(before.length);
    expect(buffer.isUnitOpen).toBe(false);
    buffer.endUnit(4);
    expect(buffer.bytes.subarray(0, buffer.size).equals(before)).toBe(true);
  });
});

test('more than 2 GiB are refused before anything is added', () => {
  const buffer = newBuffer();
  buffer.beginUnit();
  add(buffer, 1);
  const { size, bytes } = buffer;
  expect(() => buffer.reserve(2 ** 31)).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
  expect(buffer.bytes).toBe(bytes);
  expect([buffer.size, buffer.isUnitOpen]).toEqual([size, true]);
  buffer.endUnit(1);
  expect(records(buffer)).toEqual([[KIND_PUT, false]]);
});
