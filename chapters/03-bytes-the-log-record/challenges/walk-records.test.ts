/** Challenge: find the records of a damaged log again, all of them, and nothing else. */
import { describe, expect, test } from 'vitest';
import { encodeRecord, KIND_PUT } from '#engine/format/record.ts';
import { walk } from '#sketch/walk-records.ts';

const SALT = 0x1234_5678;
const START = 32;

/** A log that begins at START, and the offset of each of its records. */
function logOf(values: readonly (string | Buffer)[]): { log: Buffer; offsets: number[] } {
  let log: Buffer = Buffer.alloc(START, 0xab);
  const offsets: number[] = [];
  for (const [index, value] of values.entries()) {
    offsets.push(log.length);
    const fields = { kind: KIND_PUT, seq: index + 1, key: Buffer.from(`key:${index}`), value: Buffer.from(value) };
    log = Buffer.concat([log, encodeRecord(fields, SALT, log.length)]);
  }
  return { log, offsets };
}

const PEOPLE = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', '', 'Margaret', 'Ken', 'Radia', 'Tony'];

describe('Find the log again', () => {
  test('an undamaged log gives the offset of each record', () => {
    const { log, offsets } = logOf(PEOPLE);
    expect([...walk(log, SALT, START)]).toEqual(offsets);
  });

  test('a bit flipped anywhere loses the record in which it lies, and no other', () => {
    const { log, offsets } = logOf(PEOPLE);
    for (let bit = 8 * START; bit < 8 * log.length; bit++) {
      const damaged = Buffer.from(log);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const hit = offsets.findLast(offset => offset <= bit >> 3);
      const expected = offsets.filter(offset => offset !== hit);
      expect([...walk(damaged, SALT, START)], `bit ${bit & 7} of byte ${bit >> 3} flipped`).toEqual(expected);
    }
  });

  test('a hole of any size loses what it touches', () => {
    const { log, offsets } = logOf(PEOPLE);
    const ends = [...offsets.slice(1), log.length];
    for (let from = START; from < log.length; from += 3) {
      for (const size of [1, 7, 50]) {
        const damaged = Buffer.from(log).fill(0, from, Math.min(from + size, log.length));
        const whole = offsets.filter((offset, i) =>
          damaged.subarray(offset, ends[i]).equals(log.subarray(offset, ends[i])),
        );
        expect([...walk(damaged, SALT, START)], `${size} zeroes at ${from}`).toEqual(whole);
      }
    }
  });

  test('a record inside of a value is no record of the log', () => {
    const elsewhere = encodeRecord(
      { kind: KIND_PUT, seq: 99, key: Buffer.from('fake'), value: Buffer.from('evil') },
      SALT,
      START,
    );
    const { log, offsets } = logOf(['Ada', elsewhere, 'Grace', Buffer.concat([elsewhere, elsewhere]), 'Edsger']);
    const damaged = Buffer.from(log);
    for (const offset of [offsets[1]!, offsets[3]!]) damaged[offset + 4]! ^= 0x40; // the kinds of the two that hold others
    expect([...walk(damaged, SALT, START)]).toEqual([offsets[0], offsets[2], offsets[4]]);
  });

  test('the records of another file are not found', () => {
    expect([...walk(logOf(PEOPLE).log, SALT + 1, START)]).toEqual([]);
  });
});
