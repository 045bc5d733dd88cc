/**
 * BloomFilter: a set that may say yes by mistake and never no. A key sets some bits; a key of which one bit is not set
 * was never there. Ten bits and seven probes for each key make one mistake in about a hundred and twenty.
 * The probes come from two hashes, a + i * b (Kirsch and Mitzenmacher, 2006), as in LevelDB's util/bloom.cc.
 */
const BITS_PER_KEY = 10;
const PROBES = 7;

/** FNV-1a with a final mix; `seed` makes another function of it. */
function hash(key: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

export class BloomFilter {
  readonly #bits: Uint8Array;

  constructor(keys: readonly string[]) {
    this.#bits = new Uint8Array(Math.ceil((keys.length * BITS_PER_KEY) / 8));
    for (const key of keys) for (const bit of this.#probes(key)) this.#bits[bit >> 3]! |= 1 << (bit & 7);
  }

  get sizeInBytes(): number {
    return this.#bits.length;
  }

  mightHave(key: string): boolean {
    if (this.#bits.length === 0) return false;
    return this.#probes(key).every(bit => (this.#bits[bit >> 3]! & (1 << (bit & 7))) !== 0);
  }

  #probes(key: string): number[] {
    const [a, b] = [hash(key, 0), (hash(key, 0x9e3779b9) | 1) >>> 0];
    return Array.from({ length: PROBES }, (_, i) => (a + i * b) % (this.#bits.length * 8));
  }
}
