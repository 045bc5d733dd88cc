/** Which of several names is meant: the nearest one by edits, for commands that were misspelt and for exports. Pure. */

/** The name that is nearest by edits, if it is near at all. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  const near = [...known]
    .map(each => ({ each, distance: editDistance(name, each) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near === undefined) return undefined;
  const longer = Math.max(name.length, near.each.length);
  return near.distance <= Math.max(1, Math.floor(longer / 2)) ? near.each : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
