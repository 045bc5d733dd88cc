/**
 * What a terminal needs to show text well: colours that respect NO_COLOR, widths that count a Chinese character as two
 * columns, wrapping, a progress bar. It knows nothing of the course.
 */
import pc from 'picocolors';

export type Paint = ReturnType<typeof pc.createColors>;

/** Colours for an output stream. NO_COLOR wins over FORCE_COLOR, and both over what the stream is. */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  if (env['NO_COLOR']) return pc.createColors(false);
  if (env['FORCE_COLOR'] !== undefined) return pc.createColors(env['FORCE_COLOR'] !== '0');
  return pc.createColors(stream.isTTY === true && env['TERM'] !== 'dumb');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ESCAPES = /\u001b\[[0-9;]*m/g;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

export const withoutColours = (text: string): string => text.replace(ESCAPES, '');

/** Columns that a text takes on screen. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of withoutColours(text)) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Characters that a terminal would not show, or would obey, as `\x00`; line breaks stay. */
export const visible = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]/gu, found => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`);

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)));

/** `[======>    ]` drawn with blocks; `done` of `total`. */
export function bar(done: number, total: number, columns: number, paint: Paint): string {
  const filled = total === 0 ? 0 : Math.round((done / total) * columns);
  return paint.green('█'.repeat(filled)) + paint.dim('░'.repeat(columns - filled));
}

/** Breaks a paragraph at spaces, and between Chinese characters, so that no line is wider than `columns`. */
export function wrap(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(text)) {
    if (line !== '' && columnsOf(line + word.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = word.trimStart();
    } else {
      line += word;
    }
  }
  if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd());
  return lines.map(each => indent + each).join('\n');
}

// Closing punctuation stays with the character before it, opening punctuation with the one after it.
const WORD =
  /[（“‘《「『【]*(?:[^\s“‘\u2e80-\u9fff\uff00-\uff60]+|[\u2e80-\u9fff\uff00-\uff60“‘])[，。；：！？、）】》」』”’]*\s*|\s+/gu;
const wordsOf = (text: string): string[] => text.match(WORD) ?? [];

/** Columns to write prose into: the terminal's width, within reason. */
export const proseColumns = (stream: { columns?: number }): number => Math.min(Math.max(stream.columns ?? 80, 40), 100);
