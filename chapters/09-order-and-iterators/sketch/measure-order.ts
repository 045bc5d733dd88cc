/** What order costs: 16-byte keys that come in no order. */
import { type KeyString, toKeyString } from '../engine/src/keydir/keydir.ts';
import { SkipList, type SkipNode } from '../engine/src/keydir/skip-list.ts';

let state = 1001;

/** 16 digits that look random and are the same everywhere. */
function nextKey(): KeyString {
  state = (state * 16_807) % 2_147_483_647;
  return toKeyString(Buffer.from(String(state).padStart(16, '0')));
}

function measure(what: string, count: number, work: () => void): void {
  const start = performance.now();
  work();
  const ms = performance.now() - start;
  console.log(
    `${what.padEnd(22)} ${ms.toFixed(0).padStart(6)} ms ${((ms * 1000) / count).toFixed(2).padStart(7)} us each`,
  );
}

for (const count of [1000, 10_000, 100_000]) {
  console.log(`${count} keys`);
  const keys = Array.from({ length: count }, nextKey);
  let sorted: KeyString[] = [];
  const grown = new SkipList();
  const built = new SkipList();
  measure('  sort once', count, () => {
    sorted = keys.toSorted();
  });
  measure('  add, in any order', count, () => {
    for (const key of keys) grown.add(key);
  });
  measure('  add, sorted', count, () => {
    for (const key of sorted) built.add(key);
  });
  measure('  seek', count, () => {
    for (const key of keys) grown.firstFrom(key);
  });
  measure('  walk', count, () => {
    let node: SkipNode | undefined = grown.firstFrom('' as KeyString);
    while (node !== undefined) node = grown.after(node);
  });
}
