/** Three ways to open a log that cannot be read to its end, each tried on two logs: one torn by a power cut, one damaged. */
import { decodeRecord, encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';

const SALT = 7;
type Found = Map<string, string>;

const append = (log: Buffer, seq: number, key: string, value: string): Buffer => {
  const record = { kind: KIND_PUT, seq, key: Buffer.from(key), value: Buffer.from(value) };
  return Buffer.concat([log, encodeRecord(record, SALT, log.length)]);
};

/** Read a log. What to do at bytes that are no record, `atDamage` decides: it says where to go on. */
function read(log: Buffer, atDamage: (offset: number) => number): Found {
  const found: Found = new Map();
  for (let offset = 0; offset < log.length; ) {
    const record = decodeRecord(log, offset, SALT, offset);
    if (typeof record === 'object') found.set(record.key.toString(), record.value.toString());
    offset = typeof record === 'object' ? offset + record.size : atDamage(offset);
  }
  return found;
}

const RECOVERIES: [name: string, atDamage: (offset: number) => number][] = [
  [
    'refuse',
    offset => {
      throw new Error(`cannot read the record at ${offset}`);
    },
  ],
  ['stop', () => Number.POSITIVE_INFINITY],
  ['skip', offset => offset + 1], // One byte at a time, until something is a record again.
];

const say = (found: Found, keys: string[]): string =>
  keys.map(key => `${key} ${found.get(key) ?? 'absent'}`).join(', ');

function tryAll(title: string, log: Buffer): void {
  console.log(title);
  for (const [name, atDamage] of RECOVERIES) {
    try {
      const found = read(log, atDamage);
      const later = read(append(log, 9, 'sea', 'Baltic'), atDamage); // A put, and then a restart.
      console.log(
        `  ${name.padEnd(7)} ${say(found, ['city', 'river'])}; put sea Baltic, restart: ${say(later, ['sea'])}`,
      );
    } catch (error) {
      console.log(`  ${name.padEnd(7)} ${(error as Error).message}`);
    }
  }
}

let log = append(Buffer.alloc(0), 1, 'city', 'Bonn');
const second = log.length;
log = append(log, 2, 'city', 'Berlin');
log = append(log, 3, 'river', 'Spree');

const lake = append(log, 4, 'lake', 'Constance');
tryAll('a power cut tore the record of lake, which nobody was promised:', lake.subarray(0, lake.length - 5));

const flipped = Buffer.from(log);
flipped[second + 15]! ^= 1;
tryAll('a bit has flipped in the second record, city Berlin, years after it was written:', flipped);
