/**
 * Save: what derive.ts found goes to disk, as chapter.json's `writes` and `removes`, the stored texts, pending.json and carried.json.
 *
 * Invariant: only files whose content differs are written, and in chapter.json only `writes` and `removes`; the rest is its author's.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Carried, type Chapter, type Course, listFiles, type Write } from './catalog.ts';
import type { Derived, DerivedCourse } from './derive.ts';
import { isIndex } from './index-file.ts';
import { formatStored, readSketches } from './store.ts';
import { writeIfChanged } from './targets.ts';

export interface SaveOptions {
  /** Index files that a chapter begins, beside those that its chapter.json lists. */
  readonly indexes?: ReadonlyMap<number, readonly string[]>;
  /** Hashes to keep as they were: symbols whose edit is not carried yet, `NN path#symbol`. */
  readonly unsettled?: ReadonlyMap<string, string>;
}

/** Write everything that was derived; the paths of the files that changed. */
export function saveDerived(course: Course, derived: DerivedCourse, options: SaveOptions = {}): string[] {
  const changed: string[] = [];
  const save = (path: string, text: string): void => {
    if (writeIfChanged(join(course.root, path), text)) changed.push(path);
  };
  for (const chapter of course.chapters) {
    const own = derived.chapters.get(chapter.number);
    if (own === undefined) continue;
    saveStored(course, chapter, own, save, changed);
    saveChapterJson(chapter, own, options.indexes?.get(chapter.number) ?? [], save);
  }
  const pending = new Map(derived.pending);
  for (const path of unlistedIndexes(course, options)) pending.set(path, 'new');
  save('chapters/pending.json', json(Object.fromEntries([...pending].sort(([a], [b]) => (a < b ? -1 : 1)))));
  save('chapters/carried.json', json(settle(derived.carried, options.unsettled ?? new Map())));
  return changed;
}

/** JSON the way Biome prints it: a list stands on one line where it fits. */
export function json(value: unknown): string {
  return `${print(value, '', 0)}\n`;
}

function print(value: unknown, indent: string, before: number): string {
  if (Array.isArray(value) || (typeof value === 'object' && value !== null)) {
    const array = Array.isArray(value);
    const inner = `${indent}  `;
    const entries = array
      ? value.map(item => print(item, inner, inner.length + 1))
      : Object.entries(value).map(
          ([key, item]) => `${JSON.stringify(key)}: ${print(item, inner, inner.length + key.length + 5)}`,
        );
    const [open, close] = array ? ['[', ']'] : ['{', '}'];
    if (entries.length === 0) return open + close;
    const line = array ? `[${entries.join(', ')}]` : `{ ${entries.join(', ')} }`;
    const fits = before + line.length <= 120 && !line.includes('\n');
    if (fits && array) return line;
    return `${open}\n${entries.map(entry => inner + entry).join(',\n')}\n${indent}${close}`;
  }
  return JSON.stringify(value);
}

function saveStored(
  course: Course,
  chapter: Chapter,
  own: Derived,
  save: (path: string, text: string) => void,
  changed: string[],
): void {
  const folder = `chapters/${chapter.id}/src`;
  for (const [path, { pieces, whole }] of own.stored) save(`${folder}/${path}`, formatStored(pieces, whole));
  for (const path of listFiles(join(course.root, folder))) {
    if (own.stored.has(path)) continue;
    rmSync(join(course.root, folder, path));
    changed.push(`${folder}/${path} (gone)`);
  }
}

function saveChapterJson(
  chapter: Chapter,
  own: Derived,
  indexes: readonly string[],
  save: (path: string, text: string) => void,
): void {
  const file = join(chapter.dir, 'chapter.json');
  const text = readFileSync(file, 'utf8');
  const current = JSON.parse(text) as Record<string, unknown>;
  const writes = Object.fromEntries(allWrites(chapter, own, indexes));
  const removes = [...own.removes].sort();
  const sameWrites = JSON.stringify(sortKeys(current['writes'])) === JSON.stringify(sortKeys(writes));
  const sameRemoves = JSON.stringify(current['removes'] ?? []) === JSON.stringify(removes);
  if (sameWrites && sameRemoves && existsSync(file)) return;
  save(`chapters/${chapter.id}/chapter.json`, json({ ...current, writes, removes }));
}

/** The derived writes, with the index files and sketches, which are not derived. */
function allWrites(chapter: Chapter, own: Derived, indexes: readonly string[]): [string, Write][] {
  const kept = [...chapter.writes].filter(([path]) => isIndex(path));
  const sketches = [...readSketches(chapter).keys()].map((path): [string, Write] => [path, 'new']);
  const more = indexes.map((path): [string, Write] => [path, 'new']);
  const all = new Map<string, Write>([...kept, ...sketches, ...more, ...own.writes]);
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unlistedIndexes(course: Course, options: SaveOptions): string[] {
  const listed = new Set(course.chapters.flatMap(chapter => [...chapter.writes.keys()]));
  for (const paths of options.indexes?.values() ?? []) for (const path of paths) listed.add(path);
  return ['engine/src', 'redis-compat/src']
    .flatMap(folder => listFiles(join(course.root, folder)).map(path => `${folder}/${path}`))
    .filter(path => isIndex(path) && !listed.has(path));
}

function settle(carried: Carried, unsettled: ReadonlyMap<string, string>): Carried {
  const successors: Record<string, Record<string, string>> = structuredClone(carried.successors) as Record<
    string,
    Record<string, string>
  >;
  for (const [place, hash] of unsettled) {
    const [chapter = '', key = ''] = place.split(/ (.*)/s);
    const part = successors[chapter];
    if (part?.[key] !== undefined) part[key] = hash;
  }
  return { holds: carried.holds, successors };
}
