/**
 * The keys and values of the workloads, and the model of what a store must hold after them.
 *
 * Keys are 16 bytes, a number in decimal; random ones come from db_bench's generator (Park and Miller, 1988). A value is
 * one of 1,021 that are made in advance, so that making it costs nothing and every answer can be checked. Half of its bytes
 * can be compressed away, as in db_bench.
 */

export const KEY_SIZE = 16;
/** How many different values there are; prime, so that no stride of the workloads meets only a few. */
const VALUES = 1021;
/** A value begins this much behind the one before. */
const STRIDE = 101;
/** The first half of each piece stands in its second half again. */
const PIECE = 100;
const MODULUS = 2 ** 31 - 1;

/** db_bench's generator: state = state * 16807 mod 2^31 - 1. */
export class Generator {
  #state: number;

  /** Thread i of db_bench begins with 1000 + i. */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number in [0, limit). */
  below(limit: number): number {
    this.#state = (this.#state * 16807) % MODULUS;
    return this.#state % limit;
  }
}

/** Write key number `n` into `target`. */
export function writeKey(n: number, target: Buffer): Buffer {
  let rest = n;
  for (let at = KEY_SIZE - 1; at >= 0; at--) {
    const tens = Math.floor(rest / 10);
    target[at] = 48 + rest - tens * 10;
    rest = tens;
  }
  return target;
}

/** Key number `n` in memory of its own: for calls that may look at it later. */
export const newKey = (n: number): Buffer => writeKey(n, Buffer.allocUnsafe(KEY_SIZE));

/** The number that a key stands for. */
export function keyNumber(key: Uint8Array): number {
  let n = 0;
  for (let at = 0; at < KEY_SIZE; at++) n = n * 10 + key[at]! - 48;
  return n;
}

/** The values, each of `size` bytes, cut from one piece of memory in which fifty random bytes always stand twice. */
export function makeValues(size: number): readonly Buffer[] {
  const random = new Generator(301);
  const pool = Buffer.allocUnsafeSlow(Math.ceil((VALUES * STRIDE + size) / PIECE) * PIECE);
  for (let from = 0; from < pool.length; from += PIECE) {
    for (let at = from; at < from + PIECE / 2; at++) pool[at] = random.below(256);
    pool.copy(pool, from + PIECE / 2, from, from + PIECE / 2);
  }
  return Array.from({ length: VALUES }, (_, i) => pool.subarray(i * STRIDE, i * STRIDE + size));
}

/** Which value the n-th write of a workload stores. */
export const valueOfWrite = (n: number): number => n % VALUES;

/** Which value a prepared store has under key number `k`. */
export const preparedValue = (k: number): number => (k * 3 + 1) % VALUES;

/** The numbers below `count`, each once, in an order that looks random and is always the same. */
export function shuffled(count: number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new Generator(1000);
  for (let at = count - 1; at > 0; at--) {
    const other = random.below(at + 1);
    const moved = numbers[at]!;
    numbers[at] = numbers[other]!;
    numbers[other] = moved;
  }
  return numbers;
}

/** What a store must hold: for each key number which value, or -1. */
export class Model {
  readonly values: Int16Array;

  constructor(keys: number, prepared: boolean) {
    this.values = new Int16Array(keys).fill(-1);
    if (prepared) for (let k = 0; k < keys; k++) this.values[k] = preparedValue(k);
  }

  get count(): number {
    return this.values.reduce((sum, value) => sum + (value < 0 ? 0 : 1), 0);
  }
}
