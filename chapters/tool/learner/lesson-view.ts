/**
 * A lesson's Markdown as text for a terminal: headings stand out, paragraphs are wrapped, code stays as it is. Pure.
 * It handles what lessons use (headings, paragraphs, lists, quotes, tables, fences, links, emphasis) and shows anything
 * else as written.
 */
import { columnsOf, type Paint, padEnd, wrap } from './terminal.ts';

export interface LessonStyle {
  readonly paint: Paint;
  readonly columns: number;
}

/** The whole text, rendered. */
export function renderMarkdown(markdown: string, style: LessonStyle): string {
  const out: string[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) out.push(renderParagraph(joinLines(paragraph), style));
    paragraph = [];
  };
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fence = /^(`{3,}|~{3,})(\w*)/.exec(line);
    if (fence !== null) {
      flush();
      const end = closingFence(lines, at + 1, fence[1]!);
      out.push(renderCode(lines.slice(at + 1, end), fence[2]!, style));
      at = end;
    } else if (/^\s*<!--.*-->\s*$/.test(line)) {
      flush(); // a marker
    } else if (/^\s*$/.test(line)) {
      flush();
      if (out.at(-1) !== '') out.push('');
    } else if (/^#{1,6} /.test(line)) {
      flush();
      out.push(renderHeading(line, style));
    } else if (/^\|/.test(line)) {
      flush();
      const end = lines.findIndex((each, index) => index > at && !/^\|/.test(each));
      const last = end < 0 ? lines.length : end;
      out.push(renderTable(lines.slice(at, last), style));
      at = last - 1;
    } else if (/^> ?/.test(line) && /^> ?/.test(paragraph[0] ?? '')) {
      paragraph.push(line.replace(/^> ?/, ''));
    } else if (startsOwnLine(line)) {
      flush();
      paragraph = [line];
    } else {
      paragraph.push(line);
    }
  }
  flush();
  return out
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .trimEnd();
}

/** Code with the colours of a difference where it is one. */
export function renderCode(lines: readonly string[], language: string, { paint }: LessonStyle): string {
  const colour = (line: string): string => {
    if (language === 'mermaid') return paint.dim(line); // the source of a picture
    if (language !== 'diff') return line;
    if (line.startsWith('@@')) return paint.cyan(line);
    if (line.startsWith('+')) return paint.green(line);
    return line.startsWith('-') ? paint.red(line) : line;
  };
  return lines.map(line => `    ${colour(line)}`.trimEnd()).join('\n');
}

function closingFence(lines: readonly string[], from: number, fence: string): number {
  const at = lines.findIndex(
    (line, index) =>
      index >= from && line.startsWith(fence) && line.trim() === line.trim()[0]!.repeat(line.trim().length),
  );
  return at < 0 ? lines.length : at;
}

function renderHeading(line: string, { paint }: LessonStyle): string {
  const [, marks = '', title = ''] = /^(#+)\s+(.*)$/.exec(line) ?? [];
  const text = inline(title, paint);
  return marks.length === 1 ? `\n${paint.bold(paint.underline(text))}` : `\n${paint.bold(text)}`;
}

const startsOwnLine = (line: string): boolean => /^\s*([-*+] |\d+[.)] |> ?|<\/?\w)/.test(line);

/** A table as it is where it fits, else row by row: the first cell, and below it the others with their headings. */
function renderTable(rows: readonly string[], { paint, columns }: LessonStyle): string {
  const cells = rows.map(row =>
    row
      .replace(/^\||\|\s*$/g, '')
      .split(/(?<!\\)\|/)
      .map(cell => inline(cell.trim(), paint)),
  );
  const [head = [], rule = [], ...body] = cells;
  if (!rule.every(cell => /^:?-+:?$/.test(cell))) return rows.join('\n');
  const widths = head.map((_, column) => Math.max(...[head, ...body].map(row => columnsOf(row[column] ?? ''))));
  if (widths.reduce((sum, width) => sum + width + 2, 0) <= columns) {
    const line = (row: readonly string[]): string =>
      row
        .map((cell, column) => padEnd(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd();
    return [paint.bold(line(head)), ...body.map(line)].join('\n');
  }
  const entry = ([first = '', ...rest]: readonly string[]): string =>
    [paint.bold(first), ...rest.map((cell, index) => wrap(`${head[index + 1]}: ${cell}`, columns - 2, '  '))].join(
      '\n',
    );
  return body.map(entry).join('\n');
}

// Between two Chinese characters a line break is no space, and neither is it beside Chinese punctuation, whatever marks of
// Markdown stand between.
const joinLines = (lines: readonly string[]): string =>
  lines.reduce((text, line) => (text === '' ? line.trimEnd() : text + joint(text, line.trim()) + line.trim()), '');
const CHINESE = '\\u2e80-\\u9fff\\uff00-\\uff60';
const FULL_WIDTH = '\\u3001-\\u301f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff60';
const ENDS_CHINESE = new RegExp(`[${CHINESE}][“”‘’…—]*$`);
const BEGINS_CHINESE = new RegExp(`^[“”‘’…—]*[${CHINESE}]`);
const ENDS_FULL = new RegExp(`(?:[${FULL_WIDTH}]|[${CHINESE}][”’…—]+)$`);
const BEGINS_FULL = new RegExp(`^(?:[${FULL_WIDTH}]|[“‘…—]+[${CHINESE}])`);
function joint(before: string, after: string): string {
  const left = before.replace(/\]\([^)]*\)$/, '').replace(/\*+$/, '');
  const right = after.replace(/^(?:\*+|\[)/, '');
  if (ENDS_FULL.test(left) || BEGINS_FULL.test(right)) return '';
  return ENDS_CHINESE.test(left) && BEGINS_CHINESE.test(right) ? '' : ' ';
}

function renderParagraph(text: string, { paint, columns }: LessonStyle): string {
  if (/^\|/.test(text)) return text;
  if (/^<\/?(details|summary|p|div|br)\b/.test(text)) return paint.bold(text.replace(/<[^>]+>/g, '').trim());
  const [, indent = '', mark = '', body = ''] = /^(\s*)((?:[-*+]|\d+[.)]|>)\s+)?([\s\S]*)$/.exec(text) ?? [];
  const hang = ' '.repeat(indent.length + mark.length);
  const wrapped = wrap(inline(body, paint), columns - hang.length, hang);
  return indent + (mark.startsWith('>') ? paint.dim(mark) : mark) + wrapped.slice(hang.length);
}

/** Emphasis, code and links within a line. */
function inline(text: string, paint: Paint): string {
  return text
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, (_, alt: string) => `[${alt}]`)
    .replace(/\[([^\]]+)\]\(([^)]*)\)/g, (_, label: string, to: string) =>
      /^https?:/.test(to) ? `${label} <${to}>` : label,
    )
    .replace(/`([^`]+)`/g, (_, code: string) => paint.cyan(code))
    .replace(/\*\*([^*]+)\*\*/g, (_, strong: string) => paint.bold(strong))
    .replace(/(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g, (_, words: string) => paint.italic(words))
    .replace(/<(?:\/?(?:kbd|b|i|em|sub|sup|br|summary|details))>/g, '');
}
