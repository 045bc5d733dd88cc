import { expect, test } from 'vitest';
import { AppendBuffer } from '../../../engine/src/format/append-buffer.ts';
import { MAX_BATCH_END_SIZE, readBatchEnd, writeBatchEnd } from '../../../engine/src/format/batch-end.ts';
import { crc32 } from '../../../engine/src/format/crc32.ts';
import { crcStart, decodeRecord, KIND_BATCH_END, KIND_PUT, type LogRecord } from '../../../engine/src/format/record.ts';

const SALT = 99;
const AT = 1000;

function add(buffer: AppendBuffer, seq: number, key: string, value: string): number {
  const header = {
    kind: KIND_PUT,
    seq,
    space: 0,
    tag: 0,
    batch: false,
    expiresAtMs: 0,
    orderKey: undefined,
    syncedTo: 0,
  };
  const [k, v] = [Buffer.from(key), Buffer.from(value)];
  return buffer.add(header, k, 0, k.length, v, 0, v.length);
}

function recordsIn(buffer: AppendBuffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at < buffer.size; at += records.at(-1)!.size) {
    records.push(decodeRecord(buffer.bytes, at, SALT, AT + at, buffer.size) as LogRecord);
  }
  return records;
}

test('the bytes of a batch end are these, for ever', () => {
  const bytes = Buffer.alloc(5 + MAX_BATCH_END_SIZE);
  bytes.write('batch');
  const end = writeBatchEnd(bytes, 0, 5, 3, 12, SALT, AT);
  expect(bytes.toString('hex', 9, end)).toBe(
    ['07', '00', '00', '00', '0c', '00', '06', '03', '05', 'b97c882c'].join(''),
  );
});

test('a unit of one record is a plain record', () => {
  const buffer = new AppendBuffer();
  buffer.aim(SALT, AT);
  buffer.beginUnit();
  add(buffer, 1, 'a', '1');
  buffer.endUnit(1);
  expect(recordsIn(buffer).map(({ kind, batch }) => ({ kind, batch }))).toEqual([{ kind: KIND_PUT, batch: false }]);
});

test('a unit of more records is a batch, and its end counts and sums up the members', () => {
  const buffer = new AppendBuffer();
  buffer.aim(SALT, AT);
  buffer.beginUnit();
  add(buffer, 1, 'a', '1');
  add(buffer, 2, 'b', 'x'.repeat(1000));
  add(buffer, 3, 'c', '');
  const members = buffer.size;
  buffer.endUnit(3);
  const records = recordsIn(buffer);
  expect(records.map(record => record.batch)).toEqual([true, true, true, false]);
  expect(records[3]).toMatchObject({ kind: KIND_BATCH_END, seq: 3 });
  const crc = crc32(buffer.bytes, 0, members, crcStart(SALT, AT));
  expect(readBatchEnd(records[3]!)).toEqual({ count: 3, size: members, crc });
});

test('cutting back to where a unit began leaves the units before it', () => {
  const buffer = new AppendBuffer();
  buffer.aim(SALT, AT);
  buffer.beginUnit();
  add(buffer, 1, 'kept', '1');
  buffer.endUnit(1);
  const mark = buffer.size;
  buffer.beginUnit();
  add(buffer, 2, 'dropped', 'x'.repeat(500_000));
  add(buffer, 3, 'dropped too', '2');
  buffer.endUnit(3);
  buffer.cutTo(mark);
  buffer.beginUnit();
  add(buffer, 4, 'later', '3');
  buffer.endUnit(4);
  expect(recordsIn(buffer).map(record => String(record.key))).toEqual(['kept', 'later']);
});

test('a malformed value of a batch end is refused', () => {
  const record = (value: Buffer): LogRecord => ({ value }) as LogRecord;
  expect(readBatchEnd(record(Buffer.alloc(0)))).toBeUndefined();
  expect(readBatchEnd(record(Buffer.from('0305', 'hex')))).toBeUndefined();
  expect(readBatchEnd(record(Buffer.from('03050000000000', 'hex')))).toBeUndefined();
});
