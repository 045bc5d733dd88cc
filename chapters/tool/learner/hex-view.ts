/**
 * Bytes for people: rows of sixteen, and two byte strings above each other with a caret under the first difference.
 * Pure: text in, text out, no colours (a caller may paint whole lines).
 */
import { columnsOf, padEnd } from './terminal.ts';

const ROW = 16;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const readable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');
const offsetLabel = (offset: number): string => offset.toString(16).padStart(8, '0');

/** One row: `00000010  4b 56 ...  |KV..|`. */
export function hexRow(bytes: Uint8Array, offset: number): string {
  const row = [...bytes.subarray(offset, offset + ROW)];
  const columns = row
    .map(hex)
    .join(' ')
    .padEnd(ROW * 3 - 1);
  return `${offsetLabel(offset)}  ${columns}  |${row.map(readable).join('')}|`;
}

/** All rows of a byte string. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length || offset === 0; offset += ROW) rows.push(hexRow(bytes, offset));
  return rows.join('\n');
}

/** Where two byte strings part; undefined when they are equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at;
  return a.length === b.length ? undefined : shorter;
}

export interface HexLabels {
  readonly expected: string;
  readonly yours: string;
}

/** The rows around the first difference of two byte strings, with a caret under it. */
export function hexDifference(expected: Uint8Array, yours: Uint8Array, labels: HexLabels): string[] {
  const at = firstDifference(expected, yours);
  if (at === undefined) return [];
  const width = Math.max(columnsOf(labels.expected), columnsOf(labels.yours));
  const lines: string[] = [];
  const differingRow = at - (at % ROW);
  if (differingRow >= ROW) lines.push(`${' '.repeat(width)}  ${hexRow(expected, differingRow - ROW)}`);
  lines.push(`${padEnd(labels.expected, width)}  ${hexRow(expected, differingRow)}`);
  lines.push(`${padEnd(labels.yours, width)}  ${hexRow(yours, differingRow)}`);
  lines.push(`${' '.repeat(width + 2 + 10 + (at % ROW) * 3)}^^`);
  return lines;
}
