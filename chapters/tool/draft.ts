/**
 * Draft: an author's snapshot of one chapter, as plain full files, becomes part of the course (`course store N`).
 *
 * Later snapshots follow: what they held in the chapter's old version they hold in its new one, symbol by symbol.
 * Left out: the package. It changes by hand; a draft that differs from it makes the chapter's text a superseded one.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { type Course, CourseError, chapterAt, listFiles, PACKAGES } from './catalog.ts';
import { Composer } from './compose.ts';
import { type DerivedCourse, derive, type Version } from './derive.ts';
import { isIndex } from './index-file.ts';
import { cut, isShell, join, label, ownerOf, type Piece, resolveId, samePiece } from './pieces.ts';
import { saveDerived } from './save.ts';
import { writeIfChanged } from './targets.ts';
import { splitSymbol } from './writers.ts';

export interface DraftOptions {
  /** The folder with the full files; the repository itself by default, so that a chapter takes the package's own text. */
  readonly from?: string;
  /** Paths, folders or `path#A,B,C..D`; everything in the folder by default. */
  readonly entries?: readonly string[];
  /** Paths and `path#symbol`s that the chapter no longer has. */
  readonly remove?: readonly string[];
}

/**
 * Make the draft snapshot `number` and write what follows from it; the paths of the files that changed.
 * @throws {CourseError} when an entry names nothing, or the course can't be composed as it is.
 */
export function storeDraft(course: Course, number: number, options: DraftOptions = {}): string[] {
  const chapter = chapterAt(course, number);
  const versions = composeAll(course);
  const index = versions.findIndex(version => version.number === number);
  const before = versions[index]?.files ?? new Map<string, string>();
  const { files, indexes, sketches } = readDraft(course, before, options);
  const after = new Map([...before, ...files]);
  for (const entry of options.remove ?? []) removeEntry(after, entry);
  const next = versions.map((version, i) => {
    if (i < index) return version;
    return { number: version.number, files: i === index ? after : follow(before, after, version.files) };
  });
  const changed: string[] = [];
  for (const [path, text] of sketches) {
    if (writeIfChanged(joinPath(chapter.dir, path), text)) changed.push(`chapters/${chapter.id}/${path}`);
  }
  const derived = deriveOrExplain(next, course);
  return [...changed, ...saveDerived(course, derived, { indexes: new Map([[number, indexes]]) })];
}

/** Every snapshot as full files, without index files and sketches. */
export function composeAll(course: Course): Version[] {
  const composer = new Composer(course);
  const versions = course.chapters.map(({ number }) => {
    const files = [...composer.snapshot(number)].filter(([path]) => isDerivable(path));
    return { number, files: new Map(files) };
  });
  if (composer.problems.length > 0) throw new CourseError([...new Set(composer.problems)]);
  return versions;
}

/** Derive the whole course from these snapshots and the packages of `course`. */
export function deriveOrExplain(versions: readonly Version[], course: Course): DerivedCourse {
  try {
    return derive(versions, new Composer(course).packages);
  } catch (error) {
    throw error instanceof SyntaxError ? new CourseError([error.message]) : error;
  }
}

const isDerivable = (path: string): boolean => !isIndex(path) && !path.startsWith('sketch/');

interface Draft {
  files: Map<string, string>;
  indexes: string[];
  sketches: Map<string, string>;
}

function readDraft(course: Course, before: ReadonlyMap<string, string>, options: DraftOptions): Draft {
  const from = options.from ?? course.root;
  const entries = options.entries ?? [];
  const removing = (options.remove ?? []).length > 0;
  if (entries.length === 0 && options.from === undefined && !removing) {
    throw new CourseError(['say what the chapter takes: paths, or --from a folder with its full files']);
  }
  const draft: Draft = { files: new Map(), indexes: [], sketches: new Map() };
  const all =
    entries.length > 0 || options.from === undefined
      ? entries
      : [...PACKAGES, 'sketch'].filter(p => existsSync(joinPath(from, p)));
  for (const entry of all) {
    const { path, symbol } = splitSymbol(entry);
    for (const file of expand(from, path)) {
      const text = readFileSync(joinPath(from, file), 'utf8');
      if (file.startsWith('sketch/')) draft.sketches.set(file, text);
      else if (isIndex(file)) draft.indexes.push(file);
      else
        draft.files.set(
          file,
          symbol === undefined ? text : someSymbols(file, draft.files.get(file) ?? before.get(file), text, symbol),
        );
    }
  }
  return draft;
}

function expand(from: string, path: string): string[] {
  const clean = path.replaceAll('\\', '/').replace(/\/$/, '');
  const full = joinPath(from, clean);
  if (!existsSync(full)) throw new CourseError([`${clean}: there is no such file or folder in ${from}`]);
  if (!statSync(full).isDirectory()) return [clean];
  return listFiles(full)
    .filter(file => file.endsWith('.ts'))
    .map(file => `${clean}/${file}`);
}

/** `before` with these symbols as `text` has them, in the order of `text`. */
function someSymbols(path: string, before: string | undefined, text: string, symbols: string): string {
  const source = cut(text, { path });
  const chosen = new Map((before === undefined ? [] : cut(before, { path })).map(piece => [piece.id, piece]));
  for (const id of selectIds(
    symbols.split(','),
    source.map(piece => piece.id),
    path,
  )) {
    const piece = source.find(candidate => candidate.id === id);
    if (piece !== undefined) chosen.set(id, piece);
  }
  return join(
    arrange(
      [...chosen.values()],
      source.map(piece => piece.id),
    ),
  );
}

/**
 * The ids that a list of names means: `A`, `Class` (its shell), `A..B` (both and all between them).
 * @throws {CourseError} for a name that `ids` does not have.
 */
export function selectIds(names: readonly string[], ids: readonly string[], place: string): string[] {
  const at = (name: string): number => {
    const id = resolveId(name.trim(), ids);
    if (id === undefined)
      throw new CourseError([`${place}: there is no symbol \`${name.trim()}\`; there are ${near(name, ids)}`]);
    return ids.indexOf(id);
  };
  const out: string[] = [];
  for (const name of names.filter(n => n.trim() !== '')) {
    const range = /^(.+?)\.\.(.+)$/.exec(name.trim());
    const [from, to] = range === null ? [at(name), at(name)] : [at(range[1] ?? ''), at(range[2] ?? '')];
    if (to < from) throw new CourseError([`${place}: ${name.trim()}: the second name stands before the first`]);
    out.push(...ids.slice(from, to + 1));
  }
  return out;
}

/** The ids that an author may have meant: those of the same class, or all top-level ones. */
function near(name: string, ids: readonly string[]): string {
  const owner = ownerOf(name.trim());
  const own = ids.filter(id => ownerOf(id) === owner);
  return (own.length > 0 ? own : ids.filter(id => ownerOf(id) === undefined)).map(label).join(', ');
}

/** `pieces` in the order of `order`; a piece that `order` lacks stays behind the one that it stood behind. */
export function arrange(pieces: readonly Piece[], order: readonly string[]): Piece[] {
  const known = pieces
    .filter(piece => order.includes(piece.id))
    .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const out = [...known];
  for (const [index, piece] of pieces.entries()) {
    if (order.includes(piece.id)) continue;
    const previous = pieces[index - 1];
    out.splice(previous === undefined ? 0 : out.indexOf(previous) + 1, 0, piece);
  }
  return out;
}

function removeEntry(files: Map<string, string>, entry: string): void {
  const { path, symbol } = splitSymbol(entry);
  const text = files.get(path);
  if (text === undefined) throw new CourseError([`--remove ${entry}: the snapshot has no ${path}`]);
  if (symbol === undefined) files.delete(path);
  else {
    const pieces = cut(text, { path });
    const gone = selectIds(
      symbol.split(','),
      pieces.map(piece => piece.id),
      path,
    );
    files.set(path, join(pieces.filter(piece => !gone.includes(piece.id))));
  }
}

/** A later snapshot after chapter k's changed from `before` to `after`: wherever it held the same text, it follows. */
function follow(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  later: ReadonlyMap<string, string>,
): Map<string, string> {
  const out = new Map(later);
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now, own] = [before.get(path), after.get(path), later.get(path)];
    if (old === now) continue;
    const text = own === old ? now : own === undefined ? undefined : followFile(path, old ?? '', now ?? '', own);
    if (text === undefined) out.delete(path);
    else out.set(path, text);
  }
  return out;
}

function followFile(path: string, before: string, after: string, later: string): string {
  const [old, now] = [byId(cut(before, { path })), byId(cut(after, { path }))];
  const out: Piece[] = [];
  for (const piece of cut(later, { path })) {
    const follows = samePiece(old.get(piece.id), piece) && !samePiece(now.get(piece.id), piece);
    const next = follows ? now.get(piece.id) : piece;
    if (next !== undefined) out.push(next);
  }
  for (const [id, piece] of now) {
    if (old.has(id) || out.some(other => other.id === id)) continue;
    const order = [...now.keys()];
    const predecessor = order.slice(0, order.indexOf(id)).findLast(other => out.some(p => p.id === other));
    out.splice(out.findIndex(p => p.id === predecessor) + 1, 0, piece);
  }
  return join(
    out.filter(
      piece => ownerOf(piece.id) === undefined || out.some(p => isShell(p.id) && label(p.id) === ownerOf(piece.id)),
    ),
  );
}

const byId = (pieces: readonly Piece[]): Map<string, Piece> => new Map(pieces.map(piece => [piece.id, piece]));
