/** The experiment of the chapter's beginning, on our records: does decodeRecord notice? */
import { decodeRecord, encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';

const SALT = 0x5eed_5a17;
const OFFSET = 32;
const record = encodeRecord(
  { kind: KIND_PUT, seq: 1, key: Buffer.from('user:1'), value: Buffer.from('Ada') },
  SALT,
  OFFSET,
);

/** Run the trials and count how often the answer was a record. */
function tell(title: string, trials: number, trial: (n: number) => ReturnType<typeof decodeRecord>): void {
  const answers = Array.from({ length: trials }, (_, n) => trial(n));
  const count = (wanted: string): number => answers.filter(answer => answer === wanted).length;
  const believed = trials - count('torn') - count('corrupt');
  console.log(
    `${title.padEnd(22)} ${trials} times: ${count('torn')} torn, ${count('corrupt')} corrupt, ${believed} believed`,
  );
}

tell('one bit flipped', 8 * record.length, bit => {
  const bytes = Buffer.from(record);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return decodeRecord(bytes, 0, SALT, OFFSET);
});
tell('cut short', record.length, size => decodeRecord(record.subarray(0, size), 0, SALT, OFFSET));
tell('moved to another place', 1000, n => decodeRecord(record, 0, SALT, OFFSET + n + 1));
tell('left by another file', 1000, n => decodeRecord(record, 0, SALT + n + 1, OFFSET));
