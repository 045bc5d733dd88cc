/** Draws a skip list of the letters a to z, lane by lane. */
import type { KeyString } from '../engine/src/keydir/keydir.ts';
import { SkipList } from '../engine/src/keydir/skip-list.ts';

/** Numbers from 0 up to 1 that look random and are the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const list = new SkipList(seeded(Number(process.argv[2] ?? 3)));
for (const letter of 'thequickbrownfxjmpsvlazydg') list.add(letter as KeyString);

for (let lane = 2; lane >= 0; lane--) {
  let line = `lane ${lane}  `;
  for (let node = list.firstFrom('' as KeyString); node !== undefined; node = list.after(node)) {
    line += lane < node.next.length ? `─${node.key}` : '──';
  }
  console.log(`${line}─>`);
}
