/** Several sorted sequences of keys as one: of the keys that stand at the front of each, take the least, again and again. */

/** What it takes to be merged; a cursor over keys has it. */
export interface KeyCursor {
  next(): IteratorResult<Buffer, undefined>;
  return(): unknown;
}

/** The keys of all cursors in order, each once. Leaving it lets go of all of them. */
export function* merged(cursors: readonly KeyCursor[]): Generator<Buffer, void, undefined> {
  try {
    const fronts = cursors.map(cursor => cursor.next().value);
    for (;;) {
      const least = fronts.reduce(lesser, undefined); // A linear search: who merges has a handful of cursors.
      if (least === undefined) return;
      yield least;
      for (const [i, front] of fronts.entries()) if (front?.equals(least)) fronts[i] = cursors[i]!.next().value;
    }
  } finally {
    for (const cursor of cursors) cursor.return();
  }
}

function lesser(a: Buffer | undefined, b: Buffer | undefined): Buffer | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) <= 0 ? a : b;
}
