/**
 * The words of a line, as an inline command and a line of redis.conf have them.
 *
 * Invariant: what quotes and escapes say is taken off here and nowhere else. Source: sdssplitargs in `src/sds.c` of Redis 7.2.
 */

const ESCAPES: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09, 98: 0x08, 97: 0x07 };
const BACKSLASH = 0x5c;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

/**
 * The words of a line: separated by blanks, in "double quotes" with \n, \r, \t, \b, \a and \xHH, or in 'single quotes'.
 * Undefined when quotes are unbalanced or something follows a closing quote.
 */
export function splitWords(line: Uint8Array): Buffer[] | undefined {
  const words: Buffer[] = [];
  let i = 0;
  for (;;) {
    while (isBlank(line[i])) i++;
    if (i >= line.length || line[i] === 0) return words;
    const word: number[] = [];
    const end = readWord(line, i, word);
    if (end < 0) return undefined;
    words.push(Buffer.from(word));
    i = end;
  }
}

/** One word from `i` on; the offset behind it, or -1 when its quotes are unbalanced. A quote may begin within a word. */
function readWord(line: Uint8Array, i: number, word: number[]): number {
  for (; i < line.length && line[i] !== 0 && !isBlank(line[i]); i++) {
    const byte = line[i]!;
    if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) return readQuoted(line, i, word);
    word.push(byte);
  }
  return i;
}

function readQuoted(line: Uint8Array, open: number, word: number[]): number {
  const quote = line[open]!;
  for (let i = open + 1; i < line.length; i++) {
    const byte = line[i]!;
    if (byte === quote) return i + 1 < line.length && !isBlank(line[i + 1]) ? -1 : i + 1;
    if (byte !== BACKSLASH || i + 1 >= line.length) word.push(byte);
    else if (quote === SINGLE_QUOTE) word.push(line[i + 1] === SINGLE_QUOTE ? line[++i]! : byte);
    else {
      const hex = line[i + 1] === 0x78 ? hexByte(line, i + 2) : undefined;
      word.push(hex ?? ESCAPES[line[i + 1]!] ?? line[i + 1]!);
      i += hex === undefined ? 1 : 3;
    }
  }
  return -1;
}

function hexByte(line: Uint8Array, at: number): number | undefined {
  const text = String.fromCharCode(line[at] ?? 0, line[at + 1] ?? 0);
  return /^[0-9a-fA-F]{2}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}
