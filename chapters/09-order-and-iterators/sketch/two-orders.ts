/** Two simple ways to have keys in order, and how many keys each of them touches. One put in ten operations brings a new key. */

const OPERATIONS = 1000;

/** Numbers that look random and are the same everywhere. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state;
  };
}

/** The first place in a sorted list whose number is not below `wanted`. */
function placeOf(list: readonly number[], wanted: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A pile of keys: a put throws one on top, a question for a range sorts them when something was put since. */
function sortWhenAsked(count: number): number {
  let size = count;
  let sorted = 0;
  let isSorted = false;
  for (let n = 0; n < OPERATIONS; n++) {
    if (n % 10 === 0) {
      size++;
      isSorted = false;
    } else if (!isSorted) {
      sorted += size;
      isSorted = true;
    }
  }
  return sorted;
}

/** An array that is sorted at all times: a put moves everything behind its place. */
function keepSorted(count: number): number {
  const next = numbers(1009);
  const list = Array.from({ length: count }, next).sort((a, b) => a - b);
  let moved = 0;
  for (let n = 0; n < OPERATIONS; n += 10) {
    const key = next();
    const place = placeOf(list, key);
    moved += list.length - place;
    list.splice(place, 0, key);
  }
  return moved;
}

const column = (value: string | number): string => String(value).padStart(16);
console.log(`${column('keys')}${column('sort on demand')}${column('keep sorted')}`);
for (const count of [1000, 10_000, 100_000]) {
  console.log(`${column(count)}${column(sortWhenAsked(count))}${column(keepSorted(count))}`);
}
