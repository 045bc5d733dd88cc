/**
 * Writers: who writes which symbols. Each chapter is one, and `pending` counts as one after the last chapter.
 */
import { type Chapter, type Course, twoDigits, type Write } from './catalog.ts';
import { readStored, type Stored, storedPlace } from './store.ts';

/** The number under which `pending` sorts behind every chapter. */
export const PENDING: number = Number.POSITIVE_INFINITY;

/** One writer of symbols: a chapter, or `pending`. */
export interface Writer {
  readonly number: number;
  readonly name: string;
  readonly chapter: Chapter | undefined;
  readonly writes: ReadonlyMap<string, Write>;
  readonly removes: readonly string[];
  readonly stored: ReadonlyMap<string, Stored>;
}

/** The key of a writer in carried.json. */
export const numberKey = (number: number): string => (number === PENDING ? 'pending' : twoDigits(number));

/** Split `path#symbol`; a path alone has no symbol. */
export function splitSymbol(entry: string): { path: string; symbol: string | undefined } {
  const at = entry.indexOf('#');
  return at < 0 ? { path: entry, symbol: undefined } : { path: entry.slice(0, at), symbol: entry.slice(at + 1) };
}

/** What a writer takes out of a file: symbols, or all of it. */
export function goneIn(writer: Writer, path: string): ReadonlySet<string> | 'file' | undefined {
  const entries = writer.removes.map(splitSymbol).filter(entry => entry.path === path);
  if (entries.length === 0) return undefined;
  if (entries.some(entry => entry.symbol === undefined)) return 'file';
  return new Set(entries.flatMap(({ symbol }) => (symbol === undefined ? [] : [symbol, `${symbol}{`])));
}

/** Where a writer's text of a file stands. */
export const placeOf = (writer: Writer, path: string): string =>
  writer.chapter === undefined ? path : storedPlace(writer.chapter, path);

/** A chapter as a writer; mistakes in its stored files go to `problems`. */
export function chapterWriter(chapter: Chapter, problems: string[]): Writer {
  return {
    number: chapter.number,
    name: `chapter ${twoDigits(chapter.number)}`,
    chapter,
    writes: chapter.writes,
    removes: chapter.removes,
    stored: readStored(chapter, problems),
  };
}

/** What no chapter teaches yet, as a writer after the last chapter. */
export function pendingWriter(course: Course): Writer {
  return {
    number: PENDING,
    name: 'pending.json',
    chapter: undefined,
    writes: course.pending,
    removes: [],
    stored: new Map(),
  };
}
