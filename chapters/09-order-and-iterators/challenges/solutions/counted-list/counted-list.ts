/**
 * A skip list that counts: each pointer knows how many keys it goes forward (its span), so a search knows where it is.
 * Redis keeps its sorted sets so (t_zset.c).
 */

const MAX_HEIGHT = 12;

interface Node {
  readonly key: string;
  readonly next: (Node | undefined)[];
  /** For each lane: how many places further the next node stands. */
  readonly spans: number[];
}

const newNode = (key: string, height: number): Node => ({
  key,
  next: new Array<Node | undefined>(height).fill(undefined),
  spans: new Array<number>(height).fill(0),
});

export class CountedList {
  readonly #random: () => number;
  readonly #head = newNode('', MAX_HEIGHT);
  #length = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get length(): number {
    return this.#length;
  }

  add(key: string): void {
    const { path, places } = this.#search(key);
    let height = 1;
    while (height < MAX_HEIGHT && this.#random() < 1 / 4) height++;
    const node = newNode(key, height);
    const place = places[0]! + 1; // The head stands at place 0.
    for (let lane = 0; lane < MAX_HEIGHT; lane++) {
      const before = path[lane]!;
      if (lane >= height) before.spans[lane]!++;
      else {
        node.next[lane] = before.next[lane];
        node.spans[lane] = places[lane]! + before.spans[lane]! + 1 - place;
        before.next[lane] = node;
        before.spans[lane] = place - places[lane]!;
      }
    }
    this.#length++;
  }

  remove(key: string): void {
    const { path } = this.#search(key);
    const node = path[0]!.next[0];
    if (node?.key !== key) return;
    for (let lane = 0; lane < MAX_HEIGHT; lane++) {
      const before = path[lane]!;
      if (before.next[lane] === node) {
        before.next[lane] = node.next[lane];
        before.spans[lane]! += node.spans[lane]!;
      }
      before.spans[lane]!--;
    }
    this.#length--;
  }

  /** The key at this place, counted from 0. */
  at(rank: number): string | undefined {
    if (rank < 0 || rank >= this.#length) return undefined;
    let node = this.#head;
    let place = 0;
    for (let lane = MAX_HEIGHT - 1; lane >= 0; lane--) {
      while (node.next[lane] !== undefined && place + node.spans[lane]! <= rank + 1) {
        place += node.spans[lane]!;
        node = node.next[lane]!;
      }
    }
    return node.key;
  }

  /** The place of this key, counted from 0. */
  rank(key: string): number | undefined {
    const { path, places } = this.#search(key);
    return path[0]!.next[0]?.key === key ? places[0] : undefined;
  }

  /** The last node of each lane before `key`, and the places of these nodes. */
  #search(key: string): { path: Node[]; places: number[] } {
    const path = new Array<Node>(MAX_HEIGHT).fill(this.#head);
    const places = new Array<number>(MAX_HEIGHT).fill(0);
    let node = this.#head;
    let place = 0;
    for (let lane = MAX_HEIGHT - 1; lane >= 0; lane--) {
      for (let next = node.next[lane]; next !== undefined && next.key < key; next = node.next[lane]) {
        place += node.spans[lane]!;
        node = next;
      }
      path[lane] = node;
      places[lane] = place;
    }
    return { path, places };
  }
}
