/** Numbers that look random and are the same again for the same seed, so that a failure can be repeated. */

/** A function that gives a whole number from 0 up to, and not including, `below`. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x9e37_79b9) >>> 0; // mulberry32: a counter, well mixed
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
