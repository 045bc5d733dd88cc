/**
 * Two one-line texts above each other. Where they are too long for the screen only the part around the first difference
 * is shown, with a caret under it. Pure.
 */
import { columnsOf } from './terminal.ts';

export interface TextDifference {
  readonly expected: string;
  readonly yours: string;
  /** Spaces and a caret, to stand below; empty for texts that are short enough to see it at once. */
  readonly caret: string;
}

const BEFORE = 24;

export function textDifference(expected: string, yours: string, columns: number): TextDifference {
  if (Math.max(columnsOf(expected), columnsOf(yours)) <= columns) return { expected, yours, caret: '' };
  const at = firstDifferentCharacter(expected, yours);
  const from = Math.max(0, at - BEFORE);
  const before = from > 0 ? '...' : '';
  const cut = (text: string): string => {
    const part = text.slice(from, from + columns - 2 * 3);
    return `${before}${part}${from + part.length < text.length ? '...' : ''}`;
  };
  return { expected: cut(expected), yours: cut(yours), caret: `${' '.repeat(before.length + at - from)}^` };
}

function firstDifferentCharacter(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
