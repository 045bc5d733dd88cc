/** Change the bytes of a file behind the engine's back, also of one that is sealed and read-only. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

export function changeFile(path: string, change: (bytes: Buffer) => Buffer): void {
  chmodSync(path, 0o644);
  writeFileSync(path, change(readFileSync(path)));
}

/** A copy of `bytes` with one bit the other way. */
export function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}
