/**
 * Glob patterns over bytes, as KEYS, SCAN MATCH and CONFIG GET read them: `*`, `?`, `[a-z]`, `[^x]`, `\` to quote.
 *
 * Invariants: (1) every part of a pattern but `*` stands for exactly one byte, so a failed match needs to go back to the
 *                 last `*` only, and the work is at most pattern times text, never exponential;
 *             (2) a broken class (`[abc` without its end) reads on to the end of the pattern, as in Redis.
 * Left out: `{a,b}` and `**`, which Redis does not know. Source: Redis `src/util.c`, stringmatchlen.
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;

/** Whether `text[start, end)` matches `pattern` as a whole. */
export function globMatches(
  pattern: Uint8Array,
  text: Uint8Array,
  start: number,
  end: number,
  ignoreCase = false,
): boolean {
  // Redis tells an empty text from an empty pattern only: `*` does not match a text without bytes.
  if (start === end) return pattern.length === 0;
  let p = 0;
  let position = start;
  let starPattern = -1;
  let starPosition = start;
  while (position < end) {
    if (p < pattern.length && pattern[p] === STAR) {
      starPattern = ++p;
      starPosition = position;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text[position]!, ignoreCase) : -1;
    if (next >= 0) {
      p = next;
      position++;
    } else if (starPattern >= 0) {
      p = starPattern;
      position = ++starPosition;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === STAR) p++;
  return p === pattern.length;
}

/** Whether the pattern matches every name, so that nothing has to be compared. */
export function matchesEverything(pattern: Uint8Array): boolean {
  return pattern.length === 1 && pattern[0] === STAR;
}

/** Match one byte against the part of the pattern at `p`: where the next part begins, or -1. */
function matchOne(pattern: Uint8Array, p: number, byte: number, ignoreCase: boolean): number {
  const part = pattern[p]!;
  if (part === QUESTION) return p + 1;
  if (part === OPEN) return matchClass(pattern, p + 1, byte, ignoreCase);
  const literal = part === BACKSLASH && p + 1 < pattern.length ? p + 1 : p;
  return fold(pattern[literal]!, ignoreCase) === fold(byte, ignoreCase) ? literal + 1 : -1;
}

/** The class whose content begins at `p`. */
function matchClass(pattern: Uint8Array, p: number, byte: number, ignoreCase: boolean): number {
  const negated = pattern[p] === CARET;
  let at = negated ? p + 1 : p;
  let found = false;
  while (at < pattern.length && pattern[at] !== CLOSE) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) {
      // A quoted byte is compared as it is, even when case is ignored.
      if (pattern[at + 1] === byte) found = true;
      at += 2;
    } else if (at + 2 < pattern.length && pattern[at + 1] === DASH) {
      if (inRange(pattern[at]!, pattern[at + 2]!, byte, ignoreCase)) found = true;
      at += 3;
    } else {
      if (fold(pattern[at]!, ignoreCase) === fold(byte, ignoreCase)) found = true;
      at++;
    }
  }
  if (found === negated) return -1;
  return Math.min(at + 1, pattern.length);
}

/** A range may be written from either end; the ends are put in order before case is folded, as Redis does. */
function inRange(a: number, b: number, byte: number, ignoreCase: boolean): boolean {
  const low = fold(Math.min(signed(a), signed(b)), ignoreCase);
  const high = fold(Math.max(signed(a), signed(b)), ignoreCase);
  const folded = fold(signed(byte), ignoreCase);
  return folded >= low && folded <= high;
}

/** Bytes are ordered as C's `char` orders them on x86: from 0x80 on they come before the others. */
function signed(byte: number): number {
  return (byte << 24) >> 24;
}

function fold(byte: number, ignoreCase: boolean): number {
  return ignoreCase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
