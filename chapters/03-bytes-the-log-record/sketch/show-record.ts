/** A record, field by field, as it will lie on the disk. */
import { encodeRecord, FLAG_EXPIRY, FLAG_ORDER_KEY, FLAG_SYNCED_TO, KIND_PUT } from '../engine/src/format/record.ts';
import { readVarint, varintSize } from '../engine/src/format/varint.ts';

function show(record: Buffer): void {
  let at = 0;
  const row = (field: string, size: number, meaning: string | number): void => {
    const hex = record.toString('hex', at, at + size).replace(/(..)(?=.)/g, '$1 ');
    console.log(`${String(at).padStart(4)}  ${hex.padEnd(24)}  ${field.padEnd(10)} ${meaning}`);
    at += size;
  };
  const byte = (field: string): void => row(field, 1, record[at]!);
  const varint = (field: string): number => {
    const n = readVarint(record, at, record.length);
    row(field, varintSize(n), n);
    return n;
  };

  const flags = record[5]!;
  row('crc', 4, record.readUInt32LE(0));
  for (const field of ['kind', 'flags', 'tag']) byte(field);
  for (const field of ['space', 'seq']) varint(field);
  const [keySize, valueSize] = [varint('keySize'), varint('valueSize')];
  if (flags & FLAG_EXPIRY) varint('expiresAt');
  if (flags & FLAG_ORDER_KEY) row('orderKey', 8, '');
  if (flags & FLAG_SYNCED_TO) varint('synced');
  row('key', keySize, record.toString('utf8', at, at + keySize));
  row('value', valueSize, record.toString('utf8', at, at + valueSize));
  console.log(`      ${record.length} bytes, ${record.length - keySize - valueSize} of them not key or value\n`);
}

const salt = 0x5eed_5a17;
const plain = { kind: KIND_PUT, seq: 1, key: Buffer.from('user:1'), value: Buffer.from('Ada') };
const orderKey = Buffer.from('0000000000000005', 'hex');
show(encodeRecord(plain, salt, 32));
show(encodeRecord({ ...plain, seq: 300, tag: 7, expiresAtMs: 1_900_000_000_000, orderKey, syncedTo: 298 }, salt, 54));
