/**
 * Bits of a byte string, counted from the most significant bit of the first byte. Pure: bytes in, numbers out.
 *
 * Invariant: offsets are bits within bytes[start, end), and a range of bits is given by its first and its last bit.
 */

/** The number of set bits of every byte. */
const ONES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest >>= 1) ones += rest & 1;
  return ones;
});

/** Bits of the first byte of a range that lie before bit `first`. */
const before = (first: number): number => 0xff ^ (0xff >> (first & 7));
/** Bits of the last byte of a range that lie after bit `last`. */
const after = (last: number): number => 0x7f >> (last & 7);

/** How many bits are set from `first` to `last`, both included; both lie within the bytes. */
export function countBits(bytes: Uint8Array, start: number, first: number, last: number): number {
  const from = start + Math.floor(first / 8);
  const to = start + Math.floor(last / 8);
  let count = 0;
  for (let at = from; at <= to; at++) count += ONES[bytes[at]!]!;
  return count - ONES[bytes[from]! & before(first)]! - ONES[bytes[to]! & after(last)]!;
}

/** The offset of the first bit that is `bit` from `first` to `last`, both included, or -1. */
export function findBit(bytes: Uint8Array, start: number, bit: number, first: number, last: number): number {
  const from = Math.floor(first / 8);
  const to = Math.floor(last / 8);
  // A byte without the bit looked for, read as if ones were looked for: all zeros.
  const flip = bit === 1 ? 0 : 0xff;
  for (let index = from; index <= to; index++) {
    let byte = bytes[start + index]! ^ flip;
    if (index === from) byte &= ~before(first);
    if (index === to) byte &= ~after(last);
    if (byte !== 0) return index * 8 + Math.clz32(byte) - 24;
  }
  return -1;
}

/** The unsigned integer of `bits` bits at `offset`; bits beyond the end are zeros. */
export function readField(bytes: Uint8Array, start: number, end: number, offset: number, bits: number): bigint {
  const from = start + Math.floor(offset / 8);
  const lead = offset % 8;
  const size = Math.ceil((lead + bits) / 8);
  let value = 0n;
  for (let at = from; at < from + size; at++) value = (value << 8n) | BigInt(at < end ? bytes[at]! : 0);
  return BigInt.asUintN(bits, value >> BigInt(size * 8 - lead - bits));
}

/** Writes the low `bits` bits of `value` at `offset`; the bytes reach that far. */
export function writeField(bytes: Uint8Array, offset: number, bits: number, value: bigint): void {
  for (let i = 0; i < bits; i++) {
    const position = offset + i;
    const at = Math.floor(position / 8);
    const mask = 0x80 >> (position % 8);
    const set = ((value >> BigInt(bits - 1 - i)) & 1n) === 1n;
    bytes[at] = set ? bytes[at]! | mask : bytes[at]! & ~mask;
  }
}
