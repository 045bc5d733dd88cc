/**
 * A three-way merge by tokens: what `theirs` changed in `base` is done to `ours`, where the two did not touch the same place.
 */
import { diffArrays } from 'diff';

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly string[];
}

/** The merged text, `undefined` where both changed the same place in different ways. */
export function merge(base: string, ours: string, theirs: string): string | undefined {
  if (base === theirs) return ours;
  if (base === ours || ours === theirs) return theirs;
  const tokens = tokenize(base);
  const [left, right] = [editsOf(tokens, tokenize(ours)), editsOf(tokens, tokenize(theirs))];
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const [a, b] = [left[i], right[j]];
    if (a !== undefined && b !== undefined && touch(a, b)) {
      if (!same(a, b)) return undefined;
      edits.push(a);
      i++;
      j++;
    } else if (b === undefined || (a !== undefined && a.from < b.from)) {
      if (a !== undefined) edits.push(a);
      i++;
    } else {
      edits.push(b);
      j++;
    }
  }
  return apply(tokens, edits);
}

/** Words, runs of blanks, line breaks, and every other character by itself. */
function tokenize(text: string): string[] {
  return text.match(/[\w$]+|[ \t]+|\n|[^\w$ \t\n]/g) ?? [];
}

function editsOf(base: readonly string[], other: readonly string[]): Edit[] {
  const out: Edit[] = [];
  let at = 0;
  for (const part of diffArrays([...base], [...other])) {
    const last = out.at(-1);
    if (part.removed) {
      const grown =
        last?.to === at
          ? { ...last, to: at + part.value.length }
          : { from: at, to: at + part.value.length, tokens: [] };
      if (last?.to === at) out[out.length - 1] = grown;
      else out.push(grown);
      at += part.value.length;
    } else if (part.added) {
      if (last?.to === at) out[out.length - 1] = { ...last, tokens: [...last.tokens, ...part.value] };
      else out.push({ from: at, to: at, tokens: part.value });
    } else at += part.value.length;
  }
  return out;
}

/** Edits that overlap or meet: nobody can say which comes first. */
const touch = (a: Edit, b: Edit): boolean => a.from <= b.to && b.from <= a.to;
const same = (a: Edit, b: Edit): boolean =>
  a.from === b.from && a.to === b.to && a.tokens.join('\0') === b.tokens.join('\0');

function apply(base: readonly string[], edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const edit of edits) {
    out += base.slice(at, edit.from).join('') + edit.tokens.join('');
    at = edit.to;
  }
  return out + base.slice(at).join('');
}
