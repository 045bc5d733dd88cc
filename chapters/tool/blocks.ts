/**
 * Blocks: the difference between a file before and after a step, in the form that a lesson shows and that a reader (or a program) applies.
 *
 * `ts` when the step begins a file or adds to its end: the lines to type, one blank line below what is there. Else `diff`: hunks that open
 * with `@@ Symbol @@`, and have so much context (3 lines or more) that the place is found once in the file.
 * Invariant: `applyBlock(before, blockOf(before, after)) === after`.
 */
import { diffArrays } from 'diff';
import { label, type Piece, type Span, spans } from './pieces.ts';

export interface Block {
  readonly language: 'ts' | 'js' | 'diff';
  readonly lines: readonly string[];
}

interface Op {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
  readonly symbol: string;
}

const CONTEXT = 3;

/** The block that leads from `before` to `after`; `before` is undefined for a file that does not exist. */
export function blockOf(
  before: readonly Piece[] | undefined,
  after: readonly Piece[],
  fresh: boolean,
  js = false,
): Block {
  const old = before === undefined ? '' : textOf(before);
  const now = textOf(after);
  const added = fresh ? appended(old, now) : undefined;
  if (added !== undefined) return { language: js ? 'js' : 'ts', lines: toLines(added) };
  return { language: 'diff', lines: hunksOf(opsOf(before ?? [], after), toLines(old)) };
}

/**
 * The file after a block.
 * @throws {Error} when a hunk's place is not found, or found more than once; the message gives the hunk's first line.
 */
export function applyBlock(before: string | undefined, block: Block): string {
  if (block.language !== 'diff') {
    const text = fromLines(block.lines);
    return before === undefined || before === '' ? text : `${before}\n${text}`;
  }
  if (before === undefined) throw new Error('a diff needs a file, and there is none yet');
  let lines = toLines(before);
  for (const hunk of parseHunks(block.lines)) lines = applyHunk(lines, hunk);
  return fromLines(lines);
}

/** Lines of a text that ends with a newline. */
export const toLines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
const fromLines = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);
const textOf = (pieces: readonly Piece[]): string =>
  spans(pieces)
    .map(span => span.text)
    .join('');

/** What was added at the end, without the one blank line above it; undefined when something else changed too. */
function appended(old: string, now: string): string | undefined {
  if (old === '') return now;
  if (!now.startsWith(old)) return undefined;
  const rest = now.slice(old.length);
  return /^\n[^\n]/.test(rest) ? rest.slice(1) : undefined;
}

function opsOf(before: readonly Piece[], after: readonly Piece[]): Op[] {
  const [old, now] = [spans(before), spans(after)];
  const key = (span: Span): string => `${span.id}${span.closing ? '}' : ''}`;
  if ([...old, ...now].some(span => !span.text.endsWith('\n'))) return lineOps(textOf(before), textOf(after), '');
  const ops: Op[] = [];
  let [i, j] = [0, 0];
  for (const part of diffArrays(old.map(key), now.map(key))) {
    for (let n = 0; n < part.value.length; n++) {
      const from = part.added ? undefined : old[i++];
      const to = part.removed ? undefined : now[j++];
      ops.push(...lineOps(from?.text ?? '', to?.text ?? '', label((to ?? from)?.id ?? '')));
    }
  }
  return ops;
}

function lineOps(before: string, after: string, symbol: string): Op[] {
  const ops: Op[] = [];
  for (const part of diffArrays(toLines(before), toLines(after))) {
    const kind = part.added ? '+' : part.removed ? '-' : ' ';
    for (const line of part.value) ops.push({ kind, line, symbol });
  }
  return removalsFirst(ops);
}

/** Within a run of changes what goes comes before what comes. */
function removalsFirst(ops: readonly Op[]): Op[] {
  const out: Op[] = [];
  let run: Op[] = [];
  const flush = (): void => {
    out.push(...run.filter(op => op.kind === '-'), ...run.filter(op => op.kind === '+'));
    run = [];
  };
  for (const op of ops) {
    if (op.kind !== ' ') run.push(op);
    else {
      flush();
      out.push(op);
    }
  }
  flush();
  return out;
}

interface Window {
  from: number;
  to: number;
  context: number;
}

/** Cut the ops into hunks, each with the context that makes its place unique when the hunks before it have been applied. */
function hunksOf(ops: readonly Op[], before: readonly string[]): string[] {
  let windows = firstWindows(ops);
  for (;;) {
    windows = merge(windows);
    const vague = findVague(ops, windows, before);
    if (vague === undefined) break;
    vague.context++;
    vague.from = Math.max(0, vague.from - 1);
    vague.to = Math.min(ops.length, vague.to + 1);
  }
  return windows.flatMap(window => printHunk(ops.slice(window.from, window.to)));
}

function firstWindows(ops: readonly Op[]): Window[] {
  const windows: Window[] = [];
  for (const [index, op] of ops.entries()) {
    if (op.kind === ' ') continue;
    const from = Math.max(0, index - CONTEXT);
    windows.push({ from, to: Math.min(ops.length, index + 1 + CONTEXT), context: CONTEXT });
  }
  return windows;
}

function merge(windows: readonly Window[]): Window[] {
  const out: Window[] = [];
  for (const window of windows) {
    const last = out.at(-1);
    if (last === undefined || window.from > last.to) out.push({ ...window });
    else {
      last.to = Math.max(last.to, window.to);
      last.context = Math.max(last.context, window.context);
    }
  }
  return out;
}

/** The first window whose lines are found more than once; one that covers the whole file is never vague. */
function findVague(ops: readonly Op[], windows: readonly Window[], before: readonly string[]): Window | undefined {
  let lines = [...before];
  for (const window of windows) {
    const hunk = sides(ops.slice(window.from, window.to));
    const places = occurrences(lines, hunk.old);
    const whole = window.from === 0 && window.to === ops.length;
    if (places.length !== 1 && !whole) return window;
    const at = places[0] ?? 0;
    lines = [...lines.slice(0, at), ...hunk.now, ...lines.slice(at + hunk.old.length)];
  }
  return undefined;
}

function printHunk(ops: readonly Op[]): string[] {
  const symbol = (ops.find(op => op.kind !== ' ')?.symbol ?? '').replace(/^export:/, 'export from ');
  const lines = ops.map(op => (op.kind === ' ' && op.line === '' ? '' : op.kind + op.line));
  return [symbol === '' ? '@@' : `@@ ${symbol} @@`, ...lines];
}

interface Hunk {
  readonly title: string;
  readonly old: readonly string[];
  readonly now: readonly string[];
}

function sides(ops: readonly Op[]): { old: string[]; now: string[] } {
  return {
    old: ops.filter(op => op.kind !== '+').map(op => op.line),
    now: ops.filter(op => op.kind !== '-').map(op => op.line),
  };
}

function parseHunks(lines: readonly string[]): Hunk[] {
  const hunks: { title: string; old: string[]; now: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('@@')) {
      hunks.push({ title: line, old: [], now: [] });
      continue;
    }
    const hunk = hunks.at(-1);
    if (hunk === undefined) throw new Error(`a diff opens with "@@ Symbol @@", not with "${line}"`);
    const [sign, text] = [line === '' ? ' ' : line[0], line.slice(1)];
    if (sign !== '+' && sign !== '-' && sign !== ' ')
      throw new Error(`${hunk.title}: a line opens with "+", "-" or a space, not with "${line}"`);
    if (sign !== '+') hunk.old.push(text);
    if (sign !== '-') hunk.now.push(text);
  }
  return hunks;
}

function applyHunk(lines: readonly string[], hunk: Hunk): string[] {
  const places = occurrences(lines, hunk.old);
  const at = places[0];
  if (at === undefined) throw new Error(`${hunk.title}: these lines are not in the file: "${hunk.old[0] ?? ''}" ...`);
  if (places.length > 1)
    throw new Error(`${hunk.title}: these lines are in the file ${places.length} times: "${hunk.old[0] ?? ''}" ...`);
  return [...lines.slice(0, at), ...hunk.now, ...lines.slice(at + hunk.old.length)];
}

function occurrences(lines: readonly string[], wanted: readonly string[]): number[] {
  const out: number[] = [];
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    if (wanted.every((line, i) => lines[at + i] === line)) out.push(at);
  }
  return out;
}
