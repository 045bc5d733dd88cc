/**
 * The keys of a model run: a few hundred, sorted, so that a key is its number and a range is two numbers. They are what
 * stores get wrong: empty, with 00 and ff, broken UTF-8, one the prefix of another, one of the largest size allowed here.
 */
import { seeded } from '../../support/fault-house/seeded.ts';

const ALPHABET = [0x00, 0x00, 0x01, 0x2f, 0x61, 0x62, 0x63, 0x7f, 0x80, 0xc3, 0xa9, 0xfe, 0xff, 0xff];

export type Key = number;

/** The sorted keys of a run. */
export class Keys {
  readonly bytes: readonly Buffer[];

  constructor(seed: number, count: number) {
    const random = seeded(seed);
    const made = new Map<string, Buffer>([['', Buffer.alloc(0)]]);
    const long = Buffer.alloc(3000, 'long');
    made.set(long.toString('latin1'), long);
    while (made.size < count) {
      const bytes = Buffer.from(Array.from({ length: 1 + random(6) }, () => ALPHABET[random(ALPHABET.length)]!));
      made.set(bytes.toString('latin1'), bytes);
    }
    this.bytes = [...made.values()].sort(Buffer.compare);
  }

  get count(): number {
    return this.bytes.length;
  }

  /** The number of a key that the store has given out. */
  numberOf(bytes: Uint8Array): Key {
    let [from, to] = [0, this.bytes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (Buffer.compare(this.bytes[middle]!, bytes) < 0) from = middle + 1;
      else to = middle;
    }
    const found = this.bytes[from];
    if (found === undefined || !found.equals(bytes)) throw new Error(`a key that nobody put: ${JSON.stringify(bytes)}`);
    return from;
  }
}
