/** Four ways to one number: nanoseconds for a range of so many bytes. */
import { crc32 as zlibCrc32 } from 'node:zlib';
import { crc32 } from '../engine/src/format/crc32.ts';
import { crcByBit, crcByByte } from './crc-by-bit.ts';

const RACERS = { 'bit by bit': crcByBit, 'byte by byte': crcByByte, 'our crc32': crc32, 'zlib.crc32': zlibCrc32 };
const SIZES = [16, 64, 192, 256, 1024, 4096];

/** Ranges of different bytes: on one range again and again, the processor would learn its branches by heart. */
function ranges(size: number): Uint8Array[] {
  let state = 1;
  const next = (): number => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 24;
  };
  return Array.from({ length: 256 }, () => Uint8Array.from({ length: size }, next));
}

/** The best of seven rounds: the others measure what else the machine was doing. */
function nanoseconds(crc: (bytes: Uint8Array) => number, size: number): number {
  const all = ranges(size);
  const calls = Math.ceil(1_000_000 / (size + 100));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) crc(all[call & 0xff]!);
    best = Math.min(best, ((performance.now() - start) * 1e6) / calls);
  }
  return best;
}

console.log(['bytes'.padEnd(14), ...SIZES.map(size => String(size).padStart(8))].join(''));
for (const [name, crc] of Object.entries(RACERS)) {
  const cells = SIZES.map(size => nanoseconds(crc, size).toFixed(0).padStart(8));
  console.log(name.padEnd(14) + cells.join(''));
}
